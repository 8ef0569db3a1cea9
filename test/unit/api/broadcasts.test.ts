/** What customers and staff are told of the ends of things, and where. */
import { describe, expect, it } from 'vitest'
import { broadcastsOf } from '../../../api/channels/broadcasts.ts'
import type { Fact } from '../../../runtime/index.ts'

function fact(type: string, of: string, id: string, data: Record<string, unknown>): Fact {
  return { key: 'k', type, address: { tenant: 'main', type: of, id }, seq: 1, at: 0, data } as unknown as Fact
}
const told = (one: Fact, webUrl?: string) => broadcastsOf(one, one.data, () => 'ref', { webUrl })
const toUser = (one: Fact, webUrl?: string) => told(one, webUrl).filter(({ channel }) => channel.startsWith('private-user.')).map(({ channel, event, data }) => [channel, event, data])

const EXPIRED = { reason: 'data', source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', packageId: 'hour 1', logins: 2, usedSeconds: 60, usedBytes: 1_000 }

describe('SessionExpired', () => {
  it('tells the payer what was used, why it is over, and where to buy again', () => {
    const [first] = toUser(fact('session.expired', 'hotspot-session', 'hs_1', EXPIRED), 'https://shop.example.org/buy')
    expect(first).toEqual(['private-user.pay_1', 'SessionExpired', {
      session: { id: 'hs_1', reason: 'data', package_id: 'hour 1', logins: 2, duration_seconds: 60, data_used_bytes: 1_000, phone_number: '254708374149', expired_at: '1970-01-01T00:00:00.000Z', renew_url: 'https://shop.example.org/buy?package_id=hour+1' },
    }])
  })

  it('sends nobody anywhere without pages, and is told under its own id if no payment bought it', () => {
    expect(toUser(fact('session.expired', 'hotspot-session', 'v-1', { ...EXPIRED, source: { kind: 'voucher', id: 'v-1' } }))[0]).toMatchObject(['private-user.v-1', 'SessionExpired', { session: { renew_url: null } }])
  })
})

describe('CredentialsSent', () => {
  const message = { template: 'hotspot-credentials', to: '254708374149', providerId: 'ATPid_1', cost: { amount: 80, currency: 'KES' }, segments: 1 }
  const stats = (type: string, data: Record<string, unknown>) => told(fact(type, 'notification', 'n_1', data)).filter(({ channel, event }) => channel === 'private-dashboard-stats' && event === 'CredentialsSent').map(({ data: { notification } }: { data: { notification?: object } }) => notification)

  it('says what has become of the message, by its id, with provider and cost', () => {
    const known = { id: 'n_1', phone_number: '254708374149', provider_id: 'ATPid_1', cost: { amount: 80, currency: 'KES' }, segments: 1 }
    expect(stats('notification.sent', message)).toEqual([{ ...known, sms_status: 'sent', sent_at: '1970-01-01T00:00:00.000Z' }])
    expect(stats('notification.delivered', message)).toEqual([{ ...known, sms_status: 'delivered', delivered_at: '1970-01-01T00:00:00.000Z' }])
    expect(stats('notification.failed', { ...message, providerId: null, cost: null, segments: 0, code: 'invalid-number' })).toEqual([{ ...known, provider_id: null, cost: null, segments: 0, sms_status: 'failed', failed_at: '1970-01-01T00:00:00.000Z', code: 'invalid-number' }])
  })

  it('is not said of other messages, nor to others than staff', () => {
    expect(stats('notification.delivered', { ...message, template: 'subscription-receipt' })).toEqual([])
    expect(told(fact('notification.delivered', 'notification', 'n_1', message)).filter(({ channel }) => !['private-dashboard-stats', 'private-actor.notification.n_1'].includes(channel))).toEqual([])
  })
})

describe('subscriptions and vouchers', () => {
  const customer = { accountNumber: '12345674', packageName: 'Home', phone: '254708374149', expiresAt: 1_000, currency: 'KES' }

  it('a payment is told to its payer', () => {
    expect(toUser(fact('subscription.paid', 'subscription', 'sub_1', { ...customer, paymentId: 'pay_9', amount: 250_000, receipt: 'R1' }))).toMatchObject([
      ['private-user.pay_9', 'SubscriptionPaid', { subscription: { id: 'sub_1', account_number: '12345674', amount_minor: 250_000, receipt: 'R1' } }],
      ['private-user.pay_9', 'subscription.paid', {}],
    ])
  })

  it('what happens to a subscription or a voucher is told under its id', () => {
    const events = [
      fact('subscription.suspended', 'subscription', 'sub_1', { ...customer, amountDue: 100 }),
      fact('subscription.dataUsedUp', 'subscription', 'sub_1', { ...customer, usedBytes: 5, consequence: 'slowed' }),
      fact('subscription.graceStarted', 'subscription', 'sub_1', { ...customer, amountDue: 100, graceEndsAt: 5 }),
      fact('voucher.redeemed', 'voucher', 'v-1', { batchId: 'b', package: { name: 'Hour' }, phone: '254708374149' }),
    ].map((one) => toUser(one)[0]?.slice(0, 2))
    expect(events).toEqual([['private-user.sub_1', 'SubscriptionSuspended'], ['private-user.sub_1', 'SubscriptionDataUsedUp'], ['private-user.sub_1', 'SubscriptionGraceStarted'], ['private-user.v-1', 'VoucherRedeemed']])
  })

  it('nothing of them is told to everybody', () => {
    expect(told(fact('subscription.activated', 'subscription', 'sub_1', customer)).filter(({ channel }) => !channel.startsWith('private-'))).toEqual([])
  })
})
