/** When an effect is tried again. */
import type { EffectDefinition, RetryPolicy } from '../definition.ts'
import { RetryableError } from '../errors.ts'
import type { EffectRow } from '../model/records.ts'

/** Ten attempts over about an hour: outlasts a restart of the other side, not a day's outage. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 10, initialMs: 1_000, factor: 2, maxMs: 600_000, jitter: 0.2 }

export const DEFAULT_TIMEOUT_MS = 30_000

/** A promise of the machine's own, without a policy, rejects when it rejects, as in XState. */
export function policyOf(row: EffectRow, effect: EffectDefinition | undefined, ofLane: Partial<RetryPolicy> = {}): RetryPolicy {
  return row.kind === 'invoke' && effect === undefined ? { ...DEFAULT_RETRY, attempts: 1 } : { ...DEFAULT_RETRY, ...ofLane, ...effect?.retry }
}

/** Milliseconds to wait after attempt number `attempt` failed; `chance` is 0..1. */
export function backoffMs(policy: RetryPolicy, attempt: number, chance: number, error: unknown): number {
  const exponential = Math.min(policy.initialMs * policy.factor ** (attempt - 1), policy.maxMs)
  const jittered = exponential * (1 + policy.jitter * (2 * chance - 1))
  // What the other side asked for is a floor: coming earlier would only be refused again.
  const asked = error instanceof RetryableError ? (error.retryAfterMs ?? 0) : 0
  return Math.round(Math.max(jittered, asked))
}
