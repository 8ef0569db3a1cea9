/**
 * What each fact says on which channel. Pure. A public channel tells what a shop window may: how much was paid for what, under a
 * reference that leads nowhere; never an id, for ids of payments are what their payers ask with.
 */
import type { Fact } from '../../runtime/index.ts'
import { majorUnits } from '../payments/payment-view.ts'
import { actorChannel, STATS_CHANNEL, userChannel } from './names.ts'

export interface Broadcast {
  channel: string
  event: string
  data: object
}

type Data = Fact['data']

/** Where customers buy. */
export interface Shop {
  /** Without it nobody is sent anywhere. */
  webUrl?: string | undefined
}

/** An event of the shop's own, besides the fact by its own name. */
interface Named {
  event: string
  /** For staff, in full but for what their roles may not see. */
  data: (fact: Fact, shown: Data, shop: Shop) => object
  /** For everybody. */
  public?: { channel: string; data: (fact: Fact, reference: string) => object }
  /** The customer it is about, and what he is told. */
  user?: (fact: Fact) => string
}

const NAMED: Readonly<Record<string, Named>> = {
  'payment.completed': {
    event: 'PaymentCompleted',
    data: ({ address, at }, shown) => ({ payment: { id: address.id, ...paidFor(shown), phone_number: shown['phone'], receipt: shown['receipt'], completed_at: iso(at) } }),
    public: { channel: 'payments', data: ({ data, at }, reference) => ({ payment: { reference, ...paidFor(data), completed_at: iso(at) } }) },
    user: ({ address }) => address.id,
  },
  'session.ready': {
    event: 'HotspotUserCreated',
    data: ({ address }, shown) => ({ user: { id: address.id, ...access(shown), phone_number: shown['phone'] }, payment: { id: paymentOf(shown) ?? null } }),
    public: { channel: 'hotspot-users', data: ({ data }, reference) => ({ user: { reference, ...access(data) } }) },
    user: sessionUser,
  },
  'notification.sent': { event: 'CredentialsSent', data: ({ address, at }, shown) => smsStatus(address.id, 'sent', shown, { sent_at: iso(at) }) },
  'notification.delivered': { event: 'CredentialsSent', data: ({ address, at }, shown) => smsStatus(address.id, 'delivered', shown, { delivered_at: iso(at) }) },
  'notification.failed': { event: 'CredentialsSent', data: ({ address, at }, shown) => smsStatus(address.id, 'failed', shown, { failed_at: iso(at), code: shown['code'] }) },
  'session.expired': {
    event: 'SessionExpired',
    data: ({ address, at }, shown, shop) => ({ session: { id: address.id, ...ending(shown), phone_number: shown['phone'], expired_at: iso(at), renew_url: renewUrl(shop, shown['packageId']) } }),
    user: sessionUser,
  },
  'voucher.redeemed': {
    event: 'VoucherRedeemed',
    data: ({ address, at }, shown) => ({ voucher: { id: address.id, batch_id: shown['batchId'], package: packageName(shown), phone_number: shown['phone'], redeemed_at: iso(at) } }),
    user: ({ address }) => address.id,
  },
  // Told to the payer, who waits for it under the id of the payment.
  'subscription.paid': { ...subscriptionEvent('SubscriptionPaid', ({ amount, currency, receipt }) => ({ ...money(amount, currency), receipt })), user: ({ data }) => String(data['paymentId']) },
  'subscription.activated': subscriptionEvent('SubscriptionActivated'),
  'subscription.restored': subscriptionEvent('SubscriptionActivated'),
  'subscription.dataUsedUp': subscriptionEvent('SubscriptionDataUsedUp', ({ usedBytes, consequence }) => ({ data_used_bytes: usedBytes, consequence })),
  'subscription.graceStarted': subscriptionEvent('SubscriptionGraceStarted', ({ graceEndsAt, amountDue, currency }) => ({ grace_ends_at: isoOrNull(graceEndsAt), due: money(amountDue, currency) })),
  'subscription.suspended': subscriptionEvent('SubscriptionSuspended', ({ amountDue, currency }) => ({ due: money(amountDue, currency) })),
}

