/** A gateway's error as an answer that a machine can act on. */
import { isGatewayError } from './gateways/errors.ts'

export type FailedCall =
  /** Certainly not taken; `retryAfterMs` null: asking again is pointless. */
  | { outcome: 'refused'; code: string; detail: string; retryAfterMs: number | null }
  /** Perhaps taken. */
  | { outcome: 'uncertain'; code: string; detail: string }

/** For retryable errors that name no pause. */
const PAUSE_MS = 5_000

/** @throws what is no gateway's error: a mistake of ours, which must not look like an answer. */
export function outcomeOfError(error: unknown): FailedCall {
  if (!isGatewayError(error)) throw error
  const { code, message: detail } = error
  if (error.uncertain) return { outcome: 'uncertain', code, detail }
  return { outcome: 'refused', code, detail, retryAfterMs: error.retryable ? (error.retryAfterMs ?? PAUSE_MS) : null }
}

/**
 * For calls that must not be made twice, which therefore say `noteBeforeCall`: the engine repeats an effect
 * after a crash (R5), the outside knows no idempotency key, and the first call may have been taken.
 */
export const INTERRUPTED: FailedCall = {
  outcome: 'uncertain',
  code: 'interrupted',
  detail: 'We stopped while the call was under way and do not know whether it was taken.',
}
