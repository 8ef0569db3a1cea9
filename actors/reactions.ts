/**
 * Which fact of one actor makes what happen to another. This is the only place where actor types meet: no
 * machine knows another. Each reaction is pure and runs in the step that emits the fact, so its messages
 * are in the same commit (R1); a `start` for an actor that exists changes nothing (R3).
 *
 * | fact                       | reaction                                                                   |
 * |----------------------------|----------------------------------------------------------------------------|
 * | payment.completed          | for hotspot: start `hotspot-session/<payment id>`: one access per payment    |
 * | payment.refunded, .reversed | for hotspot: tell `hotspot-session/<payment id>` that it is revoked         |
 * | payment.duplicateReceived  | start the payment that follows from the receipt, under review              |
 * | payment.claimed            | start `reconciliation/mpesa`, and tell it to look now                      |
 * | reconciliation.moneyFound  | start the payment that follows from the receipt, or tell the one there is  |
 * | session.ready              | start `notification/<session id>-credentials`: the login by SMS            |
 * | session.resendWanted       | start `notification/<session id>-credentials-<number>`: once more          |
 * | voucher.redeemed           | start `hotspot-session/<voucher id>`: one access per voucher; tell its batch |
 * | batch.redeemedTooLate      | revoke the voucher, and with it the access                                |
 * | approval.approved          | send the event, or start the actor, that was approved                     |
 * | voucher.revoked            | if it was redeemed: end that access                                       |
 *
 * Those about subscriptions are in reactions/subscription.ts.
 */
import type { SessionFact } from '../machines/hotspot-session/context.ts'
import type { SessionInput } from '../machines/hotspot-session/events.ts'
import type { NotificationInput } from '../machines/notification/events.ts'
import type { VoucherFact } from '../machines/voucher/machine.ts'
import type { VoucherBatchFact } from '../machines/voucher-batch/machine.ts'
import type { PaymentFact } from '../machines/payment/context.ts'
import type { FoundMoney } from '../machines/reconciliation/events.ts'
import type { Address, Json, Reaction, ReactionMessage } from '../runtime/index.ts'
import { derivedId } from './derived-id.ts'
import { reconciliationOf } from './reconciliation/looking.ts'
import { voucherId } from './voucher/voucher-id.ts'
import { doApproved } from './reactions/approval.ts'
import { paySubscription, revokeSubscriptionPayment, subscriptionReactions } from './reactions/subscription.ts'

type Payload<Union extends { type: string }, Type extends Union['type']> = Omit<Extract<Union, { type: Type }>, 'type'>

const startSession: Reaction = ({ address, data }) => {
  const paid = data as Payload<PaymentFact, 'payment.completed'>
  if (paid.purpose.kind !== 'hotspot' || paid.package === null || paid.phone === null) return []
  const input = { source: { kind: 'payment', id: address.id }, phone: paid.phone, package: paid.package, macAddress: paid.macAddress, paidAt: paid.at } satisfies SessionInput
  return [{ kind: 'start', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, input }]
}

const startVoucherSession: Reaction = ({ address, data }) => {
  const { phone, package: bought, macAddress, at } = data as Payload<VoucherFact, 'voucher.redeemed'>
  const input = { source: { kind: 'voucher', id: address.id }, phone, package: bought, macAddress, paidAt: at } satisfies SessionInput
  return [{ kind: 'start', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, input }]
}

const tellBatch: Reaction = ({ address: { tenant }, data }) => {
  const { batchId, number, at } = data as Payload<VoucherFact, 'voucher.redeemed'>
  return [{ kind: 'event', to: { tenant, type: 'voucher-batch', id: batchId }, event: { type: 'batch.redeemed', number, at } }]
}

const takeVoucherBack: Reaction = ({ address: { tenant, id }, data }) => {
  const { number, reason } = data as Payload<VoucherBatchFact, 'batch.redeemedTooLate'>
  return [{ kind: 'event', to: { tenant, type: 'voucher', id: voucherId(id, number) }, event: { type: 'voucher.revoke', reason } }]
}

const endVoucherSession: Reaction = ({ address, data }) => {
  const { wasRedeemed, reason } = data as Payload<VoucherFact, 'voucher.revoked'>
  if (!wasRedeemed) return []
  return [{ kind: 'event', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, event: { type: 'session.close', reason, by: 'admin' } }]
}

const sendCredentials: Reaction = ({ address, data }) => credentialsMessage(address, data as Payload<SessionFact, 'session.ready'>, 'credentials')

const resendCredentials: Reaction = ({ address, data }) => {
  const wanted = data as Payload<SessionFact, 'session.resendWanted'>
  return credentialsMessage(address, wanted, `credentials-${wanted.number}`)
}

/** The money went back, so what was given for it ends. Where nothing was given there is nobody to tell. */
const revokeSession: Reaction = ({ address, data }) => {
  const back = data as Payload<PaymentFact, 'payment.refunded'>
  if (!back.wasCredited || back.purpose.kind !== 'hotspot') return []
  return [{ kind: 'event', to: { tenant: address.tenant, type: 'hotspot-session', id: address.id }, event: { type: 'session.revoke', reason: `The payment went back: ${back.reason}` } }]
}

/** The customer says to have paid: perhaps the provider's list knows. */
const lookForMoney: Reaction = ({ address: { tenant } }) => {
  const to = reconciliationOf(tenant)
  return [
    { kind: 'start', to, input: {} },
    { kind: 'event', to, event: { type: 'reconciliation.pull' } },
  ]
}

/** The id follows from the receipt: a confirmation that comes as well makes no second payment. */
const takeFoundMoney: Reaction = ({ address: { tenant }, data }) => {
  const found = data as unknown as FoundMoney
  const to = { tenant, type: 'payment', id: found.paymentId }
  return ['input' in found ? { kind: 'start', to, input: found.input as unknown as Json } : { kind: 'event', to, event: found.event }]
}

function credentialsMessage(
  { tenant, type, id }: Address,
  ready: Pick<Payload<SessionFact, 'session.ready'>, 'phone' | 'package' | 'expiresAt' | 'credentialVersion'>,
  purpose: string,
): ReactionMessage[] {
  const input = {
    channel: 'sms',
    to: ready.phone,
    template: 'hotspot-credentials',
    locale: 'en',
    about: { tenant, type, id },
    credentialVersion: ready.credentialVersion,
    details: { packageName: ready.package.name, expiresAt: ready.expiresAt },
  } satisfies NotificationInput
  return [{ kind: 'start', to: { tenant, type: 'notification', id: derivedId(id, purpose) }, input }]
}

/** By actor type, then by fact. */
export const reactions = {
  payment: {
    'payment.completed': (fact) => [...startSession(fact), ...paySubscription(fact)],
    'payment.refunded': (fact) => [...revokeSession(fact), ...revokeSubscriptionPayment(fact)],
    'payment.reversed': (fact) => [...revokeSession(fact), ...revokeSubscriptionPayment(fact)],
    'payment.claimed': lookForMoney,
  },
  reconciliation: { 'reconciliation.moneyFound': takeFoundMoney },
  'hotspot-session': { 'session.ready': sendCredentials, 'session.resendWanted': resendCredentials },
  subscription: subscriptionReactions,
  voucher: { 'voucher.redeemed': (fact) => [...startVoucherSession(fact), ...tellBatch(fact)], 'voucher.revoked': endVoucherSession },
  'voucher-batch': { 'batch.redeemedTooLate': takeVoucherBack },
  approval: { 'approval.approved': doApproved },
} satisfies Record<string, Record<string, Reaction>>
