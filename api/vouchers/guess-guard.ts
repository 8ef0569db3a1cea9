/**
 * Against guessing codes: whoever fails too often waits, and each further failure doubles the wait. Phone and device are what the guesser
 * says they are, so they stop only the honest and the lazy; the network address stops the rest, but all guests of one hotspot share
 * it, so it bears more. What makes guessing hopeless is the code itself (actors/voucher/codes.ts).
 */
import { LRUCache } from 'lru-cache'
import { Problem } from '../http/problem.ts'

export interface Guesser {
  ip: string
  phone: string
  mac: string | null
}

export interface GuessGuard {
  /** @throws Problem `rate-limited` */
  attempt<Result>(guesser: Guesser, work: () => Promise<Result>, isGuess: (error: unknown) => boolean): Promise<Result>
}

type Kind = keyof Guesser

const FAILURES_FREE: Readonly<Record<Kind, number>> = { phone: 5, mac: 5, ip: 50 }
/** Whose end is not known yet: guesses made all at once must not count as one. */
const UNDER_WAY_MAX: Readonly<Record<Kind, number>> = { phone: 20, mac: 20, ip: 200 }
const FIRST_LOCK_MS = 60_000
const LOCK_MS_MAX = 24 * 60 * 60_000
/** Without an attempt for so long all is forgotten. */
const MEMORY_MS = 24 * 60 * 60_000
const KEYS_MAX = 50_000

interface Failures {
  kind: Kind
  failures: number
  underWay: number
  lockedUntil: number
}

export function guessGuard(now: () => number = Date.now): GuessGuard {
  const records = new LRUCache<string, Failures>({ max: KEYS_MAX, ttl: MEMORY_MS, perf: { now }, ttlResolution: 0, updateAgeOnGet: true })

  function recordsOf(guesser: Guesser): Failures[] {
    return (Object.entries(guesser) as [Kind, string | null][]).flatMap(([kind, value]) => {
      if (value === null) return []
      const record = records.get(`${kind} ${value}`) ?? { kind, failures: 0, underWay: 0, lockedUntil: 0 }
      records.set(`${kind} ${value}`, record)
      return [record]
    })
  }

  return {
    async attempt(guesser, work, isGuess) {
      const at = now()
      const mine = recordsOf(guesser)
      const waitMs = Math.max(...mine.map(({ kind, lockedUntil, underWay }) => Math.max(lockedUntil - at, underWay < UNDER_WAY_MAX[kind] ? 0 : 1_000)))
      if (waitMs > 0) throw new Problem('rate-limited', 'Too many wrong codes. Wait before you try again.', { retryAfterMs: waitMs })
      for (const record of mine) record.underWay++
      try {
        return await work()
      } catch (error) {
        if (isGuess(error)) for (const record of mine) fail(record, now())
        throw error
      } finally {
        for (const record of mine) record.underWay--
      }
    },
  }
}

function fail(record: Failures, at: number): void {
  record.failures++
  const beyond = record.failures - FAILURES_FREE[record.kind]
  if (beyond >= 0) record.lockedUntil = at + Math.min(LOCK_MS_MAX, FIRST_LOCK_MS * 2 ** Math.min(beyond, 20))
}
