/**
 * Which fact of one actor makes what happen to another. This is the only place where actor types meet: no
 * machine knows another. Each reaction is pure and runs in the step that emits the fact, so its messages
 * are in the same commit (R1); a `start` for an actor that exists changes nothing (R3).
 *
 * | fact              | reaction                                                          |
 * |-------------------|-------------------------------------------------------------------|
 * | payment.completed | start `hotspot-session/<payment id>`: one access per payment, unless it is for a subscription |
 * | session.ready     | start `notification/<session id>-credentials`: the login by SMS   |
 *
 * Those about subscriptions are in reactions/subscription.ts.
 */
import type { SessionFact } from '../machines/hotspot-session/context.ts'
import type { SessionInput } from '../machines/hotspot-session/events.ts'
import type { NotificationInput } from '../machines/notification/events.ts'
import type { PaymentFact } from '../machines/payment/context.ts'
import type { Reaction } from '../runtime/index.ts'
import { derivedId } from './derived-id.ts'
import { paySubscription, revokeSubscriptionPayment, subscriptionReactions } from './reactions/subscription.ts'

type Payload<Union extends { type: string }, Type extends Union['type']> = Omit<Extract<Union, { type: Type }>, 'type'>

const startSession: Reaction = ({ address, data }) => {
  const paid = data as Payload<PaymentFact, 'payment.completed'> & { purpose?: { kind: string } }
  if ((paid.purpose?.kind ?? 'hotspot') !== 'hotspot') return []
  const input = { source: { kind: 'payment', id: address.id }, phone: paid.phone, package: paid.package, macAddress: paid.macAddress, paidAt: paid.at } satisfies SessionInput
  return [{ kind: 'start', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, input }]
}

const sendCredentials: Reaction = ({ address, data }) => {
  const ready = data as Payload<SessionFact, 'session.ready'>
  const { tenant, type, id } = address
  const input = {
    channel: 'sms',
    to: ready.phone,
    template: 'hotspot-credentials',
    locale: 'en',
    about: { tenant, type, id },
    credentialVersion: ready.credentialVersion,
    details: { packageName: ready.package.name, expiresAt: ready.expiresAt },
  } satisfies NotificationInput
  return [{ kind: 'start', to: { tenant, type: 'notification', id: derivedId(id, 'credentials') }, input }]
}

/** By actor type, then by fact. */
export const reactions = {
  payment: {
    'payment.completed': (fact) => [...startSession(fact), ...paySubscription(fact)],
    'payment.refunded': revokeSubscriptionPayment,
    'payment.reversed': revokeSubscriptionPayment,
  },
  'hotspot-session': { 'session.ready': sendCredentials },
  subscription: subscriptionReactions,
} satisfies Record<string, Record<string, Reaction>>
