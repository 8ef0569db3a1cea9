/** How a payment's record changes with each thing that happens. Pure: each takes the record and gives the changed fields. */
import type { PromptOutcome, QueryOutcome } from './calls.ts'
import type { ConfirmedBy, PaymentContext, PaymentFact, PaymentFailure, PaymentResult, PaymentReview } from './context.ts'
import type { PaymentAssignment, PaymentCallback, PaymentDecision, PaymentEvent } from './events.ts'
import { creditedAmount, differenceOf, heldAtFirst, heldBy, withHeld, withoutReviewed } from './held.ts'
import { failureOfRefusal, failureOfResult, findMismatch } from './judgement.ts'
import { REVIEW_WORDS } from './review-words.ts'

type Change = Partial<PaymentContext>

export function withAccepted(answer: Extract<PromptOutcome, { outcome: 'accepted' }>, at: number): Change {
  return { checkoutRequestId: answer.checkoutRequestId, merchantRequestId: answer.merchantRequestId, promptedAt: at }
}

export function withCallback(context: PaymentContext, callback: PaymentCallback, at: number): Change {
  return {
    callbacks: context.callbacks + 1,
    lastResult: { source: 'callback', code: String(callback.resultCode), description: callback.resultDesc ?? '', at },
  }
}

export function resultOfQuery(outcome: QueryOutcome, at: number): PaymentResult {
  const code = outcome.outcome === 'answered' ? outcome.resultCode : 'pending'
  return { source: 'query', code, description: outcome.resultDesc, at }
}

/** The ids of the prompt, if its answer never came. Only money may bring them: a forged failure must not shut the real callback out. */
function withPromptOf(context: PaymentContext, callback: PaymentCallback): Change {
  return {
    checkoutRequestId: context.checkoutRequestId ?? callback.checkoutRequestId ?? null,
    merchantRequestId: context.merchantRequestId ?? callback.merchantRequestId ?? null,
  }
}

export function withPayment(context: PaymentContext, confirmedBy: ConfirmedBy, at: number): Change {
  return { confirmedBy, completedAt: at, lateByMs: context.failure === null ? null : at - context.failure.at }
}

export function withReceipt(context: PaymentContext, callback: PaymentCallback): Change {
  return {
    ...withPromptOf(context, callback),
    receipt: callback.receipt ?? context.receipt,
    transactionDate: callback.transactionDate ?? context.transactionDate,
  }
}

/** For staff to look at. Unlike {@link withMismatch} it asks for no decision: the payment is credited. */
export function withNotedMismatch(context: PaymentContext, callback: PaymentCallback, at: number): Change {
  const mismatch = findMismatch(context, callback)
  if (mismatch === null) return {}
  const difference = mismatch.reason === 'amount-mismatch' ? differenceOf(context, callback) : undefined
  return { mismatch: { ...mismatch, receipt: callback.receipt ?? null, at, ...(difference === undefined ? {} : { difference }) } }
}

export function withRejection(context: PaymentContext, decision: PaymentDecision, at: number): Change {
  const failure: PaymentFailure = {
    reason: 'rejected',
    code: null,
    words: {
      staff: `Staff decided that this is no payment for this purchase: ${decision.reason ?? ''}`,
      customer: 'We could not match a payment to this purchase. If you paid, please contact us with your M-Pesa receipt.',
    },
    retryAfterMs: null,
    needsStaff: false,
    at,
  }
  // H2: nothing is held of what never came.
  const isGone = decision.type === 'payment.reject' && decision.moneyCame === false
  return { failure, decision: decision.reason ?? null, rejectedReceipt: context.review?.receipt ?? null, held: isGone ? withoutReviewed(context) : context.held }
}

