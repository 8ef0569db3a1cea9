/**
 * The time of the step under way. A step is synchronous, so one variable serves all; it is set from the
 * `at` of the delivery, which the journal keeps, so a replay sees the same time (R11).
 */
let stepTime = 0

/** Outside of a step (XState's own tools) this is the epoch. */
export function currentStepTime(): number {
  return stepTime
}

export function withStepTime<T>(at: number, compute: () => T): T {
  const before = stepTime
  stepTime = at
  try {
    return compute()
  } finally {
    stepTime = before
  }
}
