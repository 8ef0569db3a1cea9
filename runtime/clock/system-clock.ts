/** The machine's own time. */
import type { Clock } from '../ports/clock.ts'

/** setTimeout overflows beyond 2^31-1 ms (24.8 days) and would fire at once. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1

export function systemClock(): Clock {
  return { now: () => Date.now(), wakeAt: (at, callback) => wakeAt(() => Date.now(), at, callback) }
}

/** Waits in hops that setTimeout can do; `now` may run ahead of the machine's clock. */
export function wakeAt(now: () => number, at: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout
  const hop = (): void => {
    const rest = at - now()
    timer = setTimeout(rest > TIMEOUT_MAX_MS ? hop : callback, Math.min(Math.max(rest, 0), TIMEOUT_MAX_MS))
  }
  hop()
  return () => clearTimeout(timer)
}
