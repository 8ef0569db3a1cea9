/** Where it is kept who looked at what and who did what. */

/**
 * - `read`          looked at: an actor, a list, a search, the audit itself
 * - `simulate`      asked what would happen
 * - `command`       sent an event or made an actor; told by the journal, or refused
 * - `intervene`     went past the machine: moved a timer, held an actor, retried, skipped or gave up what had failed
 * - `change`        changed what is no actor: prices, opt-outs, statements, the clock of the sandbox
 */
export const AUDITED = ['read', 'simulate', 'command', 'intervene', 'change'] as const
export type Audited = (typeof AUDITED)[number]

/** One request, as the edge saw it. */
export interface AuditEntry {
  tenant: string
  at: number
  keyId: string
  what: Audited
  /** Method and pattern of the address: never what stood in it. */
  action: string
  actor: { type: string; id: string } | null
  /** What was asked for, by name; what may name a person is masked. */
  asked: Readonly<Record<string, string>>
  /** Of the answer; null: it was still open when this was written. */
  status: number | null
  /** Personal fields were told in the clear. */
  unmasked: boolean
  reason: string | null
  requestId: string
}

export interface AuditRow extends Omit<AuditEntry, 'tenant' | 'requestId' | 'unmasked'> {
  /** Orders rows of one moment, and is unique. */
  ref: string
  /** Null: no such key is known, such as of the broker. */
  keyName: string | null
  roles: readonly string[] | null
  unmasked: boolean | null
  requestId: string | null
  /** Of the journal, if it is told by that. */
  seq: number | null
}

export interface AuditQuery {
  tenant: string
  limit: number
  keyId?: string | undefined
  what?: Audited | undefined
  type?: string | undefined
  id?: string | undefined
  since?: number | undefined
  until?: number | undefined
  /** The last row of the page before. */
  before?: { at: number; ref: string } | undefined
}

export interface AuditLog {
  /** One statement; all or none. */
  add(entries: readonly AuditEntry[]): Promise<void>
  /** The newest first: what was added, and what the journal tells of keys and people. */
  list(query: AuditQuery): Promise<AuditRow[]>
}
