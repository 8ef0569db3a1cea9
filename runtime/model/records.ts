/**
 * What is stored, in the shapes the store port speaks. JSON columns travel as text: `value` must
 * keep its key order (pitfall 17: jsonb reorders keys and with them the order of parallel regions),
 * and text is not parsed where nobody looks at it. All times are milliseconds since the epoch.
 */
import type { Address } from './address.ts'

export type ActorStatus = 'active' | 'done' | 'error'

/** One row of `actors`. */
export interface StoredActor {
  address: Address
  slice: number
  /** Number of journal rows written; 0 means "not stored yet". R2 fences on it. */
  seq: number
  /** Version of the machine that computed this row (R12). */
  version: string
  status: ActorStatus
  /** JSON of {@link Hold}, or null when the actor takes events (R7). */
  hold: string | null
  /** JSON of XState's state value, keys in document order. */
  value: string
  /** JSON of the context; actor references appear as markers. */
  context: string
  /** JSON of `{historyStateId: [stateNodeId, ...]}`, or null. */
  history: string | null
  /** JSON of `{childId: ChildRecord}`, or null when there are none. */
  children: string | null
  output: string | null
  error: string | null
  /** Active state ids without the machine id, in document order: `['active', 'active.grace']`. */
  states: string[]
  tags: string[]
  /** JSON of {@link ParentLink}, or null for an actor made from outside. */
  parent: string | null
  createdAt: number
  updatedAt: number
}

/** Why an actor takes no events for now. */
export interface Hold {
  reason: string
  at: number
  /** The event whose step threw; absent when staff held the actor. */
  eventId?: string
  by?: string
}

/** The parent's side of one child. */
export interface ChildRecord {
  kind: 'effect' | 'actor'
  src: string
  /** Effect key or child actor id: the generation fence of R5, unique per start. */
  key: string
  /** For `actor`: the child's type. */
  type?: string
  systemId?: string
  /** Set when its result has been taken, so that a second one is dropped. */
  done?: true
}

/** The child's side: whom to tell when done. */
export interface ParentLink {
  address: Address
  childId: string
}

export type JournalOutcome =
  /** A transition was taken. */
  | 'applied'
  /** An asynchronous event that no transition accepted (R8). */
  | 'ignored'
  /** A result or message for something that is no longer active (R5). */
  | 'dropped'
  /** The step threw and staff chose to go on without the event (R7). */
  | 'skipped'
  /** Something staff did: block, unblock, timer moved. */
  | 'administered'

export interface JournalRow {
  seq: number
  at: number
  eventId: string
  /**
   * True when this process made the event id for this one delivery, or another row fences the event
   * (a timer, an invocation): it cannot come again, so it needs no entry in the unique index of R3.
   */
  fresh: boolean
  eventType: string
  /** JSON of the event as the machine saw it. */
  event: string
  outcome: JournalOutcome
  /** JSON of the state values before and after. */
  from: string | null
  to: string
  /** JSON of `[{key, type, ...payload}]`, or null when there are none. */
  facts: string | null
  /** JSON of `[{key, name}]`, or null. */
  effects: string | null
  /** JSON of `[{id, dueAt} | {id, cancelled: true}]`, or null. */
  timers: string | null
  /** Who sent it: `rest:<key id>`, `actor:<tenant/type/id>`, `timer`, `effect`, `staff:<id>`, ... */
  source: string
  correlationId: string
  causationId: string | null
  version: string
}

/** One armed timer (R6). */
export interface TimerRow {
  /** Unique per actor; equals XState's send id where there is one. */
  id: string
  dueAt: number
  armedAt: number
  /** Sequence of the step that armed it: the generation that keeps a stale firing out. */
  armedSeq: number
  /** JSON of {@link TimerAction}. */
  action: string
}

/** What a due timer does: an event to the actor itself, or a delayed message to another. */
export type TimerAction =
  | { do: 'raise'; event: { type: string } }
  | { do: 'send'; to: Address; event: { type: string }; childKey?: string }

export interface DueTimer extends TimerRow {
  address: Address
  slice: number
}

export type EffectStatus = 'pending' | 'running' | 'retrying' | 'failed'

/** One outside call that must happen (R5). The row goes when its result is committed. */
export interface EffectRow {
  key: string
  address: Address
  slice: number
  /** Name of the promise logic (`invoke`) or of the action (`action`). */
  name: string
  kind: 'invoke' | 'action'
  /** For `invoke`: the child id its result is reported under. */
  childId: string | null
  lane: string
  /** JSON: the input of an invocation; `{params, event}` of an action. */
  input: string
  status: EffectStatus
  /** Attempts begun so far. */
  attempts: number
  nextAttemptAt: number
  /** JSON of an ErrorRecord, or null. */
  lastError: string | null
  createdAt: number
  correlationId: string
}

/** A change of an effect row between attempts. */
export interface EffectProgress {
  key: string
  status: EffectStatus
  attempts: number
  nextAttemptAt: number
  lastError: string | null
}

/** One message or fact that has not left yet. */
export interface OutboxRow {
  key: string
  sender: Address
  /** Slice of the sender: its owner relays the row. */
  slice: number
  kind: 'mail' | 'fact'
  /** JSON of {@link Mail} or {@link Fact}. */
  body: string
}

export interface PositionedOutboxRow extends OutboxRow {
  /** Grows in commit order of one sender. */
  position: number
}

export type ParkedKind =
  /** Its step threw. */
  | 'poison'
  /** Came while the actor was held. */
  | 'waiting'
  /** Nobody by that name exists (yet). */
  | 'undeliverable'
  /** Set aside by staff so that the actor can go on. */
  | 'skipped'

/** An event that is kept aside; nothing is lost (R7, R8). */
export interface ParkedRow {
  eventId: string
  address: Address
  slice: number
  kind: ParkedKind
  eventType: string
  /** JSON of {@link Delivery}: all it takes to deliver it again. */
  delivery: string
  /** JSON of an ErrorRecord, or null. */
  error: string | null
  at: number
}

export interface PositionedParkedRow extends ParkedRow {
  position: number
}

/** One way to find an actor by what a caller can say. `value` is normalised by the definition. */
export interface Identifier {
  kind: string
  value: string
}

/**
 * "The rows of this key are now exactly these": the one form in which a projection writes (R1). The
 * rows of `table` whose columns equal `key` are replaced by `rows`; no rows means: gone.
 */
export interface RowSet {
  /** Schema-qualified, such as `radius.radcheck`. */
  table: string
  key: Record<string, string | number>
  rows: Record<string, string | number | boolean | null>[]
}
