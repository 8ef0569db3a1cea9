/** Time as the driver of a random run passes it: in turns, so that the same seed gives the same run. */
import { vi } from 'vitest'

export interface Turns {
  /** Lets everything that is ready happen, and a little time pass. */
  next(): Promise<void>
  /** Gives real time back. */
  end(): void
}

const realImmediate = setImmediate
const realTimeout = setTimeout
const MS_A_TURN = 10

/** Timeouts count turns instead of milliseconds: pauses and back-offs cost nothing and always take equally long. */
export function virtualTurns(): Turns {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let isOver = false
  return {
    next: async () => {
      await new Promise<void>((resolve) => realImmediate(resolve))
      // What still waits when the run is over waits for ever.
      if (isOver) return new Promise<never>(() => undefined)
      vi.advanceTimersByTime(MS_A_TURN)
    },
    end: () => {
      isOver = true
      vi.useRealTimers()
    },
  }
}

/** For a store that answers from elsewhere. */
export function realTurns(): Turns {
  return { next: () => new Promise((resolve) => realTimeout(resolve, 1)), end: () => undefined }
}
