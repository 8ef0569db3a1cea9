/**
 * Which fact of one actor makes what happen to another. This is the only place where actor types meet: no
 * machine knows another. Each reaction is pure and runs in the step that emits the fact, so its messages
 * are in the same commit (R1); a `start` for an actor that exists changes nothing (R3).
 *
 * | fact              | reaction                                                          |
 * |-------------------|-------------------------------------------------------------------|
 * | payment.completed | start `hotspot-session/<payment id>`: one access per payment      |
 * | voucher.redeemed  | start `hotspot-session/<voucher id>`: one access per voucher      |
 * | voucher.revoked   | if it was redeemed: end that access                               |
 * | session.ready     | start `notification/<session id>-credentials`: the login by SMS   |
 */
import type { SessionFact } from '../machines/hotspot-session/context.ts'
import type { SessionInput } from '../machines/hotspot-session/events.ts'
import type { NotificationInput } from '../machines/notification/events.ts'
import type { VoucherFact } from '../machines/voucher/machine.ts'
import type { PaymentFact } from '../machines/payment/context.ts'
import type { Reaction } from '../runtime/index.ts'
import { derivedId } from './derived-id.ts'

type Payload<Union extends { type: string }, Type extends Union['type']> = Omit<Extract<Union, { type: Type }>, 'type'>

const startSession: Reaction = ({ address, data }) => {
  const paid = data as Payload<PaymentFact, 'payment.completed'>
  const input = { source: { kind: 'payment', id: address.id }, phone: paid.phone, package: paid.package, macAddress: paid.macAddress, paidAt: paid.at } satisfies SessionInput
  return [{ kind: 'start', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, input }]
}

const startVoucherSession: Reaction = ({ address, data }) => {
  const { phone, package: bought, macAddress, at } = data as Payload<VoucherFact, 'voucher.redeemed'>
  const input = { source: { kind: 'voucher', id: address.id }, phone, package: bought, macAddress, paidAt: at } satisfies SessionInput
  return [{ kind: 'start', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, input }]
}

const endVoucherSession: Reaction = ({ address, data }) => {
  const { wasRedeemed, reason } = data as Payload<VoucherFact, 'voucher.revoked'>
  if (!wasRedeemed) return []
  return [{ kind: 'event', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, event: { type: 'session.revoke', reason } }]
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
  payment: { 'payment.completed': startSession },
  voucher: { 'voucher.redeemed': startVoucherSession, 'voucher.revoked': endVoucherSession },
  'hotspot-session': { 'session.ready': sendCredentials },
} satisfies Record<string, Record<string, Reaction>>
