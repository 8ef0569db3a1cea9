/** What a decision of staff gives away, in minor units: by that it needs one key or two. */
import { isDeepStrictEqual } from 'node:util'
import { sessionInput } from '../../machines/hotspot-session/events.ts'
import { packageSnapshot } from '../../machines/package.ts'
import type { PaymentContext } from '../../machines/payment/context.ts'
import { subscriptionPlan, type SubscriptionPlan } from '../../machines/plan.ts'
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import type { EventObject } from '../../runtime/index.ts'
import type { Package, Packages } from '../ports/packages.ts'
import { listedPlan, type Plans } from '../subscriptions/plan-of.ts'

/** An amount of null: nobody can say, so it is more than one key may give. */
export type Worth = { amount: number; currency: string } | { amount: null; currency: string | null }

/** Of a package that is not on the price list as it is named: nothing is sold so, and nobody can agree on it. */
const UNKNOWN: Worth = { amount: null, currency: null }

/** Types and events whose worth counts. Refunds have two keys of their own, whatever they are worth (docs/adr/0020). */
const WEIGHED: Readonly<Record<string, ReadonlySet<string>>> = {
  // Callbacks are not weighed: they come by their web hooks. Whoever has the right to say one by hand says that money has come.
  payment: new Set(['payment.approve', 'payment.assign', 'payment.callback']),
  subscription: new Set(['subscription.changeExpiry', 'subscription.changePackage', 'subscription.pay']),
}

export function isWeighed(type: string, event: string): boolean {
  return WEIGHED[type]?.has(event) ?? false
}

/** Of these the making counts. */
export function isWeighedNew(type: string): boolean {
  return WEIGHED_NEW.has(type)
}

const WEIGHED_NEW: ReadonlySet<string> = new Set(['voucher-batch', 'payment', 'subscription', 'hotspot-session'])

/** What is credited, or what is given for it or said to have come if that is more. */
export async function worthOfPayment(packages: Pick<Packages, 'find'>, tenant: string, { amount, currency, review }: PaymentContext, { package: given, amount: said }: EventObject): Promise<Worth> {
  const received = typeof review?.received === 'number' ? review.received : 0
  const price = given === undefined ? undefined : await priceOf(packages, tenant, given)
  return price?.amount === null ? price : { amount: Math.max(amount, received, price?.amount ?? 0, typeof said === 'number' ? said : 0), currency }
}

/** Of an event that says how much has come; undefined for what its own schema refuses. */
export function worthOfMoney({ amount, currency }: Readonly<Record<string, unknown>>): Worth | undefined {
  return typeof amount === 'number' && typeof currency === 'string' ? { amount, currency } : undefined
}

/** Ways of money that is recorded by hand: it is said to have come, and nobody but the caller knows. A prompt asks the payer. */
const BY_HAND: ReadonlySet<unknown> = new Set(['cash', 'c2b'])

/** Of a payment that is to be recorded: what is said to have come. A package that it buys costs no more (api/payments/admitted-input.ts). */
export function worthOfRecorded(input: unknown): Worth | undefined {
  const said = (input ?? {}) as Readonly<Record<string, unknown>>
  return BY_HAND.has(said['method']) ? worthOfMoney(said) : undefined
}

const MONTH_MS = 30 * 86_400_000

/**
 * The time that is given, at the price of the plan, or at that of today's price list if it is more. Time that is taken away gives nobody
 * anything. `now` is the clock of the actors.
 */
export async function worthOfTime(plans: Plans, tenant: string, { plan, expiresAt }: SubscriptionContext, { expiresAt: until }: EventObject, now: number): Promise<Worth> {
  const to = typeof until === 'string' ? Date.parse(until) : Number.NaN
  const given = to - Math.max(now, expiresAt ?? now)
  const listed = await listedPlan(plans, tenant, plan.id)
  const perMs = Math.max(pricePerMs(plan), listed?.currency === plan.currency ? pricePerMs(listed) : 0)
  return { amount: given > 0 ? Math.ceil(given * perMs) : 0, currency: plan.currency }
}

function pricePerMs({ term: { unit, count }, amount }: SubscriptionPlan): number {
  return amount / (count * (unit === 'months' ? MONTH_MS : 1_000))
}

/**
 * Of a plan with a price of its own, by which paid time is exchanged and new time is sold, for as long as the customer stays: two keys may agree on
 * it, but nobody can say what it gives away. One of the price list gives nothing away: undefined.
 */
export async function worthOfPlan(plans: Plans, tenant: string, given: unknown): Promise<Worth | undefined> {
  const parsed = subscriptionPlan.safeParse(given)
  if (!parsed.success) return undefined
  return isDeepStrictEqual(parsed.data, await listedPlan(plans, tenant, parsed.data.id)) ? undefined : { amount: null, currency: parsed.data.currency }
}

/** Of access that nobody paid for; undefined for what its own schema refuses. */
export async function worthOfAccess(packages: Pick<Packages, 'find'>, tenant: string, input: unknown): Promise<Worth | undefined> {
  const read = sessionInput.safeParse(input)
  return read.success ? priceOf(packages, tenant, read.data.package) : undefined
}

/** What its codes sell for. What is no input of a batch is refused by its own schema. */
export async function worthOfBatch(packages: Pick<Packages, 'find'>, tenant: string, input: unknown): Promise<Worth> {
  const { count, package: given } = (input ?? {}) as { count?: unknown; package?: unknown }
  const price = await priceOf(packages, tenant, given)
  return typeof count === 'number' && price.amount !== null ? { ...price, amount: count * price.amount } : UNKNOWN
}

async function priceOf(packages: Pick<Packages, 'find'>, tenant: string, given: unknown): Promise<Worth> {
  const parsed = packageSnapshot.safeParse(given)
  const found = parsed.success ? await packages.find(tenant, parsed.data.id) : undefined
  return found !== undefined && isSame(parsed.data, found) ? { amount: found.amount, currency: found.currency } : UNKNOWN
}

/** A year under the name of an hour is no hour. */
function isSame(given: object | undefined, sold: Package): boolean {
  return Object.entries(given ?? {}).every(([name, value]) => sold[name as keyof Package] === value)
}
