import type { Words } from '../words.ts'

export const paymentWords = {
  states: {
    prompting: { staff: 'We are asking M-Pesa to prompt the customer.', customer: 'We are sending a payment request to your phone.' },
    deferred: { staff: 'M-Pesa did not take the request for now; we ask again shortly.', customer: 'M-Pesa is busy. We are trying again.' },
    uncertain: {
      staff: 'M-Pesa gave no usable answer, so the customer may or may not see a prompt. We do not ask again; a callback or a person decides.',
      customer: 'If a payment request appears on your phone, enter your PIN. Otherwise please wait a moment.',
    },
    awaiting: { staff: 'The customer was prompted; we wait for M-Pesa to say what became of it.', customer: 'Please enter your M-Pesa PIN on your phone.' },
    querying: { staff: 'No callback came, so we are asking M-Pesa what became of the prompt.', customer: 'We are checking your payment with M-Pesa.' },
    completed: { staff: 'Paid and credited.', customer: 'Payment received. Thank you.' },
    failed: { staff: 'Not paid. Money that still comes will be credited.', customer: 'The payment did not go through.' },
    cancelled: { staff: 'Cancelled before M-Pesa answered. Money that still comes will be credited.', customer: 'The payment was cancelled. If you have already entered your PIN, your access will still start.' },
    'cancelled.waiting': {
      staff: 'Cancelled before M-Pesa answered. We go on asking M-Pesa: the customer may have entered the PIN.',
      customer: 'The payment was cancelled. If you have already entered your PIN, your access will still start.',
    },
    'cancelled.querying': {
      staff: 'Cancelled before M-Pesa answered. We are asking M-Pesa whether the customer has entered the PIN all the same.',
      customer: 'The payment was cancelled. If you have already entered your PIN, your access will still start.',
    },
    'cancelled.uncertain': {
      staff: 'Cancelled, while the customer may or may not see a prompt. A callback or a person decides.',
      customer: 'The payment was cancelled. If you have already entered your PIN, your access will still start.',
    },
    'cancelled.closed': { staff: 'Cancelled, and no money came. Money that still comes will be credited.', customer: 'The payment was cancelled.' },
    review: { staff: 'A person must decide: see the reason, and the M-Pesa statement.', customer: 'We are checking this payment. Please do not pay again yet; our staff will get back to you.' },
  },
  events: {
    'payment.callback': { staff: 'M-Pesa reports the result.', customer: 'M-Pesa tells us the result of your payment.' },
    'payment.cancel': { staff: 'Give up waiting; we go on asking M-Pesa, and money that still comes is credited.', customer: 'Cancel this payment.' },
    'payment.approve': { staff: 'Credit the payment: the money was found. A failed payment needs the receipt.', customer: 'Our staff confirm your payment.' },
    'payment.reject': { staff: 'Close the review: this is no payment for this purchase.', customer: 'Our staff could not match a payment to this purchase.' },
  },
  guards: {
    isOwnPrompt: { staff: 'The result is about the prompt of this payment.', customer: 'The answer is about this payment.' },
    hasMoney: { staff: 'The result says that money moved.', customer: 'M-Pesa reports money.' },
    isMatchingPayment: { staff: 'Paid: amount, currency and phone are as asked.', customer: 'The amount and the phone number are right.' },
    isMismatchedPayment: {
      staff: 'Paid, but amount, currency or phone differ from what was asked, or the receipt has credited another payment.',
      customer: 'The amount, the phone number or the receipt is not right.',
    },
    isFailedResult: { staff: 'The result code is a failure.', customer: 'M-Pesa says the payment did not happen.' },
    isPendingResult: { staff: 'The result code says that M-Pesa is still processing.', customer: 'M-Pesa is still processing the payment.' },
    isUnclearResult: { staff: 'The result code does not tell whether money moved.', customer: 'M-Pesa gave an unclear answer.' },
    isAccepted: { staff: 'M-Pesa took the request.', customer: 'M-Pesa took the request.' },
    isRefused: { staff: 'M-Pesa certainly did not take the request.', customer: 'M-Pesa did not take the request.' },
    canPromptAgain: {
      staff: 'The request was certainly not taken, may be repeated, and the customer asked less than three minutes ago.',
      customer: 'There is still time to try again.',
    },
    isPaidAnswer: { staff: 'The query says paid.', customer: 'M-Pesa says you have paid.' },
    isFailedAnswer: { staff: 'The query says not paid.', customer: 'M-Pesa says the payment did not happen.' },
    isUnclearAnswer: { staff: 'The query answered with a code that does not tell.', customer: 'M-Pesa gave an unclear answer.' },
    hasQueriesLeft: { staff: 'There are more queries on the schedule.', customer: 'We will ask M-Pesa again.' },
    hasMoneyInReview: { staff: 'The review is about money that came but does not fit.', customer: 'We are looking at money that came for this payment.' },
    isRejectedReceipt: { staff: 'Staff have already refused this receipt.', customer: 'Our staff have already looked at this receipt.' },
    hasReceiptNamed: { staff: 'Name the M-Pesa receipt: a failed payment is only credited with one.', customer: 'An M-Pesa receipt is needed.' },
    hasFreeReceipt: { staff: 'The receipt must not have credited another payment: name one that is free.', customer: 'This receipt was used for another purchase.' },
    hasReceipt: { staff: 'The receipt of the payment is known.', customer: 'We know the receipt.' },
    hasMismatchNoted: { staff: 'A result that differs from what was asked is noted already.', customer: 'We have noted what M-Pesa told us.' },
    isMissingReceipt: { staff: 'The payment has no receipt yet and this result names one.', customer: 'M-Pesa sent the receipt.' },
    isOtherReceipt: { staff: 'The receipt is another one than that of this payment.', customer: 'This is another receipt.' },
  },
  delays: {
    promptRetryGap: { staff: 'the pause that M-Pesa asks for before another request', customer: 'a short pause before we try again' },
    uncertainWindow: { staff: 'three minutes for a callback, then a person looks', customer: 'up to three minutes for M-Pesa to answer' },
    queryGap: { staff: 'the gap before the next query: 45 s, 90 s, 3 min, 10 min, 30 min, 1 h, 3 h', customer: 'the time until we ask M-Pesa again' },
  },
  effects: {
    promptPayer: { staff: 'STK push: ask M-Pesa to prompt the customer', customer: 'sending the payment request to your phone' },
    queryPayment: { staff: 'STK query: ask M-Pesa what became of the prompt', customer: 'asking M-Pesa about your payment' },
  },
} satisfies Words
