/**
 * Money that came in without being asked for: whose it is. One answer for all who may tell us of it (the paybill's confirmation, the
 * provider's list), so that the same money becomes the same payment.
 *
 * In this order:
 *   1. a payment that names the receipt already: the same money, told again. Where only a callback had told of it, it learns that it did come, how much
 *      it is, and of which subscription, as in 2; and its payer, where that was not told in full;
 *   2. a prompted payment whose account number it is: Safaricom confirms prompts here, too. Where another receipt has paid that, it came a
 *      second time: it is credit of the subscription that was paid for, or a person looks;
 *   3. the subscription whose account number it is;
 *   4. the only subscription of the payer's phone, which may be told in full or as a hash;
 *   5. nobody: a payment for a person to look at.
 *
 * Money for a shortcode that is none of ours is only looked for by its receipt: whom its account number names is not ours to say.
 */
import { createHmac } from 'node:crypto'
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { PaymentInput } from '../../machines/payment/events.ts'
import type { ActorView, EventObject, SearchHit } from '../../runtime/index.ts'
import { phoneHash } from '../gateways/mpesa/phone-hash.ts'
import { isIncomplete } from './identifiers.ts'

export interface ReceivedMoney {
  source: 'c2b' | 'pull'
  receipt: string
  /** Minor units. */
  amount: number
  currency: string
  /** RFC 3339. */
  at: string | null
  /** As the payer typed it. */
  accountReference: string | null
  /** Digits with country code, if told in full. */
  phone: string | null
  payer: { hash: string | null; masked: string | null; name: string | null }
  /** The shortcode that was paid, if it is none of ours. */
  foreignShortcode?: string
}

/** What is asked of the engine; the same face as its own. */
export interface Directory {
  search(query: { tenant: string; values: readonly string[]; limit: number }): Promise<SearchHit[]>
  get(address: { tenant: string; type: string; id: string }): Promise<ActorView | undefined>
}

export type Destination =
  /** The event goes to a payment that is there. */
  | { kind: 'told'; paymentId: string; event: EventObject }
  /** It is a payment already, and has nothing to learn. */
  | { kind: 'known'; paymentId: string }
  /** A payment is made of it. */
  | { kind: 'new'; paymentId: string; input: PaymentInput }

export type ReceiptIds = (tenant: string, receipt: string) => string

const HITS_MAX = 500
const ID_CHARS = 32

/** The payment made of a receipt: the same whoever tells us. Keyed, so that nobody who sees a receipt knows the payment's address. */
export function receiptPaymentIds(key: string): ReceiptIds {
  return (tenant, receipt) => `pay_${createHmac('sha256', key).update(`payment of receipt\0${tenant}\0${receipt}`).digest('hex').slice(0, ID_CHARS)}`
}

/** What customers type as account number: spaces and dashes mean nothing, nor does case. */
export function plainReference(typed: string): string {
  return typed.replace(/[\s-]/g, '').toUpperCase()
}

export async function findDestination(directory: Directory, idOf: ReceiptIds, tenant: string, money: ReceivedMoney): Promise<Destination> {
  const reference = money.accountReference === null ? null : plainReference(money.accountReference)
  const hits = await directory.search({ tenant, values: [money.receipt, ...(reference === null ? [] : [reference])], limit: HITS_MAX })
  const paymentOf = async (kind: string, value: string | null) => {
    const hit = hits.find(({ identifier, address }) => address.type === 'payment' && identifier.kind === kind && identifier.value === value)
    return hit === undefined ? undefined : directory.get(hit.address)
  }

  const named = await paymentOf('receipt', money.receipt)
  if (named !== undefined) return toldAgain(directory, tenant, money, named)
  if (money.foreignShortcode !== undefined) return { kind: 'new', paymentId: idOf(tenant, money.receipt), input: inputOf(money, []) }
  const prompted = await paymentOf('account', reference)
  if (prompted !== undefined && contextOf(prompted).receipt === null) return told(prompted, money)
  if (prompted !== undefined) return { kind: 'new', paymentId: idOf(tenant, money.receipt), input: await inputOfSecond(directory, money, prompted) }

  const owner = hits.find(({ identifier, address }) => address.type === 'subscription' && identifier.kind === 'account' && identifier.value === reference)
  const subscriptions = owner === undefined ? await subscriptionsOfPayer(directory, tenant, money) : await active(directory, [owner])
  return { kind: 'new', paymentId: idOf(tenant, money.receipt), input: inputOf(money, subscriptions) }
}

