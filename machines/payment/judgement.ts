/**
 * What to believe of a result. A callback is unsigned, so a success counts only if it is about our prompt
 * and says what we asked for; everything in doubt goes to a person, nothing in doubt is credited or lost.
 */
import type { PromptOutcome, QueryOutcome } from './calls.ts'
import type { PaymentContext, PaymentFailure, PaymentMismatch } from './context.ts'
import type { PaymentCallback } from './events.ts'
import { meaningOfResultCode } from './result-codes.ts'

export type Verdict =
  /** About another prompt. */
  | 'foreign'
  /** Paid, by whom and as much as we asked. */
  | 'paid'
  /** Money came, but not as asked, or by a receipt that has credited another payment. */
  | 'mismatched'
  | 'failed'
  | 'pending'
  /** The code does not tell whether money moved. */
  | 'unclear'

type Mismatch = Pick<PaymentMismatch, 'reason' | 'expected' | 'received' | 'usedBy'>

export function judgeCallback(context: PaymentContext, callback: PaymentCallback): Verdict {
  // Only a payment that prompted somebody waits for a result. What names no prompt was found by the account number of this payment.
  const { checkoutRequestId: told } = callback
  const isForeign = context.method !== 'stk' || (context.checkoutRequestId !== null && told !== undefined && context.checkoutRequestId !== told)
  if (isForeign) return 'foreign'
  const verdict = judgeCode(callback.resultCode)
  return verdict === 'paid' && findMismatch(context, callback) !== null ? 'mismatched' : verdict
}

export function judgeQuery(outcome: QueryOutcome): Verdict {
  return outcome.outcome === 'pending' ? 'pending' : judgeCode(outcome.resultCode)
}

function judgeCode(code: string | number): Exclude<Verdict, 'foreign' | 'mismatched'> {
  const { outcome } = meaningOfResultCode(code)
  switch (outcome) {
    case 'success':
      return 'paid'
    case 'pending':
      return 'pending'
    case 'review':
      return 'unclear'
    case 'failed':
    case 'retry':
    case 'configuration':
      return 'failed'
  }
}

/** The first thing in which a success differs from what was asked, or null. */
export function findMismatch(context: PaymentContext, callback: PaymentCallback): Mismatch | null {
  // Before all else: however well the rest fits, this money is spent.
  if (callback.receiptUsedBy !== undefined) return { reason: 'receipt-used', expected: null, received: null, usedBy: callback.receiptUsedBy }
  if (callback.amount !== context.amount) {
    return { reason: 'amount-mismatch', expected: context.amount, received: callback.amount ?? null }
  }
  if (callback.currency !== undefined && callback.currency !== context.currency) {
    return { reason: 'currency-mismatch', expected: context.currency, received: callback.currency }
  }
  if (callback.phone !== undefined && !isSamePhone(context.phone ?? '', callback.phone)) {
    return { reason: 'phone-mismatch', expected: context.phone ?? null, received: callback.phone }
  }
  return null
}

/** Safaricom sometimes masks digits (`2547*****126`); those are taken to fit. */
function isSamePhone(asked: string, given: string): boolean {
  return given.length === asked.length && [...given].every((character, index) => character === '*' || character === asked[index])
}

export function failureOfResult(code: string | number, at: number): PaymentFailure {
  const { outcome, words, retryAfterMs } = meaningOfResultCode(code)
  return { reason: 'result', code: String(code), words, retryAfterMs: retryAfterMs ?? null, needsStaff: outcome === 'configuration', at }
}

/** Reasons of a push refused by Safaricom that have words of their own, as the result code that says the same. */
const RESULT_CODE_OF_REFUSAL: Readonly<Record<string, string>> = { 'subscriber-locked': '1001', 'invalid-phone': '1012' }

const CUSTOMER_MAY_RETRY = new Set(['connection-failed', 'rate-limited', 'quota-exceeded', 'token-refused', 'aborted', 'too-late'])

export function failureOfRefusal(refusal: Extract<PromptOutcome, { outcome: 'refused' }>, at: number): PaymentFailure {
  const sameAs = RESULT_CODE_OF_REFUSAL[refusal.code]
  const words =
    sameAs === undefined
      ? {
          staff: `The customer was not prompted (${refusal.code}): ${refusal.detail}`,
          customer: 'We could not reach M-Pesa for this payment. Nothing was taken. Please try again in a minute.',
        }
      : meaningOfResultCode(sameAs).words
  const needsStaff = sameAs === undefined && !CUSTOMER_MAY_RETRY.has(refusal.code)
  return { reason: 'not-prompted', code: refusal.code, words, retryAfterMs: refusal.retryAfterMs, needsStaff, at }
}
