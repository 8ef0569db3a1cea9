/**
 * The step: a pure function of (definition, state, delivery, `at`) giving the next state and everything
 * to be committed with it. All statechart semantics are XState's own.
 *
 * - R5: a result for an invocation that is no longer active is `stale`.
 * - R6: so is a timer of another generation.
 * - R8: an event that no transition accepts is `refused`; the caller decides what that means.
 * - R11: `at` is the only time there is.
 */
import type { AnyMachineSnapshot } from 'xstate'
import { StandingError } from '../errors.ts'
import { selfRef } from '../machine/scope.ts'
import type { CollectedAction } from '../machine/scope.ts'
import { settle } from '../machine/snapshot.ts'
import type { Encoded } from '../machine/snapshot.ts'
import { sliceOf } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import type { Json } from '../model/json.ts'
import type { Delivery, EventObject } from '../model/messages.ts'
import type { Hold, JournalOutcome, JournalRow, TimerAction, TimerRow } from '../model/records.ts'
import type { ActorState } from './actor-state.ts'
import { Outputs } from './outputs.ts'
import { withStepTime } from './step-time.ts'
import { build, identity } from './stepped.ts'
import type { StepContext, Stepped, StepResult } from './stepped.ts'

/** The first step of a new actor. @throws StandingError `step-failed` when the machine cannot start. */
export function startStep(context: StepContext, address: Address, delivery: Delivery & { kind: 'start' }): Stepped {
  const { compiled, scope, at } = context
  const self = selfRef(scope, address, delivery.parent?.address)
  const { result, actions } = withStepTime(at, () =>
    scope.run(self, (inert) => compiled.machine.getInitialSnapshot(inert, delivery.input as never)),
  )
  const fresh = result as AnyMachineSnapshot
  // A throw during the start comes as an error snapshot, with actions that must not happen (pitfall 19).
  if (fresh.status === 'error') {
    const cause: unknown = fresh.error
    throw new StandingError('step-failed', `'${compiled.type}' could not start: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  const blank: ActorState = {
    address,
    slice: sliceOf(address),
    seq: 0,
    version: compiled.definition.version,
    hold: null,
    self,
    snapshot: fresh,
    encoded: { status: 'active', value: 'null', context: 'null', history: null, output: null, error: null, states: [], tags: [] },
    children: {},
    timers: new Map(),
    parent: delivery.parent ?? null,
    identifiers: undefined,
    createdAt: at,
    updatedAt: at,
  }
  const event = { type: 'xstate.init', ...(delivery.input === undefined ? {} : { input: delivery.input }) }
  return conclude(context, blank, undefined, fresh, actions, delivery, event)
}

/** Any later step. */
export function step(context: StepContext, state: ActorState, delivery: Delivery): StepResult {
  if (delivery.kind === 'start') return { kind: 'refused', event: { type: 'xstate.init' } }
  const event = eventOf(state, delivery)
  if (event === undefined) return { kind: 'stale', event: describe(delivery) }
  if (state.encoded.status !== 'active') return { kind: 'finished' }
  if (delivery.kind === 'timer') {
    const timer = state.timers.get(delivery.timerId) as TimerRow
    const action = JSON.parse(timer.action) as TimerAction
    if (action.do === 'send') return delayedSend(context, state, delivery, action)
  }
  const { compiled, scope, at } = context
  state.self.current = state.snapshot
  const { result, actions, accepted } = withStepTime(at, () =>
    scope.run(state.self, (inert) => compiled.machine.transition(state.snapshot, event as never, inert)),
  )
  const moved = result !== state.snapshot || accepted || actions.length > 0
  if (!moved && delivery.kind === 'event' && delivery.childId === undefined) return { kind: 'refused', event }
  forbidSpawn(state.snapshot, result, actions)
  return conclude(context, state, state.snapshot, result, actions, delivery, event, moved ? 'applied' : 'ignored')
}

/**
 * A step that the journal says was taken, computed again: its generation was checked then. The timer it
 * came from, if any, goes as it did then.
 */
export function replayStep(context: StepContext, state: ActorState, delivery: Delivery & { kind: 'event' }, row: JournalRow): Stepped {
  const { compiled, scope, at } = context
  const notes = row.timers === null ? [] : (JSON.parse(row.timers) as { id: string; firedDueAt?: number; dueAt?: number }[])
  const fired = notes.find((note) => note.firedDueAt !== undefined)
  const replayed: Delivery = fired === undefined ? delivery : { kind: 'timer', eventId: delivery.eventId, fresh: true, trace: delivery.trace, timerId: fired.id, armedSeq: 0, dueAt: fired.firedDueAt as number }
  if (delivery.event.type === 'standing.sent') return recordStep(context, state, replayed, delivery.event, 'ignored')
  state.self.current = state.snapshot
  const { result, actions } = withStepTime(at, () => scope.run(state.self, (inert) => compiled.machine.transition(state.snapshot, delivery.event as never, inert)))
  return conclude(context, state, state.snapshot, result, actions, replayed, delivery.event)
}

/** A journal row without a transition: what was refused, dropped, skipped, or done by staff. */
export function recordStep(
  context: StepContext,
  state: ActorState,
  delivery: Delivery,
  event: EventObject,
  outcome: Exclude<JournalOutcome, 'applied'>,
  changes: { hold?: Hold | null; timer?: TimerRow; renamed?: readonly { storedId: string; timer: TimerRow | undefined }[] } = {},
): Stepped {
  const outputs = new Outputs(identity(context, state, delivery), state.timers, state.children)
  if (changes.timer !== undefined) outputs.setTimer(changes.timer)
  for (const { storedId, timer } of changes.renamed ?? []) {
    outputs.timersCleared.add(storedId)
    if (timer !== undefined) outputs.setTimer(timer)
  }
  // R6: the timer that fired goes with the step it caused, even when nothing accepted it.
  if (delivery.kind === 'timer') outputs.clearTimer(delivery.timerId)
  const hold = changes.hold === undefined ? state.hold : changes.hold
  return build(context, { ...state, hold }, state.snapshot, state.encoded, outputs, delivery, event, outcome)
}

/** What the delivery says to the machine; undefined when its generation is over. */
function eventOf(state: ActorState, delivery: Exclude<Delivery, { kind: 'start' }>): EventObject | undefined {
  switch (delivery.kind) {
    case 'event': {
      if (delivery.childId === undefined) return delivery.event
      const child = state.children[delivery.childId]
      return child !== undefined && child.key === delivery.childKey && child.done !== true ? delivery.event : undefined
    }
    case 'stop':
      return { type: 'xstate.stop' }
    case 'timer': {
      const timer = state.timers.get(delivery.timerId)
      if (timer === undefined || timer.armedSeq !== delivery.armedSeq) return undefined
      return (JSON.parse(timer.action) as TimerAction).event
    }
    case 'result': {
      if (delivery.childId === null) return delivery.event ?? undefined
      const child = state.children[delivery.childId]
      return child !== undefined && child.key === delivery.effectKey && child.done !== true ? (delivery.event ?? undefined) : undefined
    }
  }
}

/** For the journal row of something that never reached the machine. */
export function describe(delivery: Delivery): EventObject {
  switch (delivery.kind) {
    case 'event':
      return delivery.event
    case 'result':
      return delivery.event ?? { type: `effect.${delivery.effectName}` }
    case 'timer':
      return { type: 'standing.timer', timerId: delivery.timerId }
    case 'start':
      return { type: 'xstate.init', ...(delivery.input === undefined ? {} : { input: delivery.input }) }
    case 'stop':
      return { type: 'xstate.stop' }
  }
}

function delayedSend(context: StepContext, state: ActorState, delivery: Delivery & { kind: 'timer' }, action: TimerAction & { do: 'send' }): Stepped {
  const outputs = new Outputs(identity(context, state, delivery), state.timers, state.children)
  outputs.clearTimer(delivery.timerId)
  outputs.send({ kind: 'event', to: action.to, event: action.event })
  return build(context, state, state.snapshot, state.encoded, outputs, delivery, { type: 'standing.sent', to: action.to, event: action.event }, 'applied')
}

/** `spawn` in an assign leaves a child that no action tells of (pitfall 16). */
function forbidSpawn(before: AnyMachineSnapshot, after: AnyMachineSnapshot, actions: readonly CollectedAction[]): void {
  if (before.children === after.children) return
  const told = new Set(actions.filter((a) => a.type === 'xstate.spawnChild').map((a) => (a.params as { actorRef: unknown }).actorRef))
  for (const [id, ref] of Object.entries(after.children as Record<string, unknown>)) {
    if (ref !== undefined && (before.children as Record<string, unknown>)[id] !== ref && !told.has(ref)) {
      throw new StandingError('step-failed', `child '${id}' was made by spawn inside assign, which cannot be committed: use spawnChild with an id`)
    }
  }
}

function conclude(
  context: StepContext,
  state: ActorState,
  before: AnyMachineSnapshot | undefined,
  fresh: AnyMachineSnapshot,
  actions: readonly CollectedAction[],
  delivery: Delivery,
  event: EventObject,
  outcome: JournalOutcome = 'applied',
): Stepped {
  const outputs = new Outputs(identity(context, state, delivery), state.timers, state.children)
  if (delivery.kind === 'timer') outputs.clearTimer(delivery.timerId)
  if (delivery.kind === 'result' && delivery.childId !== null) outputs.markChildDone(delivery.childId)
  if (delivery.kind === 'event' && delivery.childId !== undefined && /^xstate\.(done|error)\.actor\./.test(event.type)) outputs.markChildDone(delivery.childId)
  if (before === undefined) forbidSpawn({ children: {} } as AnyMachineSnapshot, fresh, actions)
  outputs.take(actions)
  const { snapshot, encoded } = settle(context.compiled, fresh, before === undefined ? undefined : state.encoded, before)
  const contextBytes = encoded.context === state.encoded.context ? 0 : Buffer.byteLength(encoded.context)
  if (contextBytes > context.contextBytes) {
    throw new StandingError('payload-too-large', `the context would grow to ${contextBytes} bytes; ${context.contextBytes} are allowed (R9)`)
  }
  if (encoded.status !== 'active') {
    outputs.finish()
    tellParent(state, encoded, event, outputs)
  }
  return build(context, state, snapshot, encoded, outputs, delivery, event, outcome)
}

/** Completion yields no action in XState; the parent learns of it here (pitfall 15). */
function tellParent(state: ActorState, encoded: Encoded, event: EventObject, outputs: Outputs): void {
  // Whoever was stopped by its parent has nothing to report.
  if (state.parent === null || event.type === 'xstate.stop') return
  const { childId, address } = state.parent
  const result: EventObject =
    encoded.status === 'error'
      ? { type: `xstate.error.actor.${childId}`, error: JSON.parse(encoded.error ?? 'null') as Json, actorId: childId }
      : { type: `xstate.done.actor.${childId}`, output: encoded.output === null ? undefined : (JSON.parse(encoded.output) as Json), actorId: childId }
  outputs.send({ kind: 'event', to: address, event: result, childId, childKey: state.address.id })
}