async function toldAgain(directory: Directory, tenant: string, money: ReceivedMoney, payment: ActorView): Promise<Destination> {
  const context = contextOf(payment)
  if (money.foreignShortcode !== undefined) return { kind: 'known', paymentId: payment.id }
  if (context.method === 'stk') return told(payment, money)
  if (!isIncomplete(payment.states, context)) return { kind: 'known', paymentId: payment.id }
  if (context.received?.source === 'callback') {
    const paid = context.received.besides === null ? undefined : await directory.get({ tenant, type: 'payment', id: context.received.besides })
    const [subscription] = paid === undefined ? [] : await subscriptionPaidBy(directory, paid)
    const { source, receipt, amount } = money
    return { kind: 'told', paymentId: payment.id, event: { type: 'payment.confirmReceived', source, receipt, amount, ...(subscription === undefined ? {} : { subscriptionId: subscription }) } }
  }
  if (money.phone === null) return { kind: 'known', paymentId: payment.id }
  const [subscriptionId, another] = await subscriptionsOfPayer(directory, tenant, money)
  const isOne = subscriptionId !== undefined && another === undefined
  return { kind: 'told', paymentId: payment.id, event: { type: 'payment.namePayer', phone: money.phone, ...(isOne ? { subscriptionId } : {}) } }
}

async function inputOfSecond(directory: Directory, money: ReceivedMoney, paid: ActorView): Promise<PaymentInput> {
  return inputOf(money, await subscriptionPaidBy(directory, paid), paid.id)
}

/** None where it is over, or something else was paid for. */
async function subscriptionPaidBy(directory: Directory, paid: ActorView): Promise<string[]> {
  const { purpose } = contextOf(paid)
  const to = purpose.kind === 'subscription' ? await directory.get({ tenant: paid.tenant, type: 'subscription', id: purpose.subscriptionId }) : undefined
  return to === undefined ? [] : withoutSettled([to])
}

/** Whether a payer who is about to pay would pay for something that we know. */
export async function isAccountKnown(directory: Directory, tenant: string, money: ReceivedMoney): Promise<boolean> {
  const destination = await findDestination(directory, () => 'pay_0', tenant, money)
  return destination.kind !== 'new' || destination.input.purpose.kind !== 'unmatched'
}

async function subscriptionsOfPayer(directory: Directory, tenant: string, { phone, payer }: ReceivedMoney): Promise<string[]> {
  const hash = phone === null ? payer.hash : phoneHash(phone)
  if (hash === null) return []
  const byHash = await directory.search({ tenant, values: [hash], limit: HITS_MAX })
  const hits = byHash.length > 0 || phone === null ? byHash : await directory.search({ tenant, values: [phone], limit: HITS_MAX })
  return active(directory, hits.filter(({ address }) => address.type === 'subscription'))
}

/** One that is over goes on taking money, for a person to give back: rather a person decides at once what new money is for. */
async function active(directory: Directory, hits: readonly SearchHit[]): Promise<string[]> {
  const views = await Promise.all([...new Map(hits.map((hit) => [hit.address.id, hit.address])).values()].map((address) => directory.get(address)))
  return withoutSettled(views.filter((view) => view !== undefined))
}

function withoutSettled(subscriptions: readonly ActorView[]): string[] {
  return subscriptions.filter(({ status, tags }) => status === 'active' && !tags.includes('settled')).map(({ id }) => id)
}

function told(view: ActorView, { source, receipt, amount, currency, phone, payer, at }: ReceivedMoney): Destination {
  const from = phone ?? payer.masked
  const event = { type: 'payment.callback', source, resultCode: '0', resultDesc: '', receipt, amount, currency, ...(from === null ? {} : { phone: from }), ...(at === null ? {} : { transactionDate: at }) }
  return { kind: 'told', paymentId: view.id, event }
}

function inputOf({ source, receipt, amount, currency, at, accountReference, phone, payer, foreignShortcode }: ReceivedMoney, subscriptions: readonly string[], besides: string | null = null): PaymentInput {
  const [subscriptionId, another] = subscriptions
  const isKnown = subscriptionId !== undefined && another === undefined
  const unknown = another === undefined ? 'account-unknown' : 'several-subscriptions'
  const untold = besides === null ? unknown : 'paid-twice'
  const doubt = foreignShortcode === undefined ? untold : 'foreign-shortcode'
  return {
    method: 'c2b',
    purpose: isKnown ? { kind: 'subscription', subscriptionId } : { kind: 'unmatched' },
    phone,
    package: null,
    received: { receipt, source, transactionDate: at, accountReference, payer, doubt: isKnown ? null : doubt, besides, shortcode: foreignShortcode ?? null },
    amount,
    currency,
    macAddress: null,
    clientHash: null,
  }
}

function contextOf(view: ActorView): PaymentContext {
  return view.context as PaymentContext
}
