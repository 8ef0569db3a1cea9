/** The engine's public face: everything that other folders may import of `runtime/`. */
export { createRuntime } from './runtime.ts'
export { defineActor } from './define-actor.ts'
export { defineEffect } from './definition.ts'
export type {
  ActorDefinition,
  Change,
  Contest,
  EffectContext,
  EffectDefinition,
  Migration,
  Phrase,
  Projection,
  Reaction,
  ReactionMessage,
  RetryPolicy,
  Schema,
  Words,
} from './definition.ts'
export { durable, tell, timeOf } from './vocabulary.ts'
export { manualClock, sandboxClock } from './clock/movable-clock.ts'
export { systemClock } from './clock/system-clock.ts'
export { memoryStore } from './store/memory.ts'
export { localBus } from './bus/local.ts'
export { jetStreamBus } from './bus/jetstream/index.ts'
export { sortableId } from './engine/ids.ts'
export { DEFAULT_LIMITS } from './engine/limits.ts'
export { ERROR_CODES, isStandingError, RetryableError, StandingError, TerminalError, toErrorRecord } from './errors.ts'
export type { ErrorCode, ErrorDetails, ErrorRecord, FieldError, Refusal } from './errors.ts'
export { addressKey, assertEventId, DEFAULT_TENANT, isTenant, parseAddressKey, SLICE_COUNT, sliceOf, toAddress } from './model/address.ts'
export type { Address, AddressInput } from './model/address.ts'
export type { Json, JsonObject } from './model/json.ts'
export type { EventObject, Fact, Mail } from './model/messages.ts'
export type { EffectRow, EffectStatus, Identifier, JournalRow, ParkedKind, PositionedParkedRow, RowSet } from './model/records.ts'
export type { ActorView, DryRunView, EffectView, FactView, HistoryEntry, NextView, SendResult, TimerView } from './model/view.ts'
export type { PlacedFact } from './feed/fact-window.ts'
export type { FollowOptions } from './feed/feed.ts'
export { isMovable } from './ports/clock.ts'
export type { Clock, MovableClock } from './ports/clock.ts'
export type { Bus, BusStatus } from './ports/bus.ts'
export type { ApiCall, ApiReply, Command, CommandAnswer, IntegrationEdge, Integrations } from './ports/commands.ts'
export { PeerSilentError, PeerUnreachableError } from './ports/peers.ts'
export type { Peers } from './ports/peers.ts'
export { silentLog } from './ports/log.ts'
export type { Log } from './ports/log.ts'
export { noMetrics } from './ports/metrics.ts'
export type { Metrics } from './ports/metrics.ts'
export { StoreUnavailableError } from './ports/store.ts'
export type { JournalCursor, JournalPage, MachineRow, SearchHit, StateCount, Store } from './ports/store.ts'
export type {
  BatchItem,
  BatchItemResult,
  ClusterView,
  CreateOptions,
  GateFinding,
  LaneOptions,
  LaneStats,
  Limits,
  ListResult,
  Runtime,
  RuntimeOptions,
  RuntimeStats,
  SendOptions,
  StaffAction,
} from './runtime-face.ts'
