/** What travels: between actors, to the bus, and into a mailbox. */
import type { Address } from './address.ts'
import type { Json } from './json.ts'
import type { ParentLink } from './records.ts'

/** Any XState event: a type and plain data. */
export interface EventObject {
  type: string
  [key: string]: unknown
}

/** What one actor sends to another. Its key is the event id at the receiver (R3, R5). */
export type Mail = {
  key: string
  to: Address
  from: Address
  correlationId: string
  /** Event id of the step that sent it. */
  causationId: string
} & (
  | {
      kind: 'event'
      event: EventObject
      /** Set on what a child tells its parent: dropped when that child is no longer the active one. */
      childId?: string
      childKey?: string
      /** Set on what a parent tells its child. */
    }
  | { kind: 'start'; input: Json | undefined; parent?: ParentLink }
  | { kind: 'stop' }
)

/** A published event of an actor (CloudEvents on the bus). Its key is the CloudEvents id. */
export interface Fact {
  key: string
  address: Address
  seq: number
  type: string
  /** The emitted event without its type. */
  data: { [key: string]: unknown }
  at: number
  correlationId: string
  causationId: string
}

/** Where a delivery came from and what it continues; goes into the journal row. */
export interface Trace {
  source: string
  correlationId: string
  causationId: string | null
}

/** Everything that can reach a mailbox, in a form that can be parked and delivered again. */
export type Delivery = {
  eventId: string
  fresh: boolean
  trace: Trace
} & (
  | { kind: 'event'; event: EventObject; childId?: string; childKey?: string }
  | { kind: 'start'; input: Json | undefined; parent?: ParentLink }
  | { kind: 'stop' }
  /** A due timer; `armedSeq` is its generation (R6). `by` is set when staff fired it early. */
  | { kind: 'timer'; timerId: string; armedSeq: number; dueAt: number; by?: string; reason?: string }
  /** The result of an effect; `effectKey` is its generation (R5). */
  | { kind: 'result'; effectKey: string; effectName: string; childId: string | null; event: EventObject | null }
)
