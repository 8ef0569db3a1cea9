/** What a payment announces of money that goes back. */
import type { PaymentContext, PaymentFact } from './context.ts'
import { returnableReceipt } from './refund.ts'
import { creditedAmount } from './held.ts'
import type { Refund } from './refund-record.ts'

type FactOf<Type extends PaymentFact['type']> = Extract<PaymentFact, { type: Type }>

function step(context: PaymentContext, at: number) {
  const { way, amount, currency, reason } = context.refund as Refund
  return { way, amount, currency, reason, at }
}

export function refundRequestedFact(context: PaymentContext, at: number): FactOf<'payment.refundRequested'> {
  return { type: 'payment.refundRequested', requestedBy: context.refund?.requestedBy ?? '', ...step(context, at) }
}

export function refundApprovedFact(context: PaymentContext, at: number): FactOf<'payment.refundApproved'> {
  return { type: 'payment.refundApproved', approvedBy: context.refund?.approvedBy ?? '', ...step(context, at) }
}

export function refundRefusedFact(context: PaymentContext, at: number): FactOf<'payment.refundRefused'> {
  return { type: 'payment.refundRefused', refusedBy: context.refund?.refusedBy ?? '', ...step(context, at) }
}

export function refundFailedFact(context: PaymentContext, at: number): FactOf<'payment.refundFailed'> {
  const { code = '', description = '' } = context.refund?.lastResult ?? {}
  return { type: 'payment.refundFailed', code, description, ...step(context, at) }
}

export function returnedFact(context: PaymentContext, at: number): FactOf<'payment.reversed' | 'payment.refunded'> {
  const { purpose, method, completedAt } = context
  const refund = context.refund as Refund
  return {
    type: refund.way === 'reversal' ? 'payment.reversed' : 'payment.refunded',
    purpose,
    method,
    wasCredited: completedAt !== null,
    credited: creditedAmount(context),
    receipt: returnableReceipt(context),
    returnReceipt: refund.receipt,
    charge: refund.charge,
    ...step(context, at),
  }
}
