/**
 * What a payment posts, in the commit of each step (R1):
 *
 * | step              | debit | credit            |
 * |-------------------|-------|-------------------|
 * | payment.completed | mpesa | `revenue:hotspot` |
 *
 * Payments that were completed before there was a ledger are not in it: it begins with a balance of zero, and the statement
 * of the provider for that time is the record.
 */
import type { PaymentContext } from '../../machines/payment/context.ts'
import type { Projection } from '../../runtime/index.ts'
import { ledgerEntry, transfer } from '../ledger/posting.ts'

export const paymentLedger: Projection = (change) => {
  const { amount, currency, receipt } = change.context as PaymentContext
  return change.facts
    .filter(({ type }) => type === 'payment.completed')
    .map((_fact, index) => ledgerEntry(change, { ref: index + 1, description: 'Payment of a hotspot package', lines: transfer('revenue:hotspot', 'mpesa', amount), currency, receipt }))
}
