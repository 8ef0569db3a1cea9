/**
 * The store port: what the engine needs of a database. Two implementations live under one contract
 * suite: memory (`runtime/store/`) and Postgres (`db/store/`).
 *
 * The one promise that everything rests on (R1): `commit` is all or nothing, and durable when it
 * resolves.
 */
import type { Address } from '../model/address.ts'
import type {
  DueTimer,
  EffectProgress,
  EffectRow,
  EffectStatus,
  Identifier,
  JournalRow,
  OutboxRow,
  ParkedKind,
  ParkedRow,
  PositionedOutboxRow,
  PositionedParkedRow,
  RowSet,
  StoredActor,
  TimerRow,
} from '../model/records.ts'
import type { Fact } from '../model/messages.ts'
import type { Leases } from './leases.ts'

/** All that one or several folded steps of one actor write. */
export interface ActorCommit {
  /** The seq the steps were computed from; 0 inserts a new actor (R2). */
  expectedSeq: number
  /** The actor as it is after the last step. */
  next: StoredActor
  journal: JournalRow[]
  /** Armed or moved: inserted, or replaced where the id is armed already. */
  timersSet: TimerRow[]
  timersCleared: string[]
  effectsAdded: EffectRow[]
  effectsRemoved: string[]
  outbox: OutboxRow[]
  parked: ParkedRow[]
  /** Event ids of parked rows of this actor that this commit settles. */
  unparked: string[]
  /** The actor's whole set of identifiers, or undefined when unchanged. */
  identifiers: Identifier[] | undefined
  rows: RowSet[]
}

export interface CommitBatch {
  /** At most one entry an actor. */
  actors: ActorCommit[]
  /** Keys of outbox rows that have been delivered and can go. */
  relayed: string[]
}

/** Thrown by `commit` when an actor's seq is not the expected one. Nothing was written. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  /** Who has moved on; empty when the store cannot tell. */
  readonly addresses: Address[]

  constructor(addresses: Address[]) {
    super(`stored sequence differs for ${addresses.map((a) => `${a.type}/${a.id}`).join(', ')}`)
    this.addresses = addresses
  }
}

/** Thrown by `commit` when a journal already holds one of the event ids (R3). Nothing was written. */
export class DuplicateEventError extends Error {
  override readonly name = 'DuplicateEventError'
  readonly events: { address: Address; eventId: string }[]

  constructor(events: { address: Address; eventId: string }[]) {
    super(`already in the journal: ${events.map((e) => e.eventId).join(', ')}`)
    this.events = events
  }
}

/** Thrown by `commit` when rows of a projection break a unique key. Nothing was written. */
export class UniqueKeyError extends Error {
  override readonly name = 'UniqueKeyError'
  /** Postgres's code of a unique violation. */
  readonly code = '23505'
  /** With its schema, as projections name it. */
  readonly table: string

  constructor(table: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.table = table
  }
}

/** Thrown by any call when the store is out of reach; the outcome of a commit is then unknown. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}

export interface LoadedActor {
  actor: StoredActor
  timers: TimerRow[]
}

export interface HistoryQuery {
  limit: number
  /** Rows strictly after this seq in the chosen order. */
  afterSeq?: number | undefined
  order: 'asc' | 'desc'
}

/** A place in the journal by time; of one moment by actor and seq. */
export interface JournalCursor {
  at: number
  type: string
  id: string
  seq: number
}

export interface JournalFactsQuery {
  tenant: string
  /** Of steps at or after this. */
  from: number
  /** Of these actor types only. */
  types?: readonly string[] | undefined
  after?: JournalCursor | undefined
  /** Steps in a page. */
  limit: number
}

export interface JournalPage {
  /** By time, and so in order per actor. */
  facts: Fact[]
  /** Undefined at the end. */
  next: JournalCursor | undefined
}

export interface ListQuery {
  tenant: string
  type: string
  /** Any active state id. */
  state?: string | undefined
  tag?: string | undefined
  status?: 'active' | 'done' | 'error' | 'blocked' | undefined
  updatedSince?: number | undefined
  limit: number
  /** Ids strictly after this one (ascending by id). */
  afterId?: string | undefined
}

export interface EffectQuery {
  tenant?: string | undefined
  status?: EffectStatus | undefined
  address?: Address | undefined
  lane?: string | undefined
  name?: string | undefined
  /** Asked for at or after this moment. */
  since?: number | undefined
  limit: number
  afterKey?: string | undefined
}

export interface ParkedQuery {
  tenant?: string | undefined
  kind?: ParkedKind | undefined
  address?: Address | undefined
  limit: number
  afterPosition?: number | undefined
}

