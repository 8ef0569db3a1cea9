/** What becomes of a stored web hook after one attempt: an end, or another attempt later. */
import { StandingError, type Address, type BatchItemResult, type ErrorCode } from '../../runtime/index.ts'
import type { HookOutcome, StoredHook } from '../ports/hook-inbox.ts'

export interface Settlement {
  hook: StoredHook
  outcome: HookOutcome
  note?: string
  /** Whom it was brought to. */
  actor?: Address
}

export interface Deferral {
  hook: StoredHook
  nextAttemptAt: number
  note: string
}

export type Verdict = Settlement | Deferral

const FIRST_RETRY_MS = 250
const RETRY_MS_MAX = 60_000

/** The actor was reached and will never take it: trying again changes nothing. */
const FINAL: Partial<Record<ErrorCode, HookOutcome>> = {
  'event-not-accepted': 'refused',
  'actor-done': 'refused',
  'invalid-event': 'unreadable',
  'payload-too-large': 'unreadable',
  // The same content under the same id was taken before.
  'idempotency-mismatch': 'applied',
  'step-failed': 'refused',
}

export const judge = {
  /** Nobody has this identifier yet, or ever. */
  unmatched(hook: StoredHook, now: number, unmatchedAfterMs: number): Verdict {
    const note = 'nobody is known by the identifier in it'
    if (now - hook.receivedAt >= unmatchedAfterMs) return { hook, outcome: 'unmatched', note }
    return { hook, nextAttemptAt: now + backOff(hook.attempts), note }
  },

  /** Of one that was sent to `actor`. */
  sent(hook: StoredHook, actor: Address, result: BatchItemResult | undefined, now: number, unmatchedAfterMs: number): Verdict {
    if (result?.ok === true) return { hook, outcome: 'applied', actor }
    const error = result?.error
    const code = error instanceof StandingError ? error.code : undefined
    if (code === 'actor-not-found') return judge.unmatched(hook, now, unmatchedAfterMs)
    if (isPoison(error)) return { hook, outcome: 'refused', note: 'its step failed; it stands among the parked events', actor }
    const outcome = code === undefined ? undefined : FINAL[code]
    if (outcome !== undefined) return { hook, outcome, actor, ...(outcome === 'applied' ? {} : { note: code ?? '' }) }
    // Blocked, overloaded, or something unforeseen: never given up, for it may be somebody's money.
    return { hook, nextAttemptAt: now + backOff(hook.attempts), note: code ?? 'an unexpected error' }
  },
}

/** R7: the engine has set the event aside itself, and staff decide there: coming again would undo what they decide. */
function isPoison(error: unknown): boolean {
  return error instanceof StandingError && error.code === 'actor-blocked' && error.details.extra?.['eventId'] !== undefined
}

export function isSettled(verdict: Verdict): verdict is Settlement {
  return 'outcome' in verdict
}

/** The attempt itself failed, whatever the hook says: the first failures may be the database's, so it is never given up. */
export function putOff(hook: StoredHook, now: number): Deferral {
  return { hook, nextAttemptAt: now + backOff(hook.attempts), note: 'it could not be processed' }
}

function backOff(attempts: number): number {
  return Math.min(RETRY_MS_MAX, FIRST_RETRY_MS * 2 ** Math.min(attempts, 20))
}
