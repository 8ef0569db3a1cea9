/**
 * What the dashboard counts, from facts alone: how often, and how much money in minor units. Pure, and additive: the sums of two
 * days are the sums of both, so a day that is over is counted once and for all.
 */
import type { Fact } from '../../runtime/index.ts'

/** By name, such as `payments.completed` or `payments.revenue.KES`. */
export type Sums = Readonly<Record<string, number>>

/** How many facts are in the sums: two sums of one journal with the same number are the same sums. */
export const FACTS = 'facts'

type Counter = (data: Fact['data']) => Record<string, number>

const COUNTERS: Readonly<Record<string, Counter>> = {
  'payment.requested': () => ({ 'payments.requested': 1 }),
  'payment.completed': ({ amount, currency }) => ({ 'payments.completed': 1, ...money('payments.revenue', amount, currency) }),
  'payment.failed': () => ({ 'payments.failed': 1 }),
  'payment.reviewNeeded': () => ({ 'payments.reviewed': 1 }),
  'payment.refunded': ({ amount, currency }) => ({ 'payments.refunded': 1, ...money('payments.refunds', amount, currency) }),
  'payment.reversed': ({ amount, currency }) => ({ 'payments.reversed': 1, ...money('payments.refunds', amount, currency) }),
  'session.ready': () => ({ 'sessions.started': 1 }),
  'session.expired': ({ reason }) => ({ 'sessions.ended': 1, ...(typeof reason === 'string' ? { [`sessions.ended.${reason}`]: 1 } : {}) }),
  'subscription.created': () => ({ 'subscriptions.created': 1 }),
  'subscription.activated': () => ({ 'subscriptions.activated': 1 }),
  'subscription.renewed': ({ price, currency }) => ({ 'subscriptions.renewed': 1, ...money('subscriptions.revenue', price, currency) }),
  'subscription.graceStarted': () => ({ 'subscriptions.overdue': 1 }),
  'subscription.suspended': () => ({ 'subscriptions.suspended': 1 }),
  'subscription.restored': () => ({ 'subscriptions.restored': 1 }),
  'subscription.terminated': () => ({ 'subscriptions.terminated': 1 }),
  'voucher.redeemed': () => ({ 'vouchers.redeemed': 1 }),
  'voucher.revoked': () => ({ 'vouchers.revoked': 1 }),
  'notification.sent': () => ({ 'messages.sent': 1 }),
  'notification.delivered': () => ({ 'messages.delivered': 1 }),
  'notification.failed': () => ({ 'messages.failed': 1 }),
}

/** Whose facts are counted. */
export const COUNTED_TYPES: readonly string[] = ['payment', 'hotspot-session', 'subscription', 'voucher', 'notification']

/** What one fact adds; undefined when it is none that counts. */
export function sumsOf({ address, type, data }: Pick<Fact, 'address' | 'type' | 'data'>): Sums | undefined {
  const counter = COUNTED_TYPES.includes(address.type) && Object.hasOwn(COUNTERS, type) ? COUNTERS[type] : undefined
  return counter === undefined ? undefined : { [FACTS]: 1, ...counter(data) }
}

export function added(a: Sums, b: Sums): Sums {
  const sums: Record<string, number> = { ...a }
  for (const [name, value] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + value
  return sums
}

/** Where the shop's days begin, unless said. */
export const SHOP_ZONE = 'Africa/Nairobi'

/** Days are those of the shop's zone, as `2026-01-31`. */
export function calendar(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  let known = { quarter: Number.NaN, day: '' }
  return (at) => {
    // All zones are off by whole quarters of an hour.
    const quarter = Math.floor(at / QUARTER_MS)
    if (quarter !== known.quarter) known = { quarter, day: format.format(at) }
    return known.day
  }
}

const QUARTER_MS = 15 * 60_000

function money(name: string, amount: unknown, currency: unknown): Record<string, number> {
  return typeof amount === 'number' && typeof currency === 'string' ? { [`${name}.${currency}`]: amount } : {}
}
