/** The face of the engine as a library (contract.md §5): what `createRuntime` takes and gives. */
import type { ActorDefinition, RetryPolicy } from './definition.ts'
import type { Address, AddressInput } from './model/address.ts'
import type { EventObject, Fact } from './model/messages.ts'
import type { EffectStatus, ParkedKind, PositionedParkedRow, EffectRow} from './model/records.ts'
import type { ActorView, DryRunView, HistoryEntry, NextView, SendResult, TimerView } from './model/view.ts'
import type { FollowOptions } from './feed/feed.ts'
import type { LeaseClock } from './engine/ownership/lease-clock.ts'
import type { LeaseTimes } from './engine/ownership/ownership.ts'
import type { Bus, BusStatus } from './ports/bus.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { Metrics } from './ports/metrics.ts'
import type { Peers } from './ports/peers.ts'
import type { EffectQuery, JournalFactsQuery, JournalPage, ListQuery, MachineRow, ParkedQuery, SearchHit, StateCount, Store } from './ports/store.ts'

export interface LaneOptions {
  /** Effects of this lane that run at once. */
  concurrency: number
  /** Turns against those of other lanes, when more could run than `effectsAtOnce`. Default 1. */
  weight?: number
  /** How its effects are tried again, where they do not say themselves. */
  retry?: Partial<RetryPolicy>
}

export interface LaneStats {
  queued: number
  running: number
  /** How long the one that has waited longest has been due; absent when none waits. */
  oldestMs?: number
}

/** The bounds of R9, each with a default. Over a bound the sender gets `overloaded` or `payload-too-large`. */
export interface Limits {
  /** Events that wait for one actor. */
  mailbox: number
  /** Events that wait in all. */
  waiting: number
  /** Steps in one commit. */
  batch: number
  /** Commits under way at once. */
  commitsInFlight: number
  /** Actors kept in memory. */
  hotActors: number
  /** Bytes of JSON. */
  eventBytes: number
  contextBytes: number
  /** Microsteps of one step; ends endless `always` loops. */
  microsteps: number
  /** Effects or messages queued in memory per lane; the rest waits in the store. */
  queued: number
  /** Effects that run at once, of all lanes; then lanes take turns by weight. */
  effectsAtOnce: number
}

export interface RuntimeOptions {
  actors: readonly ActorDefinition[]
  store: Store
  bus?: Bus
  clock?: Clock
  log?: Log
  metrics?: Metrics
  lanes?: Readonly<Record<string, LaneOptions>>
  limits?: Partial<Limits>
  /** Makes the unique part of event and actor ids; default random, sortable. */
  newId?: () => string
  /** How often the sweeps of R10 look for what was missed. Default 5 s. */
  sweepEveryMs?: number
  /** Chance for the jitter of retries, 0..1. */
  random?: () => number
  /** This node's name among those that share the store; unique, and random unless given. */
  node?: string
  /** Where people find this node, such as the address of its REST; asked when the node says that it lives. */
  address?: string | (() => string)
  /** How nodes ask each other; without them each does by itself what comes to it (R2). */
  peers?: Peers
  /** For tests: the time that leases run on, and how long they are. */
  leases?: { clock?: LeaseClock; times?: Partial<LeaseTimes> }
}

export interface SendOptions {
  /** At most once per actor, for ever (R3). Made up when absent. */
  eventId?: string
  /** Only when the actor is at this seq, else `stale-version`. */
  ifSeq?: number
  source?: string
  correlationId?: string
  causationId?: string
  /** Compare the body with the first one under this event id and throw `idempotency-mismatch` when it differs. */
  checkBody?: boolean
}

export type PostOptions = Omit<SendOptions, 'ifSeq' | 'checkBody'> & { eventId: string }

export type CreateOptions = Omit<SendOptions, 'ifSeq'>

export interface BatchItem {
  to: AddressInput
  event: EventObject
  eventId?: string
}

export type BatchItemResult = { ok: true; result: SendResult } | { ok: false; error: Error }

export interface StaffAction {
  reason: string
  /** Who did it, such as `key:k_12`. */
  by: string
  /** Made up when absent; under the same id it is done once (R3). */
  eventId?: string
}

export interface ListResult {
  data: ActorView[]
  nextCursor: string | null
}

export interface GateFinding {
  type: string
  version: string
  problem: string
  count: number
  example: Address
}

/** Who is there, who owns what, and what lags behind. Times are RFC 3339 UTC. */
export interface ClusterView {
  /** The node that answers. */
  node: string
  nodes: { node: string; address: string | null; startedAt: string; seenAt: string; isLive: boolean; slices: number }[]
  slices: { slice: number; owner: string | null; epoch: number; leaseUntil: string | null }[]
  lags: {
    /** Messages that have not left yet, of all nodes. */
    outbox: { waiting: number; oldestAt: string | null }
    /** Mail that the bus holds for this node. */
    mail: { waiting: number; slices: { slice: number; waiting: number }[] }
  }
  bus: Pick<BusStatus, 'isConnected' | 'problem'>
}

