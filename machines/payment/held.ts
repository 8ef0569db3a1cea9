/**
 * Money that came and has credited nobody. It is in the books from the step in which we hear of it, so that they say what the
 * provider's statement says, whatever a person decides of it later:
 *
 *   H1  What is certain is held: an amount in our currency, and a receipt that is no other payment's. What is held once is not held again.
 *   H2  It stays held until it is credited, or a person finds that it never came. A refund takes the money, and the record stays.
 *   H3  Further money of the same payment, whichever came first, is held beside it.
 */
import type { HeldMoney, PaymentContext } from './context.ts'
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
  const { receipt, amount } = context
  return receipt === null || isForeign(context) ? [] : [{ receipt, amount }]
}

/** Of a result that says that money came. */
export function withHeld(context: PaymentContext, callback: PaymentCallback): Change {
  const told = certainMoney(context, callback)
  return told === null || heldBy(context, told.receipt) !== null ? {} : { held: [...context.held, told].slice(-RECEIPTS_MAX) }
}

/** Money a second time. */
export function withOtherReceipt(context: PaymentContext, callback: PaymentCallback): Change {
  return { ...withHeld(context, callback), otherReceipts: [...context.otherReceipts, callback.receipt ?? ''].slice(-RECEIPTS_MAX) }
}

/** The payment is credited by what its receipt names; what else is held came too much. */
export function withHeldReleased({ held, receipt, otherReceipts }: PaymentContext): Change {
  const left = held.filter((money) => money.receipt !== receipt)
  const others = [...otherReceipts.filter((one) => one !== receipt), ...left.map((money) => money.receipt)]
  return { held: left, otherReceipts: [...new Set(others)].slice(-RECEIPTS_MAX) }
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

/** Its receipt is none that this payment knows of. */
export function isFurtherMoney(context: PaymentContext, event: PaymentEvent): boolean {
  const { receipt } = event as PaymentCallback
  const known = [context.receipt, context.review?.receipt, ...context.otherReceipts, ...context.held.map((money) => money.receipt)]
  return receipt !== undefined && !known.includes(receipt)
}

function certainMoney({ currency }: PaymentContext, told: PaymentCallback): HeldMoney | null {
  const { receipt, amount, receiptUsedBy } = told
  if (receipt === undefined || receipt === '' || amount === undefined || amount <= 0 || receiptUsedBy !== undefined) return null
  return told.currency === undefined || told.currency === currency ? { receipt, amount } : null
}
