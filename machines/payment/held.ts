/**
 * Money that came and has credited nobody. It is in the books from the step in which we hear of it, so that they say what the
 * provider's statement says, whatever a person decides of it later:
 *
 *   H1  What is certain is held: an amount in our currency, and a receipt that is no other payment's. What is held once is not held again.
 *   H2  It stays held until it is credited, or a person finds that it never came. A refund takes the money, and the record stays.
 *   H3  A payment is about one money. Further money, whichever came first, is parted in the step that hears of it: it becomes a payment of
 *       its own, under review, so that it can be assigned or given back like any other (actors/payment/parted-money.ts).
 *   H4  A callback is unsigned. What the paybill or the provider's list says of the same receipt counts instead, whatever has been decided
 *       meanwhile: it did come, and it is as much as they say (confirmed.ts).
 */
import type { HeldMoney, PaymentContext, PaymentFact } from './context.ts'
import type { PaymentCallback, PaymentEvent } from './events.ts'

type Change = Partial<PaymentContext>

/** R9: further receipts are in the journal, not in the record. */
const RECEIPTS_MAX = 10

/** Paid to a shortcode that is none of ours: a person must find out whether it is our money at all. */
export function isForeign({ received, completedAt }: PaymentContext): boolean {
  return received?.doubt === 'foreign-shortcode' && completedAt === null
}

/** Of money that came by itself. */
export function heldAtFirst(context: PaymentContext): HeldMoney[] {
  const { receipt, amount, received, phone } = context
  if (receipt === null || received === null || isForeign(context)) return []
  return [{ receipt, amount, source: received.source, phone: phone ?? received.payer.masked, transactionDate: received.transactionDate }]
}

/** Of a result that says that money came. */
export function withHeld(context: PaymentContext, callback: PaymentCallback): Change {
  const told = certainMoney(context, callback)
  return told === null || heldBy(context, told.receipt) !== null ? {} : { held: [...context.held, told] }
}

/** Money a second time, of which we are not told how much it is. */
export function withOtherReceipt({ otherReceipts }: PaymentContext, { receipt = '' }: PaymentCallback): Change {
  return { otherReceipts: [...otherReceipts, receipt].slice(-RECEIPTS_MAX) }
}

/** The payment is credited by what its receipt names. */
export function withHeldReleased({ held, receipt }: PaymentContext): Change {
  return { held: held.filter((money) => money.receipt !== receipt) }
}

/** H3: what is held besides the money that is under review here; the first of it. */
export function furtherMoney({ held, completedAt, review }: PaymentContext): HeldMoney | null {
  return held.find(({ receipt }) => completedAt !== null || receipt !== review?.receipt) ?? null
}

export function partedFact(context: PaymentContext, at: number): Extract<PaymentFact, { type: 'payment.duplicateReceived' }> {
  const { receipt, amount, ...told } = furtherMoney(context) as HeldMoney
  return { type: 'payment.duplicateReceived', receipt, amount, money: { receipt, amount, ...told, currency: context.currency }, at }
}

export function withParted(context: PaymentContext): Change {
  const { held, parted, otherReceipts } = context
  const further = furtherMoney(context) as HeldMoney
  return {
    held: held.filter((money) => money !== further),
    parted: [...parted, further.receipt].slice(-RECEIPTS_MAX),
    otherReceipts: otherReceipts.filter((receipt) => receipt !== further.receipt),
  }
}

/** A person found that what is under review never came. */
export function withoutReviewed({ held, review }: PaymentContext): HeldMoney[] {
  return held.filter(({ receipt }) => receipt !== review?.receipt)
}

export function heldBy({ held }: PaymentContext, receipt: string | null | undefined): HeldMoney | null {
  return held.find((money) => money.receipt === receipt) ?? null
}

/** What a person is to decide of, of a payment that is not credited. */
export function moneyInReview(context: PaymentContext): HeldMoney | null {
  return context.completedAt === null ? heldBy(context, context.review?.receipt) : null
}

/** How much more came than was credited: what the books lack. Undefined where that is not certain. */
export function differenceOf(context: PaymentContext, callback: PaymentCallback): number | undefined {
  const told = certainMoney(context, callback)
  return told === null ? undefined : told.amount - creditedAmount(context)
}

/** What the payment is worth to whoever is credited with it. */
export function creditedAmount({ paidAmount, amount }: PaymentContext): number {
  return paidAmount ?? amount
}

/** Its receipt is none that this payment knows of, or one of which only now is told how much came by it. */
export function isFurtherMoney(context: PaymentContext, event: PaymentEvent): boolean {
  const callback = event as PaymentCallback
  const { receipt, review, completedAt, parted, otherReceipts, held } = context
  const known = [receipt, completedAt === null ? review?.receipt : null, ...parted, ...held.map((money) => money.receipt)]
  if (callback.receipt === undefined || known.includes(callback.receipt)) return false
  return isToldInFull(context, event) || !otherReceipts.includes(callback.receipt)
}

/** H1. */
export function isToldInFull(context: PaymentContext, event: PaymentEvent): boolean {
  return certainMoney(context, event as PaymentCallback) !== null
}

function certainMoney({ currency }: PaymentContext, told: PaymentCallback): HeldMoney | null {
  const { receipt, amount, receiptUsedBy, source = 'callback', phone = null, transactionDate = null } = told
  if (receipt === undefined || receipt === '' || amount === undefined || amount <= 0 || receiptUsedBy !== undefined) return null
  return told.currency === undefined || told.currency === currency ? { receipt, amount, source, phone, transactionDate } : null
}