export interface SearchHit {
  identifier: Identifier
  address: Address
}

/** One distinct stored shape, for the gate of R12, with how many actors have it. Their timers are summed up apart: `StoredTimers`. */
export interface StoredShape {
  type: string
  version: string
  status: string
  value: string
  history: string | null
  /** Sorted `src` names of children. */
  childSources: string[]
  count: number
  /** One actor of that shape, to look at. */
  example: Address
}

/** Timers of one id and event over all actors of a type, version and status. A delayed message to another actor is none of them. */
export interface StoredTimers {
  type: string
  version: string
  status: string
  id: string
  eventType: string
  count: number
  /** One actor that has it armed. */
  example: Address
}

export interface MachineRow {
  type: string
  version: string
  hash: string
  /** JSON of the definition. */
  definition: string
  deployedAt: number
}

export interface StateCount {
  type: string
  /** Every active state id counts once an actor. */
  state: string
  status: string
  count: number
}

export interface Store {
  /** Which node owns which slice. */
  readonly leases: Leases

  /** Makes ready (connections, prepared statements); idempotent. */
  start(): Promise<void>
  stop(): Promise<void>

  /** Loads many at once; an unknown address is absent from the result (keyed by addressKey). */
  load(addresses: readonly Address[]): Promise<Map<string, LoadedActor>>
  /**
   * Writes a batch in one transaction (R1).
   * @throws ConflictError, DuplicateEventError, UniqueKeyError, StoreUnavailableError, or the database's own error.
   */
  commit(batch: CommitBatch): Promise<void>

  /** Which of these event ids the actor's journal holds, rows marked fresh included (R3). */
  findEvents(events: readonly { address: Address; eventId: string }[]): Promise<{ address: Address; row: JournalRow }[]>
  history(address: Address, query: HistoryQuery): Promise<JournalRow[]>
  /** The facts of a tenant's actors from a moment on. */
  journaledFacts(query: JournalFactsQuery): Promise<JournalPage>

  /** Timers due at or before `until`, in due order (ties by address, id), after the given one. */
  dueTimers(query: { until: number; limit: number; after?: DueTimer | undefined; slices?: readonly number[] | undefined }): Promise<DueTimer[]>
  /** The earliest moment at which a timer or a waiting effect is due, over actors that are not held. */
  nextDueAt(): Promise<number | undefined>

  /** Effects of one lane (or all) that are pending, running or retrying and due at or before `until`, oldest first. */
  dueEffects(query: { until: number; limit: number; lane?: string | undefined; slices?: readonly number[] | undefined }): Promise<EffectRow[]>
  progressEffects(changes: readonly EffectProgress[]): Promise<void>
  /** Deletes effects whose outcome needs no event (actions that are done). */
  removeEffects(keys: readonly string[]): Promise<void>
  listEffects(query: EffectQuery): Promise<EffectRow[]>

  /** Rows not yet relayed, by position. */
  unsentOutbox(query: { afterPosition: number; limit: number; slices?: readonly number[] | undefined }): Promise<PositionedOutboxRow[]>
  /** Keys of the rows of these senders that are not yet relayed. */
  unsentOf(senders: readonly Address[]): Promise<string[]>
  removeOutbox(keys: readonly string[]): Promise<void>
  /** How many rows wait and since when the oldest does. */
  outboxBacklog(): Promise<{ count: number; oldestAt: number | undefined }>

  /** Sets events aside that have no actor to be committed with; an event id that is parked already stays as it is. */
  park(rows: readonly ParkedRow[]): Promise<void>
  listParked(query: ParkedQuery): Promise<PositionedParkedRow[]>
  findParked(tenant: string, eventId: string): Promise<PositionedParkedRow | undefined>
  /** Changes only what kind of parked event it is; nothing when it is parked no longer. */
  setParkedKind(tenant: string, eventId: string, kind: ParkedKind): Promise<void>
  removeParked(tenant: string, eventIds: readonly string[]): Promise<void>

  list(query: ListQuery): Promise<StoredActor[]>
  search(tenant: string, values: readonly string[], limit: number): Promise<SearchHit[]>
  /** The row of a projection's table that has these values, as committed; any one of several. */
  findRow(table: string, key: RowSet['key']): Promise<RowSet['rows'][number] | undefined>
  stateCounts(tenant?: string): Promise<StateCount[]>

  saveMachines(rows: readonly MachineRow[]): Promise<void>
  listMachines(): Promise<MachineRow[]>
  /** Both read everything; ordered by type, then by example. */
  storedShapes(): Promise<StoredShape[]>
  storedTimers(): Promise<StoredTimers[]>
}
