/**
 * What a payment posts, in the commit of each step (R1):
 *
 * | step                                | debit             | credit                                   |
 * |-------------------------------------|-------------------|------------------------------------------|
 * | completed                           | `mpesa` or `cash` | `revenue:hotspot` or `customer:<id>`     |
 * | money came, nobody knows what for   | `mpesa`           | `unmatched`                              |
 * | that money assigned                 | `unmatched`       | `revenue:hotspot` or `customer:<id>`     |
 * | money a second time                 | `mpesa`           | `unmatched`                              |
 * | refund approved                     | what was credited | `refunds:pending`                        |
 * | money went back                     | `refunds:pending` | `mpesa`; a charge: `fees` from `mpesa`   |
 * | money did not go back               | `refunds:pending` | what was credited                        |
 *
 * Payments that were completed before there was a ledger are not in it: it begins with a balance of zero, and the provider's statement
 * is the record of the time before.
 */
import type { PaymentContext, PaymentFact } from '../../machines/payment/context.ts'
import type { Change, Projection } from '../../runtime/index.ts'
import { ledgerEntry, transfer, type LedgerLine } from '../ledger/posting.ts'

const PENDING = 'refunds:pending'

interface Posting {
  description: string
  lines: LedgerLine[]
  receipt: string | null
}

export const paymentLedger: Projection = (change) => {
  const { currency } = change.context as PaymentContext
  const postings = change.facts.flatMap(({ type, data }) => postingsOf({ type, ...data } as unknown as PaymentFact, change))
  return postings.map((posting, index) => ledgerEntry(change, { ref: index + 1, currency, ...posting }))
}

function postingsOf(fact: PaymentFact, change: Change): Posting[] {
  const context = change.context as PaymentContext
  const { receipt, refund } = context
  const amount = context.paidAmount ?? context.amount
  switch (fact.type) {
    case 'payment.completed':
      return [{ description: SALES[context.purpose.kind], lines: transfer(creditAccount(context), wasUnmatched(change) ? 'unmatched' : assetAccount(context), amount), receipt: wasUnmatched(change) ? null : receipt }]
    case 'payment.reviewNeeded':
      return isFirst(change) ? [{ description: 'Money for an unknown purpose', lines: transfer('unmatched', 'mpesa', amount), receipt }] : []
    case 'payment.duplicateReceived':
      return fact.amount === null ? [] : [{ description: 'Money a second time for one payment', lines: transfer('unmatched', 'mpesa', fact.amount), receipt: fact.receipt }]
    case 'payment.refundApproved':
      return [{ description: `Refund approved: ${fact.reason}`, lines: transfer(PENDING, refundedAccount(context), fact.amount), receipt: null }]
    case 'payment.refundFailed':
      return [{ description: 'The refund did not happen', lines: transfer(refundedAccount(context), PENDING, fact.amount), receipt: null }]
    case 'payment.refunded':
    case 'payment.reversed': {
      // After a failure nothing is pending any more: the money goes from where it was put back.
      const from = change.previousStates.includes('refundFailed') ? refundedAccount(context) : PENDING
      const charge = refund?.charge ?? 0
      const back = { description: fact.type === 'payment.reversed' ? 'Reversed' : 'Refunded', lines: transfer('mpesa', from, fact.amount), receipt: fact.returnReceipt }
      // Apart, as on the provider's statement.
      return charge === 0 ? [back] : [back, { description: 'Charge of the return', lines: transfer('mpesa', 'fees', charge), receipt: fact.returnReceipt }]
    }
    default:
      return []
  }
}

const SALES = { hotspot: 'Payment of a hotspot package', subscription: 'Payment of a subscription', unmatched: 'Payment' } as const

function creditAccount({ purpose }: PaymentContext): string {
  if (purpose.kind === 'unmatched') return 'unmatched'
  return purpose.kind === 'subscription' ? `customer:${purpose.subscriptionId}` : 'revenue:hotspot'
}

function assetAccount({ method }: PaymentContext): string {
  return method === 'cash' ? 'cash' : 'mpesa'
}

/** What a refund takes the money from. That of a prompt which was never credited is not in the books: it comes in and goes out. */
function refundedAccount(context: PaymentContext): string {
  if (context.completedAt !== null) return creditAccount(context)
  return context.method === 'c2b' ? 'unmatched' : 'mpesa'
}

/** It was booked when it came. */
function wasUnmatched({ previousContext }: Change): boolean {
  return (previousContext as PaymentContext | undefined)?.purpose.kind === 'unmatched'
}

function isFirst({ context, previousStates }: Change): boolean {
  return previousStates.length === 0 && (context as PaymentContext).purpose.kind === 'unmatched'
}
