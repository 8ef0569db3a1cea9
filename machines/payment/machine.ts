/**
 * One payment: from the request, or from money that came by itself, to the credit; and back, if the money goes back.
 *
 *   requested -> prompting -> awaiting <-> querying -> completed | failed | review      (M-Pesa prompt)
 *   requested -> completed | review                                                     (money that came by itself, cash)
 *   completed | review -> refunding -> refunded | refundFailed
 *
 * A cancelled payment is over for the customer (`cancelled`), and behind that asks on as if it were not.
 *
 * What must hold, whatever arrives in whatever order:
 *   P1  Success absorbs: nothing but a refund that two people want leaves `completed`, and a matching success leads there from everywhere.
 *   P2  A push that may have been taken is never sent again (`uncertain`); only a certain refusal is retried.
 *   P3  A result that differs from what was asked, that names a receipt which has credited another payment, or
 *       that does not tell, is decided by a person (`review`); so is money that came without saying what for, or to whom else.
 *   P4  Lost callbacks are made up for by queries with growing gaps, and then by a person, cancelled or not.
 *   P5  A payment is about one money: what comes a second time becomes a payment of its own (held.ts, H3).
 */
import { and, not } from 'xstate'
import { newPayment } from './context.ts'
import { furtherCallbacks } from './further-money.ts'
import { refundFailed, refunding, refundRequests, refunded } from './refund-states.ts'
import { describeError, describeUncertain, outcomeOf, paymentSetup } from './setup.ts'

