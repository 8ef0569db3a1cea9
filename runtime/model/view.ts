/** What callers see of an actor (contract.md §2, "Actor view"). Times are RFC 3339 UTC. */
import type { EffectStatus, JournalOutcome } from './records.ts'

export interface TimerView {
  id: string
  /** Type of the event it will bring. */
  event: string
  dueAt: string
  armedAt: string
}

export interface EffectView {
  key: string
  name: string
  lane: string
  status: EffectStatus
  attempts: number
  nextAttemptAt: string | null
  lastError: { name: string; message: string; code?: string } | null
}

export interface ActorView {
  type: string
  id: string
  tenant: string
  version: string
  seq: number
  status: 'active' | 'done' | 'error' | 'blocked'
  value: unknown
  states: string[]
  tags: string[]
  context: unknown
  output?: unknown
  error?: unknown
  /** Why it is held, when `status` is `blocked`. */
  hold?: { reason: string; at: string; eventId?: string; by?: string }
  timers: TimerView[]
  effects: EffectView[]
  /** Event types that a current transition would take, guards considered where they need no payload. */
  accepts: string[]
  createdAt: string
  updatedAt: string
}

export interface FactView {
  key: string
  type: string
  [field: string]: unknown
}

export interface SendResult {
  outcome: 'applied' | 'duplicate'
  seq: number
  facts: FactView[]
  actor: ActorView
}

export interface HistoryEntry {
  seq: number
  at: string
  event: { type: string; [key: string]: unknown }
  eventId: string
  outcome: JournalOutcome
  from: unknown
  to: unknown
  facts: FactView[]
  effects: { key: string; name: string }[]
  /** Armed (`dueAt`), cancelled, or fired (`firedDueAt`, and how late it was; by whom and why, when staff did it). */
  timers: { id: string; dueAt?: string; cancelled?: true; firedDueAt?: string; lateMs?: number; by?: string; reason?: string }[]
  source: string
  correlationId: string
  causationId: string | null
  version: string
}

export interface NextView {
  events: {
    event: string
    /** Would be taken now; `null` when a guard needs the event's payload to tell. */
    accepted: boolean | null
    to: string[]
    refusedBy: { guard: string; phrase?: string }[]
    phrase?: string
  }[]
  timers: TimerView[]
}

export interface DryRunView {
  accepted: boolean
  from: unknown
  to: unknown
  effects: { name: string; input: unknown }[]
  messages: { to: { type: string; id: string }; event: string }[]
  facts: { type: string; [field: string]: unknown }[]
  timers: { id: string; dueAt?: string; cancelled?: true }[]
  refusedBy: { guard: string; phrase?: string }[]
}
