/** The phrases of money that goes back. */
export const refundWords = {
  states: {
    refunding: { staff: 'The money is on its way back.', customer: 'We are returning your money.' },
    'refunding.approved': { staff: 'The refund is approved.', customer: 'We are returning your money.' },
    'refunding.requesting': { staff: 'We are asking M-Pesa to return the money.', customer: 'We are returning your money.' },
    'refunding.deferred': { staff: 'M-Pesa did not take the return for now; we ask again shortly.', customer: 'We are returning your money.' },
    'refunding.awaiting': { staff: 'M-Pesa has taken the return; we wait for its result.', customer: 'We are returning your money.' },
    'refunding.uncertain': {
      staff: 'Nobody knows yet whether the money went back. Nothing is sent again: we ask M-Pesa what became of it, and a person who finds out may settle it.',
      customer: 'We are returning your money. It takes a little longer than usual.',
    },
    'refunding.checking': { staff: 'We are asking M-Pesa what became of the return.', customer: 'We are returning your money. It takes a little longer than usual.' },
    'refunding.handing': { staff: 'The cash is to be handed back over the counter. Whoever has done so says it (not the one who asked for the refund).', customer: 'Your money is ready to be handed back to you.' },
    refunded: { staff: 'The money went back, and what it had paid for was taken away.', customer: 'Your money was returned.' },
    refundFailed: { staff: 'The money did not go back: see the reason. What it had paid for stands, and a refund may be asked for again.', customer: 'Payment received. Its return did not work; our staff are looking into it.' },
  },
  events: {
    'payment.refund': { staff: 'Ask for the whole amount to go back. Another person must approve.', customer: 'Our staff ask for your money to be returned.' },
    'payment.approveRefund': { staff: 'Approve the refund that somebody else asked for; the money goes back at once.', customer: 'Our staff approve the return of your money.' },
    'payment.refuseRefund': { staff: 'Refuse the refund that was asked for.', customer: 'Our staff decide against the return.' },
    'payment.settleRefund': { staff: 'Say what became of the refund: from the M-Pesa statement, or whether the cash was handed back. Not by whoever asked for it.', customer: 'Our staff have found out what became of the return.' },
    'payment.returnResult': { staff: 'M-Pesa reports what became of the return.', customer: 'M-Pesa tells us the result of the return.' },
    'payment.returnTimedOut': { staff: 'M-Pesa was too slow with the return: it may have happened or not.', customer: 'M-Pesa needs longer for the return.' },
  },
  guards: {
    canRefund: {
      staff: 'There is money to give back, none is on its way yet, and the way fits: a reversal needs the receipt, a payout the full number of the phone that paid and ten shillings or more, cash goes back over the counter.',
      customer: 'This payment can be returned.',
    },
    hasRefundRequest: { staff: 'A refund was asked for and waits for approval.', customer: 'A return was asked for.' },
    hasNoRefundRequest: { staff: 'A refund of this money was asked for and waits for the second person: have it refused (payment.refuseRefund) before anything else is decided.', customer: 'The return of your money is being decided.' },
    isRefundAsAsked: { staff: 'The money is not what it was when the refund was asked for: it was credited since, or other money took its place. Refuse this request, look again, and ask anew.', customer: 'The return of your money must be asked for again.' },
    isCashReturn: { staff: 'It goes back over the counter.', customer: 'You get it back over the counter.' },
    isOtherPerson: { staff: 'It must be another person (another key) than the one who asked for the refund.', customer: 'A second person must agree.' },
    isReturnTaken: { staff: 'M-Pesa took the request.', customer: 'M-Pesa took the request.' },
    isReturnRefused: { staff: 'M-Pesa certainly did not take the request.', customer: 'M-Pesa did not take the request.' },
    canReturnAgain: { staff: 'The request was certainly not taken, and may be repeated.', customer: 'We can ask again.' },
    hasChecksLeft: { staff: 'M-Pesa can be asked about this return, and there are more questions on the schedule.', customer: 'We will ask M-Pesa again.' },
    isOwnReturn: { staff: 'The result is about the return of this payment.', customer: 'The answer is about this return.' },
    isReturnedResult: { staff: 'The result says that the money went back, now or earlier.', customer: 'M-Pesa says the money went back.' },
    isNotReturnedResult: { staff: 'The result says that the money did not go back.', customer: 'M-Pesa says the money did not go back.' },
    isSaidReturned: { staff: 'The person says that the money went back.', customer: 'Our staff say the money went back.' },
  },
  delays: {
    returnRetryGap: { staff: 'the pause that M-Pesa asks for before the return is asked for again', customer: 'a short pause before we try again' },
    resultWindow: { staff: 'two minutes for the result of the return', customer: 'up to two minutes for M-Pesa to answer' },
    checkGap: { staff: 'the gap before the next question about the return: 1 min, 5 min, 30 min, 3 h, 12 h', customer: 'the time until we ask M-Pesa again' },
  },
  effects: {
    requestReturn: { staff: 'reversal or B2C payout: ask M-Pesa to return the money', customer: 'returning your money' },
    askReturnStatus: { staff: 'transaction status: ask M-Pesa what became of the return', customer: 'asking M-Pesa about the return' },
  },
}
