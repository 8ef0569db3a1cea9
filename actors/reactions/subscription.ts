/**
 * What payments mean for subscriptions, and what subscriptions tell their customers.
 *
 * | fact                                   | reaction                                                                     |
 * |----------------------------------------|------------------------------------------------------------------------------|
 * | payment.completed (for a subscription) | `subscription.pay`                                                           |
 * | payment.refunded, payment.reversed     | `subscription.revokePayment`                                                 |
 * | subscription.activated, passwordRenewed | start a notification: the login                                             |
 * | subscription.paid                      | start a notification: the receipt                                            |
 * | subscription.reminderDue, graceStarted, suspended, dataUsedUp | start a notification, named by the notice's key       |
 * | subscription.noticesVoid               | `notification.cancel` to those that may not have been sent yet               |
 */
import type { Told } from '../../machines/subscription/facts.ts'
import type { Said, SubscriptionEvent } from '../../machines/subscription/events.ts'
import type { NotificationInput } from '../../machines/notification/events.ts'
import type { Address, Fact, Reaction, ReactionMessage } from '../../runtime/index.ts'
import { derivedId } from '../derived-id.ts'

/** What a notification is named after: the subscription, unless `of` says whose else. */
interface Key {
  of?: string
  purpose: string
}

/** Of payments, as far as they are about subscriptions. */
interface ForSubscription {
  purpose?: { kind: string; subscriptionId?: string }
}

function subscriptionOf({ address, data }: Fact): Address | undefined {
  const { purpose } = data as ForSubscription
  if (purpose?.kind !== 'subscription' || purpose.subscriptionId === undefined) return undefined
  return { tenant: address.tenant, type: 'subscription', id: purpose.subscriptionId }
}

function telling<Type extends SubscriptionEvent['type']>(to: Address | undefined, event: () => Said<Type>): ReactionMessage[] {
  return to === undefined ? [] : [{ kind: 'event', to, event: event() }]
}

export const paySubscription: Reaction = (fact) =>
  telling(subscriptionOf(fact), () => {
    const { amount, currency, receipt, at } = fact.data as { amount: number; currency: string; receipt: string | null; at: number }
    return { type: 'subscription.pay', paymentId: fact.address.id, amount, currency, receipt, paidAt: at }
  })

export const revokeSubscriptionPayment: Reaction = (fact) => {
  // What was credited is taken away, also where something else came.
  const { credited, reason, wasCredited } = fact.data as { credited: number; reason: string; wasCredited: boolean }
  return telling(wasCredited ? subscriptionOf(fact) : undefined, () => ({ type: 'subscription.revokePayment', paymentId: fact.address.id, amount: credited, reason }))
}

type Noticing<Type extends Parameters<typeof told>[1]> = (data: Told<Type>) => Pick<NotificationInput, 'template' | 'details'> & { key: Key; credentialVersion?: number }

function told<Type extends 'subscription.activated' | 'subscription.passwordRenewed' | 'subscription.paid' | 'subscription.reminderDue' | 'subscription.graceStarted' | 'subscription.suspended' | 'subscription.dataUsedUp'>(
  { data }: Fact,
  _type: Type,
): Told<Type> {
  return data as unknown as Told<Type>
}

/** Starts the notification that a notice's key names: the same notice again starts no second one (R3). */
function noticeOf<Type extends Parameters<typeof told>[1]>(type: Type, make: Noticing<Type>): Reaction {
  return (fact) => {
    const data = told(fact, type)
    const { key, template, details, credentialVersion = 1 } = make(data)
    const { tenant, type: actorType, id } = fact.address
    const input = { channel: 'sms', to: data.phone, template, locale: data.locale, about: { tenant, type: actorType, id }, credentialVersion, details } satisfies NotificationInput
    return [{ kind: 'start', to: notificationOf({ tenant, id: key.of ?? id }, key.purpose), input }]
  }
}

function notificationOf({ tenant, id }: Pick<Address, 'tenant' | 'id'>, purpose: string): Address {
  return { tenant, type: 'notification', id: derivedId(id, purpose) }
}

const voidNotices: Reaction = (fact) => {
  const { notices } = fact.data as unknown as Told<'subscription.noticesVoid'>
  return notices.map((key) => ({ kind: 'event', to: notificationOf(fact.address, key), event: { type: 'notification.cancel', reason: 'What it says is not so any more.' } }))
}

const credentials = (data: Told<'subscription.activated'> | Told<'subscription.passwordRenewed'>) => ({
  key: { purpose: `credentials-${data.credentialVersion}` },
  template: 'hotspot-credentials' as const,
  credentialVersion: data.credentialVersion,
  details: { packageName: data.packageName, expiresAt: data.expiresAt ?? data.at, username: data.accountNumber },
})

const owed = ({ packageName, accountNumber, currency, amountDue }: { packageName: string; accountNumber: string; currency: string; amountDue: number }) => ({ packageName, accountNumber, currency, amount: amountDue })

export const subscriptionReactions = {
  'subscription.activated': noticeOf('subscription.activated', credentials),
  'subscription.passwordRenewed': noticeOf('subscription.passwordRenewed', credentials),
  'subscription.paid': noticeOf('subscription.paid', ({ paymentId, receipt, amount, currency, accountNumber, expiresAt, balance }) => ({
    key: { of: paymentId, purpose: 'receipt' },
    template: 'subscription-receipt',
    details: { accountNumber, amount, currency, receipt, expiresAt, balance },
  })),
  'subscription.reminderDue': noticeOf('subscription.reminderDue', (data) => ({ key: { purpose: data.key }, template: 'subscription-reminder', details: { ...owed(data), expiresAt: data.expiresAt ?? data.at } })),
  'subscription.graceStarted': noticeOf('subscription.graceStarted', (data) => ({ key: { purpose: data.key }, template: 'subscription-grace', details: { ...owed(data), graceEndsAt: data.graceEndsAt, isSlowed: data.isSlowed } })),
  'subscription.suspended': noticeOf('subscription.suspended', (data) => ({ key: { purpose: data.key }, template: 'subscription-suspended', details: owed(data) })),
  'subscription.dataUsedUp': noticeOf('subscription.dataUsedUp', (data) => ({
    key: { purpose: data.key },
    template: 'subscription-data-used-up',
    details: { ...owed(data), consequence: data.consequence, termEndsAt: data.termEndsAt },
  })),
  'subscription.noticesVoid': voidNotices,
} satisfies Record<string, Reaction>
