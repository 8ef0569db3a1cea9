/** Money on its way back, as states of a payment; refund.ts says what must hold. */
import { and } from 'xstate'
import { furtherCallbacks } from './further-money.ts'
import { returnRequest, statusRequest } from './refund.ts'
import { describeError, describeUncertain, outcomeOf, paymentSetup } from './setup.ts'

/** Where a refund may be asked for; nothing happens until another person approves it (F1). */
export const refundRequests = {
  'payment.refund': { guard: 'canRefund', actions: ['recordRefundRequest', 'announceRefundRequested'] },
  'payment.approveRefund': { guard: and(['hasRefundRequest', 'isOtherPerson', 'isRefundAsAsked']), target: '#payment.refunding', actions: ['recordRefundApproval', 'announceRefundApproved'] },
  'payment.refuseRefund': { guard: 'hasRefundRequest', actions: ['recordRefundRefusal', 'announceRefundRefused'] },
} as const

/** A person says what became of it: not the one who asked for it. */
const settlement = [
  { guard: and(['isOtherPerson', 'isSaidReturned']), target: '#payment.refunded', actions: 'recordSettlement' },
  { guard: 'isOtherPerson', target: '#payment.refundFailed', actions: 'recordSettlement' },
] as const

export const refunding = paymentSetup.createStateConfig({
  tags: 'returning',
  initial: 'approved',
  on: {
    'payment.returnResult': [
      { guard: 'isReturnedResult', target: '#payment.refunded', actions: 'recordReturnResult' },
      { guard: 'isNotReturnedResult', target: '#payment.refundFailed', actions: 'recordReturnResult' },
      { guard: 'isOwnReturn', target: '.uncertain', actions: 'recordReturnResult' },
    ],
    'payment.callback': furtherCallbacks,
  },
  states: {
    // Left in the step that enters it.
    approved: { always: [{ guard: 'isCashReturn', target: 'handing' }, { target: 'requesting' }] },
    requesting: {
      entry: 'countReturn',
      invoke: {
        id: 'requestReturn',
        src: 'requestReturn',
        input: ({ context }) => returnRequest(context),
        onDone: [
          { guard: { type: 'isReturnTaken', params: outcomeOf }, target: 'awaiting', actions: { type: 'recordReturnAccepted', params: outcomeOf } },
          { guard: { type: 'canReturnAgain', params: outcomeOf }, target: 'deferred', actions: { type: 'recordReturnPostponed', params: outcomeOf } },
          { guard: { type: 'isReturnRefused', params: outcomeOf }, target: '#payment.refundFailed', actions: { type: 'recordReturnAnswer', params: ({ event }) => describeUncertain(event.output) } },
          { target: 'uncertain', actions: { type: 'recordReturnAnswer', params: ({ event }) => describeUncertain(event.output) } },
        ],
        // F2: an error that nobody foresaw does not say that nothing was sent.
        onError: { target: 'uncertain', actions: { type: 'recordReturnAnswer', params: ({ event }) => describeError(event.error) } },
      },
      // Its answer is still to come; a result overtook it.
      on: { 'payment.returnTimedOut': { actions: 'recordTimeout' } },
    },
    // Cash: whoever hands it back says so.
    handing: { tags: 'attention', on: { 'payment.settleRefund': settlement } },
    deferred: { after: { returnRetryGap: 'requesting' } },
    awaiting: {
      after: { resultWindow: 'uncertain' },
      on: { 'payment.returnTimedOut': { target: 'uncertain', actions: 'recordTimeout' } },
    },
    // Perhaps the money has gone back, perhaps not. Nothing is sent again: we ask, and a person may know (F2).
    uncertain: {
      tags: 'attention',
      after: { checkGap: { guard: 'hasChecksLeft', target: 'checking' } },
      on: {
        'payment.settleRefund': settlement,
        'payment.returnTimedOut': { actions: 'recordTimeout' },
      },
    },
    checking: {
      entry: 'countCheck',
      invoke: {
        id: 'askReturnStatus',
        src: 'askReturnStatus',
        input: ({ context }) => statusRequest(context),
        // Only the question was taken; its answer comes as a result.
        onDone: 'uncertain',
        onError: 'uncertain',
      },
      on: { 'payment.returnTimedOut': { actions: 'recordTimeout' } },
    },
  },
})

export const refunded = paymentSetup.createStateConfig({
  tags: 'settled',
  entry: ['recordReturned', 'announceReturned'],
  on: {
    'payment.returnResult': { guard: 'isOwnReturn', actions: 'recordReturnResult' },
    'payment.callback': furtherCallbacks,
  },
})

/** What was credited stays credited. The money may go back after all: by a late result (F3), or by asking again. */
export const refundFailed = paymentSetup.createStateConfig({
  tags: ['settled', 'attention'],
  entry: ['recordNotReturned', 'announceNotReturned'],
  on: {
    'payment.returnResult': [
      { guard: 'isReturnedResult', target: '#payment.refunded', actions: 'recordReturnResult' },
      { guard: 'isOwnReturn', actions: 'recordReturnResult' },
    ],
    'payment.callback': furtherCallbacks,
    'payment.assign': { guard: and(['hasNoRefundRequest', 'hasFreeReceipt', 'canAssign']), target: '#payment.completed', actions: ['recordAssignment', 'recordReceived'] },
    ...refundRequests,
  },
})
