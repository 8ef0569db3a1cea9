/** How many wrong codes are free, how long one waits after that, and the counts of one node in its memory. */
import { LRUCache } from 'lru-cache'
import type { GuessCounts, GuesserKey, GuesserKind } from '../ports/guess-counts.ts'

export const FAILURES_FREE: Readonly<Record<GuesserKind, number>> = { phone: 5, mac: 5, ip: 50, key: 50 }
/** Whose end is not known yet: guesses made all at once must not count as one. */
export const UNDER_WAY_MAX: Readonly<Record<GuesserKind, number>> = { phone: 20, mac: 20, ip: 200, key: 200 }
/** When so many are under way. */
export const UNDER_WAY_WAIT_MS = 1_000
export const FIRST_LOCK_MS = 60_000
export const LOCK_MS_MAX = 24 * 60 * 60_000
/** Without an attempt for so long all is forgotten. */
export const MEMORY_MS = 24 * 60 * 60_000
const KEYS_MAX = 50_000

interface Failures {
  failures: number
  underWay: number
  lockedUntil: number
}

export function memoryGuessCounts(now: () => number = Date.now): GuessCounts {
  const records = new LRUCache<string, Failures>({ max: KEYS_MAX, ttl: MEMORY_MS, perf: { now }, ttlResolution: 0, updateAgeOnGet: true })

  function recordOf({ kind, value }: GuesserKey): Failures {
    const name = `${kind} ${value}`
    const record = records.get(name) ?? { failures: 0, underWay: 0, lockedUntil: 0 }
    records.set(name, record)
    return record
  }

  return {
    begin(guesser) {
      const record = recordOf(guesser)
      const lockMs = record.lockedUntil - now()
      if (lockMs > 0) return lockMs
      if (record.underWay >= UNDER_WAY_MAX[guesser.kind]) return UNDER_WAY_WAIT_MS
      record.underWay++
      return 0
    },
    end(guesser, isWrong) {
      const record = recordOf(guesser)
      record.underWay = Math.max(0, record.underWay - 1)
      if (!isWrong) return
      record.failures++
      const beyond = record.failures - FAILURES_FREE[guesser.kind]
      if (beyond >= 0) record.lockedUntil = now() + Math.min(LOCK_MS_MAX, FIRST_LOCK_MS * 2 ** Math.min(beyond, 20))
    },
  }
}