export const paymentMachine = paymentSetup.createMachine({
  id: 'payment',
  context: ({ input }) => newPayment(input),
  entry: ['recordRequest', 'announceRequested'],
  initial: 'requested',
  // In every state that does not say otherwise. A callback about another prompt passes no guard and is refused (R8).
  on: {
    'payment.callback': [
      { guard: 'isMatchingPayment', target: '.completed', actions: ['recordCallback', 'recordToldPayment', 'recordReceipt'] },
      { guard: 'isMismatchedPayment', target: '.review', actions: ['recordCallback', 'recordMismatch'] },
      { guard: 'isFailedResult', target: '.failed', actions: ['recordCallback', 'recordFailedCallback'] },
      { guard: 'isUnclearResult', target: '.review', actions: ['recordCallback', { type: 'recordDoubt', params: 'result-unclear' }] },
      { guard: 'isPendingResult', actions: 'recordCallback' },
    ],
    'payment.claim': { guard: 'canClaim', actions: ['recordClaim', 'announceClaimed'] },
    // Of payments from before further money was parted by itself (H3).
    'payment.part': { guard: 'holdsFurtherMoney', actions: ['announcePartedMoney', 'recordPartedMoney'] },
  },
  always: { guard: 'holdsFurtherMoney', actions: ['announcePartedMoney', 'recordPartedMoney'] },
  states: {
    // Left in the step that enters it.
    requested: {
      always: [
        { guard: 'isPrompted', target: 'prompting' },
        { guard: 'isUnmatched', target: 'review', actions: 'recordUnmatched' },
        { target: 'completed', actions: 'recordReceived' },
      ],
    },
    prompting: {
      tags: 'open',
      entry: 'countPrompt',
      invoke: {
        id: 'promptPayer',
        src: 'promptPayer',
        input: ({ context: { phone, amount, currency, requestedAt } }) => ({ phone: phone ?? '', amount, currency, requestedAt }),
        onDone: [
          { guard: { type: 'isAccepted', params: outcomeOf }, target: 'awaiting', actions: [{ type: 'recordAccepted', params: outcomeOf }, 'announcePrompted'] },
          { guard: { type: 'canPromptAgain', params: outcomeOf }, target: 'deferred', actions: { type: 'recordPostponed', params: outcomeOf } },
          { guard: { type: 'isRefused', params: outcomeOf }, target: 'failed', actions: { type: 'recordRefused', params: outcomeOf } },
          { target: 'uncertain', actions: { type: 'recordUncertain', params: ({ event }) => describeUncertain(event.output) } },
        ],
        // An error that nobody foresaw (a time limit, a call cancelled by staff) does not say that nothing was sent (P2).
        onError: { target: 'uncertain', actions: { type: 'recordUncertain', params: ({ event }) => describeError(event.error) } },
      },
    },
    deferred: {
      tags: 'open',
      after: { promptRetryGap: 'prompting' },
      on: { 'payment.cancel': { target: 'cancelled.closed', actions: 'recordCancellation' } },
    },
    uncertain: {
      tags: ['open', 'attention'],
      after: { uncertainWindow: { target: 'review', actions: { type: 'recordDoubt', params: 'prompt-uncertain' } } },
      on: { 'payment.cancel': { target: 'cancelled.uncertain', actions: 'recordCancellation' } },
    },
    awaiting: {
      tags: 'open',
      after: { queryGap: 'querying' },
      on: {
        'payment.cancel': { target: 'cancelled.waiting', actions: 'recordCancellation' },
        'payment.claim': { guard: and(['canClaim', 'hasQueriesLeft']), target: 'querying', actions: ['recordClaim', 'announceClaimed'] },
      },
    },
    querying: {
      tags: 'open',
      entry: 'countQuery',
      invoke: {
        id: 'queryPayment',
        src: 'queryPayment',
        input: ({ context }) => ({ checkoutRequestId: context.checkoutRequestId ?? '' }),
        onDone: [
          { guard: { type: 'isPaidAnswer', params: outcomeOf }, target: 'completed', actions: [{ type: 'recordAnswer', params: outcomeOf }, { type: 'recordPayment', params: 'query' }] },
          { guard: { type: 'isFailedAnswer', params: outcomeOf }, target: 'failed', actions: [{ type: 'recordAnswer', params: outcomeOf }, 'recordFailedAnswer'] },
          { guard: { type: 'isUnclearAnswer', params: outcomeOf }, target: 'review', actions: [{ type: 'recordAnswer', params: outcomeOf }, { type: 'recordDoubt', params: 'result-unclear' }] },
          { guard: 'hasQueriesLeft', target: 'awaiting', actions: { type: 'recordAnswer', params: outcomeOf } },
          { target: 'review', actions: [{ type: 'recordAnswer', params: outcomeOf }, { type: 'recordDoubt', params: 'unconfirmed' }] },
        ],
        // The query could not be made: no word about the payment, so the next gap decides.
        onError: [{ guard: 'hasQueriesLeft', target: 'awaiting' }, { target: 'review', actions: { type: 'recordDoubt', params: 'unconfirmed' } }],
      },
      on: { 'payment.cancel': { target: 'cancelled.waiting', actions: 'recordCancellation' } },
    },
    completed: {
      tags: 'settled',
      entry: ['releaseHeld', 'announceCompleted'],
      on: {
        'payment.callback': [
          { guard: and(['isMatchingPayment', 'isMissingReceipt']), actions: ['recordCallback', 'recordReceipt', 'announceReceipt'] },
          // The same money, told otherwise than it was asked for: staff must look at it, but nothing is to be given back.
          {
            guard: and(['isMismatchedPayment', 'isMissingReceipt', 'hasFreeReceipt']),
            actions: ['recordCallback', 'recordReceipt', 'recordDifference', 'announceReceipt', 'announceMismatch'],
          },
          { guard: and(['isMismatchedPayment', not('hasReceipt'), not('hasMismatchNoted')]), actions: ['recordCallback', 'recordDifference', 'announceMismatch'] },
          ...furtherCallbacks,
        ],
        // H4: somebody has assigned it before that.
        'payment.confirmReceived': [
          { guard: and(['isToldByCallbackOnly', 'isOtherAmount']), actions: ['recordOtherAmount', 'recordConfirmed', 'announceMismatch'] },
          { guard: 'isToldByCallbackOnly', actions: 'recordConfirmed' },
        ],
        ...refundRequests,
      },
    },
    refunding,
    refunded,
    refundFailed,
    failed: {
      entry: 'announceFailed',
      on: {
        'payment.callback': [
          { guard: 'isMatchingPayment', target: 'completed', actions: ['recordCallback', 'recordToldPayment', 'recordReceipt'] },
          { guard: and(['isMismatchedPayment', not('isRejectedReceipt')]), target: 'review', actions: ['recordCallback', 'recordMismatch'] },
          { guard: 'isOwnPrompt', actions: 'recordCallback' },
        ],
        'payment.approve': { guard: and(['hasNoRefundRequest', 'hasReceiptNamed', 'hasFreeReceipt', not('isUnmatched')]), target: 'completed', actions: ['recordApproval', { type: 'recordPayment', params: 'staff' }] },
        // Rejected too soon: the money is ours after all.
        'payment.assign': { guard: and(['hasNoRefundRequest', 'hasFreeReceipt', 'canAssign']), target: 'completed', actions: ['recordAssignment', 'recordReceived'] },
        // H4: a person found that it never came, and was wrong.
        'payment.confirmReceived': [
          { guard: and(['isToldByCallbackOnly', 'isDenied', 'hasFreeReceipt']), target: 'review', actions: ['recordConfirmedAmount', 'recordConfirmed', 'recordUnmatched'] },
          { guard: 'isToldByCallbackOnly', actions: 'recordConfirmed' },
        ],
        // Of money that came, though not for this.
        ...refundRequests,
      },
    },
    // Over for the customer, who may have entered the PIN all the same: where a query can tell, we go on asking (P4).
    cancelled: {
      entry: 'announceFailed',
      initial: 'waiting',
      on: {
        'payment.callback': [
          { guard: 'isMatchingPayment', target: 'completed', actions: ['recordCallback', 'recordToldPayment', 'recordReceipt'] },
          { guard: 'isMismatchedPayment', target: 'review', actions: ['recordCallback', 'recordMismatch'] },
          { guard: 'isFailedResult', target: '.closed', actions: ['recordCallback', 'recordFailedCallback'] },
          { guard: 'isOwnPrompt', actions: 'recordCallback' },
        ],
        'payment.approve': { guard: and(['hasReceiptNamed', 'hasFreeReceipt']), target: 'completed', actions: ['recordApproval', { type: 'recordPayment', params: 'staff' }] },
      },
      states: {
        waiting: {
          after: { queryGap: 'querying' },
          on: { 'payment.claim': { guard: and(['canClaim', 'hasQueriesLeft']), target: 'querying', actions: ['recordClaim', 'announceClaimed'] } },
        },
        querying: {
          entry: 'countQuery',
          invoke: {
            id: 'queryPayment',
            src: 'queryPayment',
            input: ({ context }) => ({ checkoutRequestId: context.checkoutRequestId ?? '' }),
            onDone: [
              { guard: { type: 'isPaidAnswer', params: outcomeOf }, target: '#payment.completed', actions: [{ type: 'recordAnswer', params: outcomeOf }, { type: 'recordPayment', params: 'query' }] },
              { guard: { type: 'isFailedAnswer', params: outcomeOf }, target: 'closed', actions: [{ type: 'recordAnswer', params: outcomeOf }, 'recordFailedAnswer'] },
              { guard: { type: 'isUnclearAnswer', params: outcomeOf }, target: '#payment.review', actions: [{ type: 'recordAnswer', params: outcomeOf }, { type: 'recordDoubt', params: 'result-unclear' }] },
              { guard: 'hasQueriesLeft', target: 'waiting', actions: { type: 'recordAnswer', params: outcomeOf } },
              { target: '#payment.review', actions: [{ type: 'recordAnswer', params: outcomeOf }, { type: 'recordDoubt', params: 'unconfirmed' }] },
            ],
            onError: [{ guard: 'hasQueriesLeft', target: 'waiting' }, { target: '#payment.review', actions: { type: 'recordDoubt', params: 'unconfirmed' } }],
          },
        },
        // Without an answer to the push there is nothing to ask about.
        uncertain: { after: { uncertainWindow: { target: '#payment.review', actions: { type: 'recordDoubt', params: 'prompt-uncertain' } } } },
        closed: {},
      },
    },
    review: {
      tags: 'attention',
      entry: 'announceReview',
      on: {
        'payment.callback': [
          { guard: 'isMatchingPayment', target: 'completed', actions: ['recordCallback', 'recordToldPayment', 'recordReceipt'] },
          // Something came while a person looks: the newest mismatch is what they must see, and it is announced once.
          { guard: and(['isMismatchedPayment', not('hasMoneyInReview')]), target: 'review', reenter: true, actions: ['recordCallback', 'recordMismatch'] },
          { guard: and(['isFailedResult', not('hasMoneyInReview')]), target: 'failed', actions: ['recordCallback', 'recordFailedCallback'] },
          ...furtherCallbacks,
        ],
        'payment.approve': { guard: and(['hasNoRefundRequest', 'hasFreeReceipt', not('isUnmatched')]), target: 'completed', actions: ['recordApproval', { type: 'recordPayment', params: 'staff' }] },
        'payment.reject': { guard: and(['hasNoRefundRequest', 'canReject']), target: 'failed', actions: 'recordRejection' },
        'payment.assign': { guard: and(['hasNoRefundRequest', 'hasFreeReceipt', 'canAssign']), target: 'completed', actions: ['recordAssignment', 'recordReceived'] },
        // H4.
        'payment.confirmReceived': [
          { guard: and(['isToldByCallbackOnly', 'isOfSubscription', 'hasNoRefundRequest', 'hasFreeReceipt']), target: 'completed', actions: ['recordConfirmedAmount', 'recordConfirmed', 'recordPromptsSubscription', 'recordReceived'] },
          { guard: and(['isToldByCallbackOnly', 'isOtherAmount']), actions: ['recordConfirmedAmount', 'recordConfirmed', 'announceMismatch'] },
          { guard: 'isToldByCallbackOnly', actions: 'recordConfirmed' },
        ],
        'payment.namePayer': [
          { guard: and(['canNamePayer', 'isPayersOnly', 'hasNoRefundRequest', 'hasFreeReceipt']), target: 'completed', actions: ['recordPayersSubscription', 'recordReceived'] },
          { guard: 'canNamePayer', actions: 'recordPayer' },
        ],
        ...refundRequests,
      },
    },
  },
})
