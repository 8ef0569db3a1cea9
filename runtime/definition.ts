/** What `defineActor` takes: a pure machine and everything it means to the world. */
import type { AnyStateMachine } from 'xstate'
import type { Address } from './model/address.ts'
import type { Json } from './model/json.ts'
import type { EventObject, Fact } from './model/messages.ts'
import type { Identifier, RowSet } from './model/records.ts'

/** The part of a zod schema that the engine uses; the engine itself knows no schema library. */
export interface Schema<T = unknown> {
  safeParse(value: unknown):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } }
}

/** How an effect is tried again. */
export interface RetryPolicy {
  /** How often in all; `Infinity` never gives up. */
  attempts: number
  /** Wait before the second attempt. */
  initialMs: number
  /** Each further wait is this many times the one before. */
  factor: number
  maxMs: number
  /** 0..1: each wait is lengthened or shortened by up to this share, so that retries do not march in step. */
  jitter: number
}

/** What an effect's implementation is told besides its input. */
export interface EffectContext {
  /** `<tenant>/<type>/<id>/<seq>/<index>`: the same at every attempt; give it to the outside as idempotency key (R5). */
  key: string
  address: Address
  /** 1 for the first. */
  attempt: number
  /** Aborted when the attempt's time is over, the machine leaves the invoking state, or the runtime stops. */
  signal: AbortSignal
  /** The moment this attempt began. */
  at: number
  correlationId: string
  /**
   * An earlier attempt began and its end was never recorded (a crash in the middle): the outside may have
   * been called. Only told for effects with `noteBeforeCall`.
   */
  interrupted: boolean
  /** For actions: the event that caused it. */
  event: { type: string; [key: string]: unknown } | undefined
}

/** One outside call. For promise logic the returned value is the invocation's output. */
export interface EffectDefinition<Input = never, Output = unknown> {
  run(input: Input, context: EffectContext): Promise<Output> | Output
  /** Which lane it waits in, or which by what it is asked; pure (R11). Lanes have their own concurrency. Default `default`. */
  lane?: string | ((input: Input) => string)
  retry?: Partial<RetryPolicy>
  /** Limit of one attempt. Default 30 s. */
  timeoutMs?: number
  /**
   * Write durably that an attempt begins before the call is made, so that after a crash the next attempt knows
   * of it (`interrupted`). For calls that must not be repeated blindly where the other side knows no idempotency key.
   */
  noteBeforeCall?: boolean
  /** For actions: event type sent to the actor when all attempts failed, with `{effect, key, error}`. */
  onGiveUp?: string
}

/** What a reaction or projection may look at: one committed step of one actor. */
export interface Change {
  address: Address
  seq: number
  at: number
  status: 'active' | 'done' | 'error'
  /** XState's state value. */
  value: Json
  /** Active state ids, such as `active.grace`. */
  states: readonly string[]
  /** States active before the step; empty for the first. */
  previousStates: readonly string[]
  context: unknown
  previousContext: unknown
  event: { type: string; [key: string]: unknown }
  facts: readonly Fact[]
  output: unknown
}

/** A message that a reaction sends. */
export type ReactionMessage =
  | { kind: 'event'; to: Address; event: { type: string; [key: string]: unknown } }
  /** Creates the actor unless it exists: the same fact again makes no second one. */
  | { kind: 'start'; to: Address; input: Json }

/** Pure: fact -> messages, evaluated in the step so that the messages are in the same commit. */
export type Reaction = (fact: Fact) => readonly ReactionMessage[]

/** Pure: step -> rows of ordinary tables, written in the commit transaction (R1). */
export type Projection = (change: Change) => readonly RowSet[]

/**
 * What an actor is told instead of an event whose rows break a unique key of a projection's table, as another actor has had them first:
 * the same event in the same place (R3, R4), said as it is said where that was known before. Without it such an event is set aside (R7).
 * Pure; the journal holds the event that was applied.
 */
export interface Contest {
  /** The row that the event is about; undefined where it is about none. */
  key: (event: EventObject, address: Address) => RowSet['key'] | undefined
  /** @param row the other's, as it is stored. Undefined where there is no way to tell it. */
  instead: (event: EventObject, row: RowSet['rows'][number], address: Address) => EventObject | undefined
}

/** Brings a stored actor of an older machine version to the present one; pure. */
export interface Migration {
  from: string
  /** Gets the stored forms, gives the new ones; timers keep their ids unless renamed here, or disarmed by `null`. */
  migrate(stored: { value: Json; context: Json; history: Json }): { value: Json; context: Json; history?: Json; renameTimers?: Record<string, string | null> }
}

export interface Phrase {
  staff: string
  customer: string
}

/** Plain-language phrases of one machine; the check command fails on a missing one. */
export interface Words {
  states: Readonly<Record<string, Phrase>>
  events: Readonly<Record<string, Phrase>>
  guards: Readonly<Record<string, Phrase>>
  delays: Readonly<Record<string, Phrase>>
  effects: Readonly<Record<string, Phrase>>
}

export interface ActorDefinition {
  /** `[a-z][a-z0-9-]*`. */
  type: string
  /** Version of the machine; changes whenever stored actors may not fit (R12). */
  version: string
  machine: AnyStateMachine
  /** Checks and normalises the input of a new actor. */
  input?: Schema
  /** Payload schema (without `type`) of each event that may come from outside. Without it every event of the machine may. */
  events?: Readonly<Record<string, Schema>>
  /** By promise logic name or action name. */
  effects?: Readonly<Record<string, EffectDefinition>>
  /** By fact type. */
  reactions?: Readonly<Record<string, Reaction>>
  /** By name; each can be rebuilt from the journal. */
  projections?: Readonly<Record<string, Projection>>
  /** By table of a projection: events that may come second. */
  contests?: Readonly<Record<string, Contest>>
  /** Everything a caller may say to find this actor, normalised. */
  identifiers?: (change: Change) => readonly Identifier[]
  migrations?: readonly Migration[]
  words?: Words
  /**
   * Timers that staff cannot move, by the name of their delay: each waits for a moment that the record holds and others go by, such as the
   * end of paid time, so moved alone it would part the two. The text says what moves the moment itself. Firing one now stays allowed.
   */
  fixedTimers?: Readonly<Record<string, string>>
  /** Prefix of ids made by the engine, such as `pay`. Default: the type. */
  idPrefix?: string
  /** Dotted paths into the context that only some roles may read, such as `phone`. */
  personal?: readonly string[]
}

/** Typed helper: an effect with its input and output types kept. */
export function defineEffect<Input, Output>(effect: EffectDefinition<Input, Output>): EffectDefinition {
  return effect
}