export interface RuntimeStats {
  waiting: number
  hotActors: number
  commitsInFlight: number
  outbox: number
  effects: Record<string, LaneStats>
  timersNear: number
  /** Owned by this node. */
  slices: number
}

export interface Runtime {
  /** Checks stored actors against the code (R12), starts the loops. Idempotent. */
  start(): Promise<void>
  /** Drains: takes no new work, commits what is in flight, and resolves. Idempotent. */
  stop(): Promise<void>
  /** Drops everything at once, as a crash would: nothing more is written after the call. */
  kill(): void
  /** Takes work: started, not stopping, and the store is in reach. */
  isRunning(): boolean

  create(address: Omit<AddressInput, 'id'> & { id?: string }, input?: unknown, options?: CreateOptions): Promise<ActorView>
  send(to: AddressInput, event: EventObject, options?: SendOptions): Promise<SendResult>
  /**
   * For whoever waits for no answer (R8): resolves when the event is durably dealt with. One that the state does not accept is journaled as
   * ignored, one for a held actor waits with it, one for nobody is parked. @throws StandingError for what can never be an event of that type.
   */
  post(to: AddressInput, event: EventObject, options: PostOptions): Promise<void>
  /**
   * What was said first under event ids, as it was told then, of which a repetition is a copy (R3); undefined where nothing was.
   * What an actor was made from is `xstate.init` with its `input`.
   */
  saidBefore(events: readonly { to: AddressInput; eventId: string }[]): Promise<(EventObject | undefined)[]>
  sendMany(items: readonly BatchItem[], options?: Omit<SendOptions, 'eventId' | 'ifSeq'>): Promise<BatchItemResult[]>
  get(address: AddressInput): Promise<ActorView | undefined>
  /** The actor as it was after step `seq`, or at a moment; replayed from the journal. */
  getAsOf(address: AddressInput, point: { seq: number } | { at: number }): Promise<ActorView | undefined>
  list(query: Omit<ListQuery, 'tenant'> & { tenant?: string }): Promise<ListResult>
  history(address: AddressInput, query?: { limit?: number; afterSeq?: number; order?: 'asc' | 'desc' }): Promise<HistoryEntry[]>
  next(address: AddressInput): Promise<NextView>
  dryRun(address: AddressInput, event: EventObject): Promise<DryRunView>
  search(query: { tenant?: string; values: readonly string[]; limit?: number }): Promise<SearchHit[]>
  /** Resolves when the actor's view satisfies the predicate, or undefined after `timeoutMs`. */
  waitFor(address: AddressInput, predicate: (view: ActorView) => boolean, options: { timeoutMs: number; signal?: AbortSignal }): Promise<ActorView | undefined>

  timers(address: AddressInput): Promise<TimerView[]>
  moveTimer(address: AddressInput, timerId: string, dueAt: number, action: StaffAction): Promise<ActorView>
  fireTimer(address: AddressInput, timerId: string, action: StaffAction): Promise<SendResult>
  block(address: AddressInput, action: StaffAction): Promise<ActorView>
  unblock(address: AddressInput, action: StaffAction): Promise<ActorView>

  listParked(query: ParkedQuery & { kind?: ParkedKind | undefined }): Promise<PositionedParkedRow[]>
  retryParked(tenant: string, eventId: string, action: StaffAction): Promise<void>
  skipParked(tenant: string, eventId: string, action: StaffAction): Promise<void>
  discardParked(tenant: string, eventId: string, action: StaffAction): Promise<void>

  listEffects(query: EffectQuery & { status?: EffectStatus | undefined }): Promise<EffectRow[]>
  retryEffect(key: string, action: StaffAction): Promise<void>
  cancelEffect(key: string, action: StaffAction): Promise<void>

  /** Facts as they are published on this node. */
  onFact(listener: (fact: Fact) => void): () => void
  /** Facts of all nodes, after their commit, in order per actor; from now on or from a position on. The returned function leaves. */
  follow(options: FollowOptions): () => void
  /** The position that whoever follows from now on begins at; undefined when it is not known yet. */
  factPosition(): string | undefined
  /** Resolves when following has begun, which with the broker away may take long, or the signal comes. */
  factsBegun(signal: AbortSignal): Promise<void>
  /** Facts as the journal has them. */
  journaledFacts(query: JournalFactsQuery): Promise<JournalPage>
  /** Keys of facts that are committed and have not left yet. */
  unsentFacts(): Promise<Set<string>>

  /** Every registered definition, children's included. */
  definitions(): readonly ActorDefinition[]
  definition(type: string): ActorDefinition | undefined
  machines(): Promise<MachineRow[]>
  stateCounts(tenant?: string): Promise<StateCount[]>
  /** The gate of R12: what is stored that the code cannot take. */
  checkStored(): Promise<GateFinding[]>

  cluster(): Promise<ClusterView>
  /** Resolves when nothing is in flight: mailboxes, commits, effects that are due, messages. */
  settled(): Promise<void>
  stats(): RuntimeStats
}
