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

/** An event of the shop's own, besides the fact by its own name. */
interface Named {
  event: string
  /** For staff, in full but for what their roles may not see. */
  data: (fact: Fact, shown: Data) => object
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
    data: ({ address }, shown) => ({ user: { id: address.id, ...access(shown), phone_number: shown['phone'] }, payment: { id: paymentOf(shown) } }),
    public: { channel: 'hotspot-users', data: ({ data }, reference) => ({ user: { reference, ...access(data) } }) },
    user: sessionUser,
  },
  'notification.sent': {
    event: 'CredentialsSent',
    data: ({ address, at }, shown) => ({
      notification: { id: address.id, phone_number: shown['to'], sms_status: 'sent', provider_id: shown['providerId'], cost: shown['cost'] ?? null, segments: shown['segments'], sent_at: iso(at) },
    }),
  },
  'session.expired': {
    event: 'SessionExpired',
    data: ({ address, at }, shown) => ({ session: { id: address.id, ...ending(shown), phone_number: shown['phone'], expired_at: iso(at) } }),
    user: sessionUser,
  },
}

/** @param shown the fact's data as the listeners may see it. */
export function broadcastsOf(fact: Fact, shown: Data, reference: (id: string) => string): Broadcast[] {
  const { address, type } = fact
  const own = { key: fact.key, type, actor: { type: address.type, id: address.id }, seq: fact.seq, at: iso(fact.at), data: shown }
  const broadcasts: Broadcast[] = [
    { channel: actorChannel(address), event: type, data: own },
    { channel: STATS_CHANNEL, event: type, data: own },
  ]
  const named = NAMED[type]
  if (named === undefined || !isNamed(fact)) return broadcasts
  const { event, public: open, user } = named
  const data = named.data(fact, shown)
  broadcasts.push({ channel: actorChannel(address), event, data }, { channel: STATS_CHANNEL, event, data })
  if (open !== undefined) broadcasts.push({ channel: open.channel, event, data: open.data(fact, reference(address.id)) })
  if (user !== undefined) broadcasts.push(...[event, type].map((name) => ({ channel: userChannel(user(fact)), event: name, data })))
  return broadcasts
}

/** Of all messages only the one with the credentials has a name of its own. */
function isNamed({ type, data }: Fact): boolean {
  return type !== 'notification.sent' || data['template'] === 'hotspot-credentials'
}

function paidFor(data: Data): object {
  const { amount, currency } = data as { amount: number; currency: string }
  return { amount: majorUnits(amount, currency), amount_minor: amount, currency, status: 'completed', package: packageName(data), method: data['method'] ?? 'stk' }
}

function access(data: Data): object {
  return { status: 'active', package: packageName(data), starts_at: isoOrNull(data['startsAt']), expires_at: isoOrNull(data['expiresAt']) }
}

function ending(data: Data): object {
  const { uploadBytes, downloadBytes, startsAt, at } = data as { uploadBytes?: number; downloadBytes?: number; startsAt?: number; at?: number }
  return {
    reason: data['reason'],
    package_id: data['packageId'],
    logins: data['logins'],
    duration_seconds: startsAt === undefined || at === undefined ? null : Math.round((at - startsAt) / 1_000),
    data_used_bytes: uploadBytes === undefined || downloadBytes === undefined ? null : uploadBytes + downloadBytes,
  }
}

/** Null for an access that a voucher opened. */
function paymentOf({ source }: Data): string | null {
  const { kind, id } = (source ?? {}) as { kind?: string; id?: string }
  return kind === 'payment' ? (id ?? null) : null
}

/** An access has the id of what it was bought with. */
function sessionUser({ address }: Fact): string {
  return address.id
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
