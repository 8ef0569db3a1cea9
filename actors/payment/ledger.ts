/**
 * What a payment posts, in the commit of each step (R1):
 *
 * | step                                      | debit                | credit                                 |
 * |-------------------------------------------|----------------------|----------------------------------------|
 * | completed                                 | `mpesa` or `cash`    | `revenue:hotspot` or `customer:<id>`   |
 * | money came that credits nobody (yet)      | `mpesa`              | `unmatched`                            |
 * | that money credited                       | `unmatched`          | `revenue:hotspot` or `customer:<id>`   |
 * | that money never came, as staff found     | `unmatched`          | `mpesa`                                |
 * | more (or less) of it came than was told   | `mpesa`              | `unmatched`                            |
 * | that money is a payment of its own now    | `unmatched`          | `mpesa`, and that payment the reverse  |
 * | more came than was credited (or less)     | `mpesa`              | `unmatched`                            |
 * | refund approved                           | what was credited    | `refunds:pending`                      |
 * | money went back                           | `refunds:pending`    | as it went, `mpesa` or `cash`; a charge: `fees` from `mpesa` |
 * | money did not go back                     | `refunds:pending`    | what was credited                      |
 *
 * So `mpesa` holds what the provider's statement holds, whatever is still to be decided (docs/adr/0017). Money that was paid to a
 * shortcode which is none of ours is not in the books until a person says that it is ours.
 *
 * Payments that were completed before there was a ledger are not in it: it begins with a balance of zero, and the provider's statement
 * is the record of the time before.
 */
import type { PaymentContext, PaymentFact } from '../../machines/payment/context.ts'
import { creditedAmount, moneyInReview } from '../../machines/payment/held.ts'
import type { Change, Projection } from '../../runtime/index.ts'
import { heldChange, heldIn } from './held-change.ts'
import { ledgerEntry, transfer, type LedgerLine } from '../ledger/posting.ts'

const PENDING = 'refunds:pending'

interface Posting {
  description: string
  lines: LedgerLine[]
  receipt: string | null
}

export const paymentLedger: Projection = (change) => {
  const { currency } = change.context as PaymentContext
  const told = change.facts.flatMap(({ type, data }) => postingsOf({ type, ...data } as unknown as PaymentFact, change))
  return [...heldPostings(change), ...told].map((posting, index) => ledgerEntry(change, { ref: index + 1, currency, ...posting }))
}

function heldPostings(change: Change): Posting[] {
  const { added, denied, parted, amended } = heldChange(change)
  return [
    ...added.map(({ receipt, amount }) => ({ description: 'Money that credits nobody yet', lines: transfer('unmatched', 'mpesa', amount), receipt })),
    ...denied.map(({ receipt, amount }) => ({ description: 'No such money came', lines: transfer('mpesa', 'unmatched', amount), receipt })),
    ...amended.map(({ receipt, difference }) => ({ description: 'Another amount came than was told', lines: transfer('unmatched', 'mpesa', difference), receipt })),
    ...parted.map(({ receipt, amount }) => ({ description: 'A payment of its own now', lines: transfer('mpesa', 'unmatched', amount), receipt })),
  ]
}

function postingsOf(fact: PaymentFact, change: Change): Posting[] {
  const context = change.context as PaymentContext
  switch (fact.type) {
    case 'payment.completed':
      return [sale(context, change.previousContext as PaymentContext | undefined)]
    case 'payment.mismatchFound':
      return fact.difference === undefined ? [] : [{ description: 'Another amount came than was credited', lines: transfer('unmatched', 'mpesa', fact.difference), receipt: fact.receipt }]
    case 'payment.refundApproved':
      return [{ description: `Refund approved: ${fact.reason}`, lines: [...takenFrom(context), { account: PENDING, amount: -fact.amount }], receipt: null }]
    case 'payment.refundFailed':
      return [{ description: 'The refund did not happen', lines: negated([...takenFrom(context), { account: PENDING, amount: -fact.amount }]), receipt: null }]
    case 'payment.refunded':
    case 'payment.reversed':
      return wayBack(fact, change)
    default:
      return []
  }
}

/** What was held is in the books already; only what is not comes in now. */
function sale(context: PaymentContext, before: PaymentContext | undefined): Posting {
  const amount = creditedAmount(context)
  const known = heldIn(before).find(({ receipt }) => receipt === context.receipt)?.amount ?? 0
  const lines = [
    { account: assetAccount(context), amount: amount - known },
    { account: 'unmatched', amount: known },
    { account: creditAccount(context), amount: -amount },
  ]
  return { description: SALES[context.purpose.kind], lines, receipt: known === amount ? null : context.receipt }
}

function wayBack(fact: Extract<PaymentFact, { type: 'payment.refunded' | 'payment.reversed' }>, { context, previousStates }: Change): Posting[] {
  const { refund } = context as PaymentContext
  // After a failure nothing is pending any more: the money goes from where it was put back.
  const from = previousStates.includes('refundFailed') ? takenFrom(context as PaymentContext) : [{ account: PENDING, amount: fact.amount }]
  const to = refund?.way === 'cash' ? 'cash' : 'mpesa'
  const charge = refund?.charge ?? 0
  const back = { description: fact.type === 'payment.reversed' ? 'Reversed' : 'Refunded', lines: [...from, { account: to, amount: -fact.amount }], receipt: fact.returnReceipt }
  // Apart, as on the provider's statement.
  return charge === 0 ? [back] : [back, { description: 'Charge of the return', lines: transfer('mpesa', 'fees', charge), receipt: fact.returnReceipt }]
}

const SALES = { hotspot: 'Payment of a hotspot package', subscription: 'Payment of a subscription', unmatched: 'Payment' } as const

function creditAccount({ purpose }: PaymentContext): string {
  if (purpose.kind === 'unmatched') return 'unmatched'
  return purpose.kind === 'subscription' ? `customer:${purpose.subscriptionId}` : 'revenue:hotspot'
}

function assetAccount({ method }: PaymentContext): string {
  return method === 'cash' ? 'cash' : 'mpesa'
}

/**
 * What a refund takes its money from, as debits. What came beyond the credit, or short of it, goes back with it. That of a prompt whose
 * money is not in the books (its amount or receipt was never told) comes in and goes out.
 */
function takenFrom(context: PaymentContext): LedgerLine[] {
  const { completedAt, mismatch, refund } = context
  if (completedAt === null) return [{ account: moneyInReview(context) === null ? 'mpesa' : 'unmatched', amount: refund?.amount ?? 0 }]
  const amount = refund?.amount ?? 0
  const difference = mismatch?.difference ?? 0
  return [
    { account: creditAccount(context), amount: amount - difference },
    { account: 'unmatched', amount: difference },
  ]
}

function negated(lines: readonly LedgerLine[]): LedgerLine[] {
  return lines.map(({ account, amount }) => ({ account, amount: -amount }))
}
