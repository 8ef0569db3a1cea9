/**
 * What a step gives: the next state and every row and message that goes with it into one commit (R1), and how
 * it is put together from what XState computed.
 */
import type { AnyMachineSnapshot } from 'xstate'
import type { Change, ReactionMessage } from '../definition.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { toPlain } from '../machine/plain.ts'
import type { StepScope } from '../machine/scope.ts'
import type { Encoded } from '../machine/snapshot.ts'
import type { Address } from '../model/address.ts'
import type { Json } from '../model/json.ts'
import type { Delivery, EventObject, Fact, Mail } from '../model/messages.ts'
import type { EffectRow, Identifier, JournalOutcome, JournalRow, OutboxRow, RowSet, TimerRow } from '../model/records.ts'
import type { ActorState } from './actor-state.ts'
import type { LogLine, Outputs, StepIdentity } from './outputs.ts'

export interface Stepped {
  kind: 'stepped'
  next: ActorState
  journal: JournalRow
  timersSet: TimerRow[]
  timersCleared: string[]
  effectsAdded: EffectRow[]
  effectsRemoved: string[]
  outbox: OutboxRow[]
  facts: Fact[]
  mails: Mail[]
  identifiers: Identifier[] | undefined
  rows: RowSet[]
  logs: LogLine[]
}

export type StepResult =
  | Stepped
  /** No transition accepts the event (R8). */
  | { kind: 'refused'; event: EventObject }
  /** A result or timer of another generation (R5, R6). */
  | { kind: 'stale'; event: EventObject }
  | { kind: 'finished' }

export interface StepContext {
  compiled: CompiledActor
  scope: StepScope
  at: number
  /** R9: bytes of JSON a context may have. */
  contextBytes: number
}

/** The same whether it goes out from memory or is read back from the outbox after a crash. */
function plainMessage(message: ReactionMessage, { type }: Fact): { kind: 'start'; to: Address; input: Json } | { kind: 'event'; to: Address; event: EventObject } {
  return message.kind === 'start'
    ? { kind: 'start', to: message.to, input: toPlain(message.input, `the input from the reaction to '${type}'`).data as Json }
    : { kind: 'event', to: message.to, event: toPlain(message.event, `the event from the reaction to '${type}'`).data as EventObject }
}

export function identity(context: StepContext, state: ActorState, delivery: Delivery): StepIdentity {
  return {
    compiled: context.compiled,
    address: state.address,
    slice: state.slice,
    seq: state.seq + 1,
    at: context.at,
    eventId: delivery.eventId,
    trace: delivery.trace,
    parent: state.parent,
  }
}

export function build(
  context: StepContext,
  state: ActorState,
  snapshot: AnyMachineSnapshot,
  encoded: Encoded,
  outputs: Outputs,
  delivery: Delivery,
  event: EventObject,
  outcome: JournalOutcome,
): Stepped {
  const { compiled, at } = context
  const { definition } = compiled
  const seq = state.seq + 1
  for (const fact of outputs.facts) {
    for (const message of definition.reactions?.[fact.type]?.(fact) ?? []) {
      outputs.send(plainMessage(message, fact))
    }
  }
  const change: Change | undefined =
    (definition.projections !== undefined || definition.identifiers !== undefined) && (outcome === 'applied' || seq === 1)
      ? {
          address: state.address,
          seq,
          at,
          status: encoded.status,
          value: snapshot.value as Json,
          states: encoded.states,
          previousStates: seq === 1 ? [] : state.encoded.states,
          context: snapshot.context,
          previousContext: seq === 1 ? undefined : state.snapshot.context,
          event,
          facts: outputs.facts,
          output: snapshot.output,
        }
      : undefined
  const identifiers = change === undefined ? undefined : definition.identifiers?.(change)
  const identifierText = identifiers === undefined ? state.identifiers : JSON.stringify(identifiers)
  const effectsAdded = [...outputs.effectsAdded.values()]
  const timerNotes: object[] = outputs.timerNotes().filter((note) => delivery.kind !== 'timer' || note.id !== delivery.timerId || note.cancelled === undefined)
  if (delivery.kind === 'timer') timerNotes.push({ id: delivery.timerId, firedDueAt: delivery.dueAt, lateMs: Math.max(0, at - delivery.dueAt), ...(delivery.by === undefined ? {} : { by: delivery.by, reason: delivery.reason }) })
  const next: ActorState = {
    address: state.address,
    slice: state.slice,
    seq,
    version: definition.version,
    hold: state.hold,
    self: state.self,
    snapshot,
    encoded,
    children: outputs.children,
    timers: outputs.timers,
    parent: state.parent,
    identifiers: identifierText,
    createdAt: state.createdAt,
    updatedAt: at,
  }
  return {
    kind: 'stepped',
    next,
    journal: {
      seq,
      at,
      eventId: delivery.eventId,
      fresh: delivery.fresh,
      eventType: event.type,
      event: JSON.stringify(event),
      outcome,
      from: seq === 1 ? null : state.encoded.value,
      to: encoded.value,
      facts: outputs.facts.length === 0 ? null : JSON.stringify(outputs.facts.map((fact) => ({ key: fact.key, type: fact.type, ...fact.data }))),
      effects: effectsAdded.length === 0 ? null : JSON.stringify(effectsAdded.map(({ key, name }) => ({ key, name }))),
      timers: timerNotes.length === 0 ? null : JSON.stringify(timerNotes),
      source: delivery.trace.source,
      correlationId: delivery.trace.correlationId,
      causationId: delivery.trace.causationId,
      version: definition.version,
    },
    timersSet: [...outputs.timersSet.values()],
    timersCleared: [...outputs.timersCleared],
    effectsAdded,
    effectsRemoved: delivery.kind === 'result' ? [...outputs.effectsRemoved, delivery.effectKey] : outputs.effectsRemoved,
    outbox: outputs.outbox(),
    facts: outputs.facts,
    mails: outputs.mails,
    identifiers: identifierText === state.identifiers ? undefined : [...(identifiers ?? [])],
    rows: change === undefined ? [] : Object.values(definition.projections ?? {}).flatMap((project) => [...project(change)]),
    logs: outputs.logs,
  }
}
