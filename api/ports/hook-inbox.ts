/**
 * The durable inbox of web hooks. What the outside tells us is stored as it came before it is answered:
 * a callback that was answered and then lost with the process would be a payment lost.
 */

import type { Address } from '../../runtime/index.ts'

/**
 * How a stored hook ended:
 * - `applied`     the actor took it (now or at an earlier delivery);
 * - `refused`     the actor exists and does not take it any more, as a payment that is over;
 * - `unmatched`   nobody with that identifier turned up in time: shown to staff, reopened when it comes again;
 * - `unreadable`  not what the provider sends: kept as it came;
 * - `forged`      came from an address that is not the provider's: quarantined, never processed.
 */
export type HookOutcome = 'applied' | 'refused' | 'unmatched' | 'unreadable' | 'forged'

export interface NewHook {
  /** Such as `daraja`. */
  provider: string
  /** Such as `stk`. */
  kind: string
  /** Hex SHA-256 over provider, kind, trust and body; unique per provider. */
  contentHash: string
  /** As it came; see api/hooks/stored-body.ts for bytes that are no text. */
  body: string
  /** Only harmless ones; see api/hooks/kept-headers.ts. */
  headers: Record<string, string>
  remoteIp: string
  receivedAt: number
  /** When the sweep takes it, if whoever stored it did not get to it. */
  nextAttemptAt: number
  /** Set for what is stored as done at once (`forged`). */
  outcome: HookOutcome | null
}

export interface StoreResult {
  id: string
  /** False when the same content is stored already. */
  fresh: boolean
  /** How the stored one ended, null while it is not processed. */
  outcome: HookOutcome | null
}

export interface StoredHook {
  id: string
  provider: string
  kind: string
  contentHash: string
  body: string
  receivedAt: number
  /** Failed attempts so far. */
  attempts: number
}

export interface FoundHook extends StoredHook {
  /** Null: not processed yet. */
  outcome: HookOutcome | null
  note: string | null
}

export interface HookMark {
  id: string
  outcome: HookOutcome
  /** Why, in words for staff; quotes nothing personal. */
  note?: string
  /** Whom it was brought to, whether it was taken or refused. */
  actor?: Address
}

export interface HookDelay {
  id: string
  nextAttemptAt: number
  note?: string
}

export interface HookInbox {
  /** One statement, durable when it resolves; results in the order of the hooks. */
  storeMany(hooks: readonly NewHook[]): Promise<StoreResult[]>
  /** Not processed and due (`next_attempt_at <= dueBefore`), oldest first. */
  unprocessed(query: { dueBefore: number; limit: number }): Promise<StoredHook[]>
  find(id: string): Promise<FoundHook | undefined>
  markProcessed(marks: readonly HookMark[]): Promise<void>
  /** Keeps them unprocessed until then, with one attempt more; also reopens one that was `unmatched`. */
  reschedule(delays: readonly HookDelay[]): Promise<void>
}
