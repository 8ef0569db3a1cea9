/** How an event is set aside (R7, R8): in a form that can be delivered again, whatever brought it. */
import { toErrorRecord } from '../errors.ts'
import { sliceOf } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import type { Delivery } from '../model/messages.ts'
import type { ParkedKind, ParkedRow, TimerAction } from '../model/records.ts'
import type { ActorState } from '../step/actor-state.ts'
import { describe } from '../step/step.ts'

export function parkedRow(address: Address, delivery: Delivery, kind: ParkedKind, at: number, error?: unknown): ParkedRow {
  return {
    eventId: delivery.eventId,
    address,
    slice: sliceOf(address),
    kind,
    eventType: describe(delivery).type,
    delivery: JSON.stringify(delivery),
    error: error === undefined ? null : JSON.stringify(toErrorRecord(error, true)),
    at,
  }
}

/**
 * A timer or effect row may not outlive the parking of what it brought, or a sweep would bring it again:
 * the parked form is the plain event, and the row goes in the same commit.
 */
export function asPlainDelivery(state: ActorState | undefined, delivery: Delivery): Delivery {
  const { eventId, trace } = delivery
  if (delivery.kind === 'timer') {
    const timer = state?.timers.get(delivery.timerId)
    const event = timer === undefined ? describe(delivery) : (JSON.parse(timer.action) as TimerAction).event
    return { kind: 'event', eventId, fresh: false, trace, event }
  }
  if (delivery.kind === 'result') {
    const child = delivery.childId === null ? {} : { childId: delivery.childId, childKey: delivery.effectKey }
    return { kind: 'event', eventId, fresh: false, trace, event: describe(delivery), ...child }
  }
  return { ...delivery, fresh: false }
}
