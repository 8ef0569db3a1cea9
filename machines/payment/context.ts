/** What a payment remembers: plain JSON, times in milliseconds since the epoch, and enough of the past for support. */
import type { PackageSnapshot } from '../package.ts'
import type { PaymentCallback, PaymentInput, PaymentPurpose } from './events.ts'
import type { Refund } from './refund-record.ts'

export interface PaymentContext extends PaymentInput {
  requestedAt: number
  /** Prompts asked for. More than one only when the earlier ones were certainly not taken. */
  attempts: number
  promptRetryMs: number
  checkoutRequestId: string | null
  merchantRequestId: string | null
  promptedAt: number | null
  /** Queries begun; decides how long the next gap is. */
  queries: number
  /** Callbacks received, repeated ones included. */
  callbacks: number
  lastResult: PaymentResult | null
  failure: PaymentFailure | null
  review: PaymentReview | null
  completedAt: number | null
  confirmedBy: ConfirmedBy | null
  /** What came, where that is known to differ from what was asked; minor units. */
  paidAmount: number | null
  /** Null while only a query vouches for the payment: queries name no receipt, a later callback does. */
  receipt: string | null
  /** When the payer's money moved, by the callback; RFC 3339. */
  transactionDate: string | null
  /** How long after we had given up the money came; null if we had not. */
  lateByMs: number | null
  /** How a result differed that came for a payment which was credited without one; staff must look at it. */
  mismatch: PaymentMismatch | null
  /** Money that came and has credited nobody: it is in the books as `unmatched` until it is credited, goes back, or turns out never to have come. */
  held: HeldMoney[]
  /** Receipts of further money for this one purchase, each a payment of its own now. */
  parted: string[]
  /** Receipts of further money of which we were not told how much it is: in no books, until it is told better. */
  otherReceipts: string[]
  /** What staff said on approving, rejecting or cancelling. */
  decision: string | null
  /** The receipt that staff refused, so that a repeated callback does not ask them again. */
  rejectedReceipt: string | null
  /** The receipt with which the customer says to have paid; it proves nothing. */
  claim: { receipt: string; usedBy: string | null; at: number } | null
  claims: number
  /** The newest refund that was asked for. */
  refund: Refund | null
}

export interface HeldMoney {
  receipt: string
  /** Minor units of the payment's currency. */
  amount: number
  /** Who told of it. */
  source: ToldBy
  /** The phone that it came from, as told: digits, or digits with some of them masked by `*`. */
  phone: string | null
  /** When it moved; RFC 3339. */
  transactionDate: string | null
}

export type ToldBy = PaymentCallback['source']

export type ConfirmedBy = 'callback' | 'query' | 'staff' | 'c2b' | 'pull'

export interface PaymentResult {
  source: 'push' | 'callback' | 'query'
  code: string
  description: string
  at: number
}

export interface PaymentFailure {
  reason: 'result' | 'not-prompted' | 'cancelled' | 'rejected'
  code: string | null
  words: { staff: string; customer: string }
  /** When another payment may be tried; null: whenever they wish. */
  retryAfterMs: number | null
  /** True if our own or Safaricom's set-up must be mended. */
  needsStaff: boolean
  at: number
}

export interface PaymentReview {
  reason: MismatchReason | Doubt | 'result-unclear' | 'prompt-uncertain' | 'unconfirmed'
  expected: string | number | null
  received: string | number | null
  /** The payment that the receipt has credited; with `receipt-used` only. */
  usedBy?: string
  receipt: string | null
  code: string | null
  /** Missing in records from before there were any. */
  words?: { staff: string; customer: string }
  at: number
}

/** Why nobody knows what money was for. */
export type Doubt = 'account-unknown' | 'several-subscriptions' | 'foreign-shortcode' | 'paid-twice'

export type MismatchReason = 'amount-mismatch' | 'currency-mismatch' | 'phone-mismatch' | 'receipt-used'

export interface PaymentMismatch extends Pick<PaymentReview, 'expected' | 'received' | 'usedBy' | 'receipt' | 'at'> {
  reason: MismatchReason
  /** What came less what was credited, minor units, where the books were corrected by it. Missing in records from before they were. */
  difference?: number
}

export type PaymentFact =
  | { type: 'payment.requested'; method: PaymentInput['method']; purpose: PaymentPurpose; phone: string | null; packageId: string | null; amount: number; currency: string; at: number }
  | { type: 'payment.prompted'; checkoutRequestId: string; at: number }
  | {
      type: 'payment.completed'
      purpose: PaymentPurpose
      method: PaymentInput['method']
      packageId: string | null
      package: PackageSnapshot | null
      amount: number
      currency: string
      phone: string | null
      macAddress: string | null
      receipt: string | null
      confirmedBy: ConfirmedBy
      lateByMs: number | null
      at: number
    }
  | ({ type: 'payment.failed' } & PaymentFailure)
  | ({ type: 'payment.reviewNeeded' } & PaymentReview)
  /** The receipt of a payment that a query had confirmed. */
  | { type: 'payment.receiptRecorded'; receipt: string; at: number }
  /** The money of a payment that was credited already, told otherwise than it was asked for. */
  | ({ type: 'payment.mismatchFound' } & PaymentMismatch)
  /** Money a second time for one purchase. `money`: it becomes a payment of its own; null where we were not told how much of ours it is. */
  | { type: 'payment.duplicateReceived'; receipt: string; amount: number | null; money: (HeldMoney & { currency: string }) | null; at: number }
  /** The customer says to have paid, and names a receipt that we do not know of yet. */
  | { type: 'payment.claimed'; receipt: string; at: number }
  | RefundFact

type RefundStep = Pick<Refund, 'way' | 'amount' | 'currency' | 'reason'> & { at: number }

/** The money went back. `wasCredited`: something was given for it, worth `credited`, which is to be taken away. */
type Returned = RefundStep & { purpose: PaymentPurpose; method: PaymentInput['method']; wasCredited: boolean; credited: number; receipt: string | null; returnReceipt: string | null; charge: number | null }

type RefundFact =
  | ({ type: 'payment.refundRequested'; requestedBy: string } & RefundStep)
  | ({ type: 'payment.refundApproved'; approvedBy: string } & RefundStep)
  | ({ type: 'payment.refundRefused'; refusedBy: string } & RefundStep)
  /** The money did not go back. */
  | ({ type: 'payment.refundFailed'; code: string; description: string } & RefundStep)
  /** By reversal of the payer's transaction. */
  | ({ type: 'payment.reversed' } & Returned)
  /** By a payout to the payer's phone. */
  | ({ type: 'payment.refunded' } & Returned)

/** Tolerates a missing input: XState makes one throw-away context without it (reference: pitfall 4). */
export function newPayment(input: PaymentInput): PaymentContext {
  return {
    ...input,
    requestedAt: 0,
    attempts: 0,
    promptRetryMs: 0,
    checkoutRequestId: null,
    merchantRequestId: null,
    promptedAt: null,
    queries: 0,
    callbacks: 0,
    lastResult: null,
    failure: null,
    review: null,
    completedAt: null,
    confirmedBy: null,
    receipt: input?.received?.receipt ?? null,
    transactionDate: input?.received?.transactionDate ?? null,
    lateByMs: null,
    mismatch: null,
    parted: [],
    otherReceipts: [],
    decision: null,
    rejectedReceipt: null,
    paidAmount: null,
    held: [],
    claim: null,
    claims: 0,
    refund: null,
  }
}
