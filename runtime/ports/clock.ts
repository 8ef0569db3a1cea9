/** Time as the engine sees it: the only source of `at` (R11). */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once at or after `at`; the returned function cancels. Delays beyond 24.8 days work. */
  wakeAt(at: number, callback: () => void): () => void
}

/** What a movable clock asks of the runtime while it steps from due time to due time (pitfall 23). */
export interface ClockFollower {
  /** Resolves when nothing is in flight. */
  settled(): Promise<void>
  /** The earliest due moment, timers and retries alike. */
  nextDueAt(): Promise<number | undefined>
  /** Takes in everything that is due now, in due order, and resolves when all of it is under way. */
  runDue(): Promise<void>
}

/** A clock whose hands can be moved; the runtime attaches itself at start. */
export interface MovableClock extends Clock {
  attach(follower: ClockFollower): () => void
  /** Moves on by `ms`, stopping at each due time on the way; resolves when all is quiet. */
  advance(ms: number): Promise<void>
}

export function isMovable(clock: Clock): clock is MovableClock {
  return 'advance' in clock && 'attach' in clock
}
