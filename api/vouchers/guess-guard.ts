/**
 * Against guessing codes: whoever fails too often waits, and each further failure doubles the wait. Phone and device are what the guesser
 * says they are, so they stop only the honest and the lazy; the network address stops the rest, but all guests of one hotspot share
 * it, so it bears more, and so does the key of staff or of a program. What makes guessing hopeless is the code itself (actors/voucher/codes.ts).
 */
import { Problem } from '../http/problem.ts'
import type { GuessCounts, GuesserKey, GuesserKind } from '../ports/guess-counts.ts'

export type Guesser = Partial<Record<GuesserKind, string | null>>

export interface GuessGuard {
  /** @throws Problem `rate-limited` */
  attempt<Result>(guesser: Guesser, work: () => Promise<Result>): Promise<Result>
}

export function guessGuard(counts: GuessCounts): GuessGuard {
  async function beginAll(keys: readonly GuesserKey[]): Promise<void> {
    const begun: GuesserKey[] = []
    let waitMs = 0
    for (const key of keys) {
      const wait = await counts.begin(key)
      if (wait === 0) begun.push(key)
      waitMs = Math.max(waitMs, wait)
    }
    if (waitMs === 0) return
    await endAll(begun, false)
    throw new Problem('rate-limited', 'Too many wrong codes. Wait before you try again.', { retryAfterMs: waitMs })
  }

  async function endAll(keys: readonly GuesserKey[], isWrong: boolean): Promise<void> {
    for (const key of keys) await counts.end(key, isWrong)
  }

  return {
    async attempt(guesser, work) {
      const keys = (Object.entries(guesser) as [GuesserKind, string | null][]).flatMap(([kind, value]) => (value === null ? [] : [{ kind, value }]))
      await beginAll(keys)
      let isWrong = false
      try {
        return await work()
      } catch (error) {
        isWrong = isGuess(error)
        throw error
      } finally {
        await endAll(keys, isWrong)
      }
    },
  }
}

/** Whoever names a voucher that is used or over has it in the hand. */
function isGuess(error: unknown): boolean {
  return error instanceof Problem && (error.code === 'voucher-unknown' || error.code === 'voucher-mistyped')
}