export function withCancellation(decision: PaymentDecision, at: number): Change {
  const failure: PaymentFailure = {
    reason: 'cancelled',
    code: null,
    words: {
      staff: 'The payment was cancelled before M-Pesa answered. Money that still comes will be credited.',
      customer: 'The payment was cancelled. If you have already entered your PIN, your access will still start.',
    },
    retryAfterMs: null,
    needsStaff: false,
    at,
  }
  return { failure, decision: decision.reason ?? null }
}

export function withFailedPrompt(outcome: Extract<PromptOutcome, { outcome: 'refused' }>, at: number): Change {
  return { failure: failureOfRefusal(outcome, at), lastResult: { source: 'push', code: outcome.code, description: outcome.detail, at } }
}

export function withFailedResult(code: string | number, at: number): Change {
  return { failure: failureOfResult(code, at) }
}

export function withMismatch(context: PaymentContext, callback: PaymentCallback, at: number): Change {
  const mismatch = findMismatch(context, callback) ?? { reason: 'result-unclear' as const, expected: null, received: null }
  const review = { ...mismatch, receipt: callback.receipt ?? null, code: String(callback.resultCode), words: REVIEW_WORDS[mismatch.reason], at }
  return { ...withPromptOf(context, callback), ...withHeld(context, callback), review }
}

export function withDoubt(reason: PaymentReview['reason'], code: string | null, at: number): Change {
  return { review: { reason, expected: null, received: null, receipt: null, code, words: REVIEW_WORDS[reason], at } }
}

/** Money whose purpose nobody knows. */
export function withUnmatched(context: PaymentContext, at: number): Change {
  const { received, receipt } = context
  const reason = received?.doubt ?? 'account-unknown'
  const told = (reason === 'foreign-shortcode' ? received?.shortcode : received?.accountReference) ?? null
  return { held: heldAtFirst(context), review: { reason, expected: null, received: told, receipt, code: null, words: REVIEW_WORDS[reason], at } }
}

export function withAssignment(context: PaymentContext, { subscriptionId, package: bought, phone, reason }: Omit<PaymentAssignment, 'type'>): Change {
  const decision = { decision: reason, phone: phone ?? context.phone }
  if (subscriptionId !== undefined) return { ...decision, purpose: { kind: 'subscription', subscriptionId } }
  return { ...decision, purpose: { kind: 'hotspot' }, package: bought ?? context.package }
}

export function withApproval(context: PaymentContext, { reason, receipt }: Extract<PaymentEvent, { type: 'payment.approve' }>): Change {
  const meant = receipt ?? context.review?.receipt ?? context.receipt
  const came = amountOf(context, meant)
  return { decision: reason, receipt: meant, paidAmount: came === context.amount ? null : came }
}

/** What came by a receipt, as far as it is known; null: as much as was asked for. */
function amountOf(context: PaymentContext, receipt: string | null): number | null {
  const held = heldBy(context, receipt)
  if (held !== null) return held.amount
  const { review } = context
  const isReviewed = review?.reason === 'amount-mismatch' && (review.receipt === null || review.receipt === receipt)
  return isReviewed && typeof review.received === 'number' ? review.received : null
}

export function withClaim(context: PaymentContext, { receipt, receiptUsedBy }: Extract<PaymentEvent, { type: 'payment.claim' }>, at: number): Change {
  return { claim: { receipt, usedBy: receiptUsedBy ?? null, at }, claims: context.claims + 1 }
}

export function completedFact(context: PaymentContext, at: number): Extract<PaymentFact, { type: 'payment.completed' }> {
  const { purpose, amount } = context
  return {
    type: 'payment.completed',
    purpose,
    method: context.method,
    packageId: context.package?.id ?? null,
    package: context.package,
    // A customer is credited with what came; a package has its price.
    amount: purpose.kind === 'subscription' ? creditedAmount(context) : amount,
    currency: context.currency,
    phone: context.phone,
    macAddress: context.macAddress,
    receipt: context.receipt,
    confirmedBy: context.confirmedBy ?? 'callback',
    lateByMs: context.lateByMs,
    at: context.completedAt ?? at,
  }
}
