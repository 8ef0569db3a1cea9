/**
 * Money that goes back: what a payment remembers of it, and what to believe of the answers.
 *
 *   F1  Two people: whoever asked for a refund does not approve it.
 *   F2  A return that may have been taken is never sent again. Its result decides, else a status query, else a person.
 *   F3  Success absorbs: a result that says "returned" counts whenever it comes; "already reversed" (R000001) is one.
 *   F4  What is approved is what was asked for: money that was credited since, or that other money has pushed aside, is asked for anew.
 *       And nothing is decided of money while a refund of it waits for the second person.
 */
import type { PaymentContext } from './context.ts'
import type { PaymentEvent } from './events.ts'
import { creditedAmount, isForeign, moneyInReview } from './held.ts'
import type { Refund, ReturnRequest, StatusRequest } from './refund-record.ts'

type RefundEvent<Type extends PaymentEvent['type']> = Extract<PaymentEvent, { type: Type }>
export type ReturnResult = RefundEvent<'payment.returnResult'>

/** B2C pays out ten shillings and more (protocols: M-Pesa, B2C). */
const PAYOUT_MIN = 1_000

/** What came, which is what goes back. Null: we do not know of money. */
export function returnableAmount(context: PaymentContext): number | null {
  const { review, completedAt, rejectedReceipt, amount, mismatch } = context
  const held = moneyInReview(context)
  if (completedAt !== null) return creditedAmount(context) + (mismatch?.difference ?? 0)
  if (held !== null) return held.amount
  if (review?.receipt == null || review.receipt === rejectedReceipt || isForeign(context)) return null
  return review.reason === 'amount-mismatch' ? (typeof review.received === 'number' ? review.received : null) : amount
}

/** The receipt of the money: a reversal must name it. */
export function returnableReceipt({ receipt, review, completedAt }: PaymentContext): string | null {
  return (completedAt === null ? review?.receipt : null) ?? receipt ?? review?.receipt ?? null
}

/** As it came. */
function usualWay({ method }: PaymentContext): Refund['way'] {
  return method === 'cash' ? 'cash' : 'reversal'
}

/** Asked for, and neither approved nor refused yet. */
export function isRefundRequested({ refund }: PaymentContext): boolean {
  return refund !== null && refund.approvedBy === null && refund.refusedBy === null
}

export function canReturn(context: PaymentContext, way: Refund['way'] = usualWay(context)): boolean {
  const amount = returnableAmount(context)
  const { completedAt, review, method, phone } = context
  // A receipt that has credited another payment is not this payment's to give back.
  if (amount === null || isRefundRequested(context) || (completedAt === null && review?.reason === 'receipt-used')) return false
  switch (way) {
    case 'cash':
      return method === 'cash'
    case 'reversal':
      return method !== 'cash' && returnableReceipt(context) !== null
    case 'b2c':
      // Not to a phone that the money did not come from.
      return method !== 'cash' && phone !== null && amount >= PAYOUT_MIN && (completedAt !== null || review?.reason !== 'phone-mismatch')
  }
}

/** F4. */
export function isAsAsked(context: PaymentContext): boolean {
  const { refund, completedAt } = context
  if (refund === null || refund.wasCredited !== (completedAt !== null) || refund.amount !== returnableAmount(context)) return false
  return refund.original === null || refund.original === returnableReceipt(context)
}

export function withRefundRequest(context: PaymentContext, { way, reason, by }: RefundEvent<'payment.refund'>, at: number): Partial<PaymentContext> {
  return {
    refund: {
      way: way ?? usualWay(context),
      amount: returnableAmount(context) ?? 0,
      currency: context.currency,
      reason,
      wasCredited: context.completedAt !== null,
      original: returnableReceipt(context),
      requestedBy: by,
      requestedAt: at,
      approvedBy: null,
      approvedAt: null,
      refusedBy: null,
      requests: context.refund?.requests ?? 0,
      attempts: 0,
      retryMs: 0,
      originatorConversationId: null,
      conversationId: null,
      checks: 0,
      lastResult: null,
      receipt: null,
      returnedAt: null,
      charge: null,
      failedAt: null,
    },
  }
}

/** Changes the refund that is there; without one it changes nothing. */
export function changeRefund(context: PaymentContext, change: Partial<Refund>): Partial<PaymentContext> {
  return context.refund === null ? {} : { refund: { ...context.refund, ...change } }
}

/** A reversal whose own number we never got can not be asked about; a payout has one that we chose. */
export function canCheck({ refund }: PaymentContext): boolean {
  return refund !== null && refund.way !== 'cash' && (refund.way === 'b2c' || refund.originatorConversationId !== null)
}

export function returnRequest(context: PaymentContext): ReturnRequest {
  const { way, requests, amount, currency, reason } = context.refund as Refund
  return { way: way === 'b2c' ? 'b2c' : 'reversal', request: requests, receipt: returnableReceipt(context), phone: context.phone, amount, currency, reason }
}

export function statusRequest({ refund }: PaymentContext): StatusRequest {
  const { way, requests, originatorConversationId } = refund as Refund
  return { way: way === 'b2c' ? 'b2c' : 'reversal', request: requests, originatorConversationId }
}

export type ReturnVerdict = 'foreign' | 'returned' | 'not-returned' | 'unclear'

/** Codes after which the money certainly stayed (protocols: M-Pesa, result codes of the async family). */
const NOT_RETURNED: ReadonlySet<string> = new Set(['1', '2', '3', '4', '5', '6', '7', '8', '11', '12', '13', '14', '20', '21', '2001', '2006', '2028', '2040', '8006', 'R000002', 'SFC_IC0003'])
const RETURNED: ReadonlySet<string> = new Set(['0', 'R000001'])
const STATUS_NOT_RETURNED: ReadonlySet<string> = new Set(['failed', 'declined', 'cancelled', 'expired'])

export function judgeReturn({ refund }: PaymentContext, { about, resultCode, transactionStatus = '', ...ids }: ReturnResult): ReturnVerdict {
  if (refund === null || refund.approvedBy === null || refund.way === 'cash') return 'foreign'
  if (about === 'return') {
    if (isOther(refund.originatorConversationId, ids.originatorConversationId) && isOther(refund.conversationId, ids.conversationId)) return 'foreign'
    if (RETURNED.has(resultCode)) return 'returned'
    return NOT_RETURNED.has(resultCode) ? 'not-returned' : 'unclear'
  }
  const status = transactionStatus.trim().toLowerCase()
  if (resultCode !== '0') return 'unclear'
  if (status === 'completed') return 'returned'
  return STATUS_NOT_RETURNED.has(status) ? 'not-returned' : 'unclear'
}

/** Both are known and differ. */
function isOther(known: string | null, told: string | undefined): boolean {
  return known !== null && told !== undefined && known !== told
}

export function withReturnResult(context: PaymentContext, { about, resultCode, resultDesc, receipt, charge }: ReturnResult, at: number): Partial<PaymentContext> {
  return changeRefund(context, {
    lastResult: { source: about === 'return' ? 'result' : 'status', code: resultCode, description: resultDesc, at },
    receipt: receipt ?? context.refund?.receipt ?? null,
    charge: charge ?? context.refund?.charge ?? null,
  })
}