function subscriptionEvent(event: string, more: (shown: Data) => object = () => ({})): Named {
  return {
    event,
    data: ({ address, at }, shown) => ({
      subscription: { id: address.id, account_number: shown['accountNumber'], package: shown['packageName'], phone_number: shown['phone'], expires_at: isoOrNull(shown['expiresAt']), ...more(shown), at: iso(at) },
    }),
    user: ({ address }) => address.id,
  }
}

/** @param shown the fact's data as the listeners may see it. */
export function broadcastsOf(fact: Fact, shown: Data, reference: (id: string) => string, shop: Shop = {}): Broadcast[] {
  const { address, type } = fact
  const own = { key: fact.key, type, actor: { type: address.type, id: address.id }, seq: fact.seq, at: iso(fact.at), data: shown }
  const broadcasts: Broadcast[] = [
    { channel: actorChannel(address), event: type, data: own },
    { channel: STATS_CHANNEL, event: type, data: own },
  ]
  const named = NAMED[type]
  if (named === undefined || !isNamed(fact)) return broadcasts
  const { event, public: open, user } = named
  const data = named.data(fact, shown, shop)
  broadcasts.push({ channel: actorChannel(address), event, data }, { channel: STATS_CHANNEL, event, data })
  if (open !== undefined) broadcasts.push({ channel: open.channel, event, data: open.data(fact, reference(address.id)) })
  if (user !== undefined) broadcasts.push(...[event, type].map((name) => ({ channel: userChannel(user(fact)), event: name, data })))
  return broadcasts
}

/** Of all messages only the one with the credentials has a name of its own. */
function isNamed({ type, data }: Fact): boolean {
  return !type.startsWith('notification.') || data['template'] === 'hotspot-credentials'
}

/** One event for all that becomes of the message: a client knows it again by its id. */
function smsStatus(id: string, status: 'sent' | 'delivered' | 'failed', shown: Data, more: object): object {
  return { notification: { id, phone_number: shown['to'], sms_status: status, provider_id: shown['providerId'] ?? null, cost: shown['cost'] ?? null, segments: shown['segments'], ...more } }
}

function paidFor(data: Data): object {
  const { amount, currency } = data as { amount: number; currency: string }
  return { amount: majorUnits(amount, currency), amount_minor: amount, currency, status: 'completed', package: packageName(data), method: data['method'] ?? 'stk' }
}

function access(data: Data): object {
  return { status: 'active', package: packageName(data), starts_at: isoOrNull(data['startsAt']), expires_at: isoOrNull(data['expiresAt']) }
}

function ending(data: Data): object {
  return { reason: data['reason'], package_id: data['packageId'], logins: data['logins'], duration_seconds: data['usedSeconds'] ?? null, data_used_bytes: data['usedBytes'] ?? null }
}

function sessionUser({ address, data }: Fact): string {
  return paymentOf(data) ?? address.id
}

/** Undefined: it was bought with something else. */
function paymentOf(data: Data): string | undefined {
  const { kind, id } = (data['source'] ?? {}) as { kind?: string; id?: string }
  return kind === 'payment' ? id : undefined
}

/** Where the same can be bought again. */
function renewUrl({ webUrl }: Shop, packageId: unknown): string | null {
  if (webUrl === undefined || typeof packageId !== 'string') return null
  const url = new URL(webUrl)
  url.searchParams.set('package_id', packageId)
  return url.href
}

function money(amount: unknown, currency: unknown): object {
  return { amount: majorUnits(amount as number, currency as string), amount_minor: amount, currency }
}

function packageName(data: Data): unknown {
  return (data['package'] as { name?: unknown } | null | undefined)?.name ?? null
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

function isoOrNull(at: unknown): string | null {
  return typeof at === 'number' ? iso(at) : null
}
