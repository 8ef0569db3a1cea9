/** The live channels' part of the AsyncAPI document: channels, what they tell, and who may listen. */
import { PUBLIC_CHANNELS, STATS_CHANNEL } from './names.ts'

const money = { amount: { type: 'number' }, amount_minor: { type: 'integer' }, currency: { type: 'string' }, status: { const: 'completed' }, package: { type: ['string', 'null'] }, method: { type: 'string' } }
const reference = { type: 'string', description: 'Stands for the id, and leads nowhere.' }
const time = { type: 'string', format: 'date-time' }
const nullableTime = { type: ['string', 'null'], format: 'date-time' }

const object = (properties: object): object => ({ type: 'object', properties })

/** By key in the document; `name` is the event's name on the channel. */
const MESSAGES = {
  'live-payment-completed': { name: 'PaymentCompleted', payload: object({ payment: object({ id: { type: 'string' }, ...money, phone_number: { type: 'string', description: 'masked' }, receipt: { type: ['string', 'null'] }, completed_at: time }) }) },
  'live-payment-completed-public': { name: 'PaymentCompleted', payload: object({ payment: object({ reference, ...money, completed_at: time }) }) },
  'live-hotspot-user-created': {
    name: 'HotspotUserCreated',
    payload: object({ user: object({ id: { type: 'string' }, status: { const: 'active' }, package: { type: ['string', 'null'] }, starts_at: nullableTime, expires_at: nullableTime, phone_number: { type: 'string', description: 'masked' } }), payment: object({ id: { type: ['string', 'null'], description: 'null: by a voucher' } }) }),
  },
  'live-hotspot-user-created-public': { name: 'HotspotUserCreated', payload: object({ user: object({ reference, status: { const: 'active' }, package: { type: ['string', 'null'] }, starts_at: nullableTime, expires_at: nullableTime }) }) },
  'live-credentials-sent': {
    name: 'CredentialsSent',
    payload: object({ notification: object({ id: { type: 'string' }, phone_number: { type: 'string', description: 'masked' }, sms_status: { enum: ['sent', 'delivered', 'failed'], description: 'told anew when it becomes another' }, provider_id: { type: ['string', 'null'] }, cost: { type: ['object', 'null'] }, segments: { type: 'integer' }, sent_at: time, delivered_at: time, failed_at: time, code: { type: 'string', description: 'why it failed' } }) }),
  },
  'live-session-expired': {
    name: 'SessionExpired',
    payload: object({ session: object({ id: { type: 'string' }, reason: { type: 'string' }, package_id: { type: 'string' }, logins: { type: 'integer' }, duration_seconds: { type: ['number', 'null'] }, data_used_bytes: { type: ['number', 'null'] }, phone_number: { type: 'string', description: 'masked' }, expired_at: time, renew_url: { type: ['string', 'null'], description: 'where the same package is sold, when WEB_URL is set' } }) }),
  },
  'live-voucher-redeemed': {
    name: 'VoucherRedeemed',
    payload: object({ voucher: object({ id: { type: 'string' }, batch_id: { type: 'string' }, package: { type: ['string', 'null'] }, phone_number: { type: 'string', description: 'masked' }, redeemed_at: time }) }),
  },
  'live-subscription': {
    name: 'SubscriptionPaid, SubscriptionActivated, SubscriptionDataUsedUp, SubscriptionGraceStarted, SubscriptionSuspended',
    payload: object({ subscription: object({ id: { type: 'string' }, account_number: { type: 'string' }, package: { type: 'string' }, phone_number: { type: 'string', description: 'masked' }, expires_at: { type: ['string', 'null'] }, at: time }) }),
  },
  'live-dashboard-stats-updated': {
    name: 'DashboardStatsUpdated',
    payload: object({ version: { type: 'integer' }, previous: { type: 'integer', description: 'the version that this applies to' }, today: object({ day: { type: 'string' }, sums: { type: 'object' } }), total: { type: 'object' } }),
  },
  'live-fact': {
    name: 'any fact, by its own name',
    payload: object({ key: { type: 'string', description: 'the same at every repetition' }, type: { type: 'string' }, actor: object({ type: { type: 'string' }, id: { type: 'string' } }), seq: { type: 'integer' }, at: time, data: { type: 'object' } }),
  },
} as const

type MessageKey = keyof typeof MESSAGES

const OF_STAFF: readonly MessageKey[] = ['live-payment-completed', 'live-hotspot-user-created', 'live-credentials-sent', 'live-session-expired', 'live-voucher-redeemed', 'live-subscription', 'live-fact']
const OF_PUBLIC: Readonly<Record<(typeof PUBLIC_CHANNELS)[number], MessageKey>> = { payments: 'live-payment-completed-public', 'hotspot-users': 'live-hotspot-user-created-public' }

function channel(address: string, title: string, keys: readonly MessageKey[], parameters?: object): object {
  return {
    address,
    title,
    ...(parameters === undefined ? {} : { parameters }),
    servers: [{ $ref: '#/servers/live' }],
    messages: Object.fromEntries(keys.map((key) => [key, { $ref: `#/components/messages/${key}` }])),
  }
}

export function liveChannels(): { server: object; channels: Record<string, object>; operations: Record<string, object>; messages: Record<string, object> } {
  const channels: Record<string, object> = {
    ...Object.fromEntries(PUBLIC_CHANNELS.map((name) => [`live-${name}`, channel(name, 'Public: nothing personal, no credentials', [OF_PUBLIC[name]])])),
    'live-dashboard-stats': channel(STATS_CHANNEL, 'For staff', [...OF_STAFF, 'live-dashboard-stats-updated']),
    'live-user': channel('private-user.{id}', 'For the customer of this payment, and staff', ['live-payment-completed', 'live-hotspot-user-created', 'live-session-expired', 'live-voucher-redeemed', 'live-subscription'], { id: { description: 'The id of the payment, which is that of its session; for staff also of a voucher or subscription.' } }),
    'live-actor': channel('private-actor.{type}.{id}', 'For whoever may see this actor', OF_STAFF, { type: { description: 'The actor type.' }, id: { description: "The actor's id." } }),
  }
  return {
    server: {
      host: 'localhost:3000',
      protocol: 'ws',
      pathname: '/app/{key}',
      description:
        'Pusher Channels protocol 7, for `pusher-js` and `laravel-echo`; `GET /api/channels` tells the key. Each event with a name like `PaymentCompleted` is also sent as `App\\Events\\PaymentCompleted`, as Echo expects. ' +
        'A private channel needs the signature of `POST /broadcasting/auth`. The same is told by `GET /api/v1/stream` as server-sent events.',
      variables: { key: { description: 'One per tenant.' } },
    },
    channels,
    operations: Object.fromEntries(Object.keys(channels).map((name) => [`tell-${name}`, { action: 'send', channel: { $ref: `#/channels/${name}` } }])),
    messages: Object.fromEntries(Object.entries(MESSAGES).map(([key, message]) => [key, { title: message.name, ...message }])),
  }
}
