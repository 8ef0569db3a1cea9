/**
 * The pure words a machine needs beyond XState's own: the one file of `runtime/` that `machines/` may
 * import. Everything here also works in XState's own tools (a machine that uses it can be simulated,
 * drawn and path-tested without the engine).
 */
import { fromPromise, sendTo } from 'xstate'
import type { ActionArgs, ActionFunction, EventObject, MachineContext, ParameterizedObject, PromiseActorLogic } from 'xstate'
import type { AddressInput } from './model/address.ts'
import { addressRef } from './machine/address-ref.ts'
import type { InertRef } from './machine/address-ref.ts'
import { currentStepTime } from './step/step-time.ts'

/**
 * Declares promise logic that `actors/` supplies: a typed placeholder for `setup({ actors })`. Invoked
 * in the engine it becomes a durable effect; in XState's own tools it never resolves.
 */
export function durable<Output, Input = undefined>(): PromiseActorLogic<Output, Input> {
  const logic = fromPromise<Output, Input>(() => new Promise<Output>(() => undefined))
  return Object.assign(logic, { [DURABLE]: true })
}

const DURABLE = Symbol.for('standing.durable')

/** True for logic made by {@link durable}: it needs an effect in the definition. */
export function isDurablePlaceholder(logic: object): boolean {
  return DURABLE in logic
}

/**
 * Action: sends an event to another actor of any type, in the same commit as the step (R1). Delivered at
 * least once and applied once (R3), in order per sender and receiver (R4).
 *
 * @example entry: tell(({ context }) => ({ type: 'hotspot-session', id: context.sessionId }), { type: 'session.close' })
 */
export function tell<
  Context extends MachineContext,
  ExpressionEvent extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
  Event extends EventObject,
>(
  to: AddressInput | ((args: ActionArgs<Context, ExpressionEvent, Event>, params: Params) => AddressInput),
  event: EventObject | ((args: ActionArgs<Context, ExpressionEvent, Event>, params: Params) => EventObject),
): ActionFunction<Context, ExpressionEvent, Event, Params, never, never, never, never, never> {
  type Args = ActionArgs<Context, ExpressionEvent, Event>
  return sendTo<Context, ExpressionEvent, Params, InertRef, Event>(
    (args: Args, params: Params) => addressRef(typeof to === 'function' ? to(args, params) : to),
    (args: Args, params: Params) => (typeof event === 'function' ? event(args, params) : event),
  )
}

/**
 * The moment of the step that is being computed, in milliseconds since the epoch: the machine's only
 * clock (R11). The event is asked for so that it can only be used where there is one: time comes in
 * with the event, and a replay of that event sees the same time.
 */
export function timeOf(_event: EventObject): number {
  return currentStepTime()
}
