import type { PaymentReview } from './context.ts'

type ReviewWords = NonNullable<PaymentReview['words']>

const CHECKING = 'We are checking this payment. Please do not pay again yet; our staff will get back to you.'

/** Why a person must look at a payment. */
export const REVIEW_WORDS: Readonly<Record<PaymentReview['reason'], ReviewWords>> = {
  'amount-mismatch': { staff: 'Money came, but not the amount that was asked for.', customer: CHECKING },
  'currency-mismatch': { staff: 'Money came, but in another currency than was asked for.', customer: CHECKING },
  'phone-mismatch': { staff: 'Money came, but from another phone than the one that was prompted.', customer: CHECKING },
  'receipt-used': {
    staff: 'The result names a receipt that has credited another payment. Compare both with the M-Pesa statement; nothing was granted for this one.',
    customer: 'The M-Pesa receipt of this payment was used for another purchase. Our staff are checking it and will get back to you.',
  },
  'result-unclear': { staff: 'The result does not tell whether money moved.', customer: CHECKING },
  'prompt-uncertain': { staff: 'Nobody knows whether the customer was prompted, and no callback came.', customer: CHECKING },
  'account-unknown': {
    staff: 'Money came, and its account number names nobody. Find out what it is for and assign it, or give it back.',
    customer: 'We have your money, but its account number is not known to us. Our staff are looking into it.',
  },
  'several-subscriptions': {
    staff: 'Money came without an account number, and its payer has several subscriptions. Assign it to one of them.',
    customer: 'We have your money. Our staff are finding out which of your subscriptions it is for.',
  },
  'paid-twice': {
    staff: 'Money came a second time for a purchase that other money had paid: `received.besides` names it. Assign it, or give it back; if the M-Pesa statement shows no such money, reject it with `moneyCame: false`.',
    customer: 'You have paid twice for one purchase. Our staff are looking into it.',
  },
  'foreign-shortcode': {
    staff: 'Money is told of that was paid to a shortcode which is none of ours, so it is not in our books. Look at the M-Pesa statement: assign it if it is ours after all, otherwise reject it.',
    customer: 'We are finding out whether your money has reached us.',
  },
  unconfirmed: { staff: 'No callback came, and no query said what became of the prompt.', customer: CHECKING },
}
