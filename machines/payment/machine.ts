/**
 * One M-Pesa payment by STK push: from the request to the credit.
 *
 *   prompting -> awaiting <-> querying -> completed | failed | review
 *
 * A cancelled payment is over for the customer (`cancelled`), and behind that asks on as if it were not.
 *
 * What must hold, whatever arrives in whatever order:
 *   P1  Success absorbs: nothing leaves `completed`, and a matching success leads there from everywhere.
 *   P2  A push that may have been taken is never sent again (`uncertain`); only a certain refusal is retried.
 *   P3  A result that differs from what was asked, that names a receipt which has credited another payment, or
 *       that does not tell, is decided by a person (`review`).
 *   P4  Lost callbacks are made up for by queries with growing gaps, and then by a person, cancelled or not.
 */
import { and, assign, emit, not, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import {
  resultOfQuery,
  withAccepted,
  withCallback,
  withCancellation,
  withDoubt,
  withFailedPrompt,
  withFailedResult,
  withMismatch,
  withNotedMismatch,
  withOtherReceipt,
  withPayment,
  withReceipt,
  withRejection,
} from './actions.ts'
import type { PromptOutcome, PromptRequest, QueryOutcome, QueryRequest } from './calls.ts'
import { newPayment, type PaymentContext, type PaymentFact, type PaymentMismatch, type PaymentReview } from './context.ts'
import type { PaymentCallback, PaymentDecision, PaymentEvent, PaymentInput } from './events.ts'
import { judgeCallback, judgeQuery, type Verdict } from './judgement.ts'
import { PROMPT_WINDOW_MS, PROMPTS_MAX, QUERY_GAPS_MS, UNCERTAIN_WINDOW_MS } from './timing.ts'

const isVerdict =
  (...verdicts: Verdict[]) =>
  ({ context, event }: { context: PaymentContext; event: PaymentEvent }): boolean =>
    verdicts.includes(judgeCallback(context, event as PaymentCallback))

const isAnswer =
  (verdict: Verdict) =>
  (_: unknown, outcome: QueryOutcome): boolean =>
    judgeQuery(outcome) === verdict

const outcomeOf = <Output>({ event }: { event: { output: Output } }): Output => event.output

export const paymentMachine = setup({
  types: {
    context: {} as PaymentContext,
    input: {} as PaymentInput,
    events: {} as PaymentEvent,
    emitted: {} as PaymentFact,
    tags: {} as 'open' | 'settled' | 'attention',
  },
  actors: {
    promptPayer: durable<PromptOutcome, PromptRequest>(),
    queryPayment: durable<QueryOutcome, QueryRequest>(),
  },
  delays: {
    promptRetryGap: ({ context }) => context.promptRetryMs,
    uncertainWindow: UNCERTAIN_WINDOW_MS,
    queryGap: ({ context }) => QUERY_GAPS_MS[context.queries] ?? 0,
  },
  guards: {
    isOwnPrompt: isVerdict('paid', 'mismatched', 'failed', 'pending', 'unclear'),
    hasMoney: isVerdict('paid', 'mismatched'),
    isMatchingPayment: isVerdict('paid'),
    isMismatchedPayment: isVerdict('mismatched'),
    isFailedResult: isVerdict('failed'),
    isPendingResult: isVerdict('pending'),
    isUnclearResult: isVerdict('unclear'),

    isAccepted: (_, outcome: PromptOutcome) => outcome.outcome === 'accepted',
    isRefused: (_, outcome: PromptOutcome) => outcome.outcome === 'refused',
    canPromptAgain: ({ context, event }, outcome: PromptOutcome) =>
      outcome.outcome === 'refused' &&
      outcome.retryAfterMs !== null &&
      context.attempts < PROMPTS_MAX &&
      timeOf(event) + outcome.retryAfterMs <= context.requestedAt + PROMPT_WINDOW_MS,

    isPaidAnswer: isAnswer('paid'),
    isFailedAnswer: isAnswer('failed'),
    isUnclearAnswer: isAnswer('unclear'),
    hasQueriesLeft: ({ context }) => context.queries < QUERY_GAPS_MS.length,

    hasMoneyInReview: ({ context }) => context.review !== null && (context.review.reason.endsWith('-mismatch') || context.review.reason === 'receipt-used'),
    isRejectedReceipt: ({ context, event }) => {
      const { receipt } = event as PaymentCallback
      return receipt !== undefined && receipt === context.rejectedReceipt
    },
    hasReceiptNamed: ({ event }) => event.type === 'payment.approve' && event.receipt !== undefined,
    hasFreeReceipt: ({ context, event }) => {
      const { type, receipt, receiptUsedBy } = event as Extract<PaymentEvent, { type: 'payment.approve' | 'payment.callback' }>
      // An approval that names no receipt means the one under review.
      const meansUsedOne = type === 'payment.approve' && receipt === undefined && context.review?.reason === 'receipt-used'
      return receiptUsedBy === undefined && !meansUsedOne
    },
    hasReceipt: ({ context }) => context.receipt !== null,
    hasMismatchNoted: ({ context }) => context.mismatch != null,
    isMissingReceipt: ({ context, event }) => context.receipt === null && (event as PaymentCallback).receipt !== undefined,
    isOtherReceipt: ({ context, event }) => {
      const { receipt } = event as PaymentCallback
      return receipt !== undefined && context.receipt !== null && receipt !== context.receipt && !context.otherReceipts.includes(receipt)
    },
  },
  actions: {
    recordRequest: assign(({ event }) => ({ requestedAt: timeOf(event) })),
    countPrompt: assign(({ context }) => ({ attempts: context.attempts + 1 })),
    recordAccepted: assign(({ event }, outcome: PromptOutcome) => (outcome.outcome === 'accepted' ? withAccepted(outcome, timeOf(event)) : {})),
    recordPostponed: assign((_, outcome: PromptOutcome) => (outcome.outcome === 'refused' ? { promptRetryMs: outcome.retryAfterMs ?? 0 } : {})),
    recordRefused: assign(({ event }, outcome: PromptOutcome) => (outcome.outcome === 'refused' ? withFailedPrompt(outcome, timeOf(event)) : {})),
    recordUncertain: assign(({ event }, { code, description }: { code: string; description: string }) => ({
      lastResult: { source: 'push' as const, code, description, at: timeOf(event) },
    })),

    countQuery: assign(({ context }) => ({ queries: context.queries + 1 })),
    recordAnswer: assign(({ event }, outcome: QueryOutcome) => ({ lastResult: resultOfQuery(outcome, timeOf(event)) })),

    recordCallback: assign(({ context, event }) => withCallback(context, event as PaymentCallback, timeOf(event))),
    recordFailedCallback: assign(({ event }) => withFailedResult((event as PaymentCallback).resultCode, timeOf(event))),
    recordFailedAnswer: assign(({ context, event }) => withFailedResult(context.lastResult?.code ?? '', timeOf(event))),
    recordMismatch: assign(({ context, event }) => withMismatch(context, event as PaymentCallback, timeOf(event))),
    recordDoubt: assign(({ context, event }, reason: PaymentReview['reason']) => withDoubt(reason, context.lastResult?.code ?? null, timeOf(event))),

    recordPayment: assign(({ context, event }, confirmedBy: 'callback' | 'query' | 'staff') => withPayment(context, confirmedBy, timeOf(event))),
    recordReceipt: assign(({ context, event }) => withReceipt(context, event as PaymentCallback)),
    recordDifference: assign(({ context, event }) => withNotedMismatch(context, event as PaymentCallback, timeOf(event))),
    recordOtherReceipt: assign(({ context, event }) => withOtherReceipt(context, (event as PaymentCallback).receipt ?? '')),
    recordApproval: assign(({ context, event }) => {
      const { reason, receipt } = event as Extract<PaymentEvent, { type: 'payment.approve' }>
      return { decision: reason, receipt: receipt ?? context.review?.receipt ?? null }
    }),
    recordRejection: assign(({ context, event }) => withRejection(context, event as PaymentDecision, timeOf(event))),
    recordCancellation: assign(({ event }) => withCancellation(event as PaymentDecision, timeOf(event))),

    announceRequested: emit(({ context }) => ({
      type: 'payment.requested' as const,
      phone: context.phone,
      packageId: context.package.id,
      amount: context.amount,
      currency: context.currency,
      at: context.requestedAt,
    })),
    announcePrompted: emit(({ context, event }) => ({ type: 'payment.prompted' as const, checkoutRequestId: context.checkoutRequestId ?? '', at: timeOf(event) })),
    announceCompleted: emit(({ context, event }) => ({
      type: 'payment.completed' as const,
      packageId: context.package.id,
      package: context.package,
      amount: context.amount,
      currency: context.currency,
      phone: context.phone,
      macAddress: context.macAddress,
      receipt: context.receipt,
      confirmedBy: context.confirmedBy ?? 'callback',
      lateByMs: context.lateByMs,
      at: context.completedAt ?? timeOf(event),
    })),
    announceFailed: emit(({ context }) => ({ type: 'payment.failed' as const, ...(context.failure as NonNullable<PaymentContext['failure']>) })),
    announceReview: emit(({ context }) => ({ type: 'payment.reviewNeeded' as const, ...(context.review as PaymentReview) })),
    announceReceipt: emit(({ context, event }) => ({ type: 'payment.receiptRecorded' as const, receipt: context.receipt ?? '', at: timeOf(event) })),
    announceMismatch: emit(({ context }) => ({ type: 'payment.mismatchFound' as const, ...(context.mismatch as PaymentMismatch) })),
    announceDuplicate: emit(({ event }) => {
      const { receipt = '', amount = null } = event as PaymentCallback
      return { type: 'payment.duplicateReceived' as const, receipt, amount, at: timeOf(event) }
    }),
  },
}).createMachine({
  id: 'payment',
  context: ({ input }) => newPayment(input),
  entry: ['recordRequest', 'announceRequested'],
  initial: 'prompting',
  // In every state that does not say otherwise. A callback about another prompt passes no guard and is refused (R8).
  on: {
    'payment.callback': [
      { guard: 'isMatchingPayment', target: '.completed', actions: ['recordCallback', { type: 'recordPayment', params: 'callback' }, 'recordReceipt'] },
      { guard: 'isMismatchedPayment', target: '.review', actions: ['recordCallback', 'recordMismatch'] },
      { guard: 'isFailedResult', target: '.failed', actions: ['recordCallback', 'recordFailedCallback'] },
      { guard: 'isUnclearResult', target: '.review', actions: ['recordCallback', { type: 'recordDoubt', params: 'result-unclear' }] },
      { guard: 'isPendingResult', actions: 'recordCallback' },
    ],
  },
  states: {
    prompting: {
      tags: 'open',
      entry: 'countPrompt',
      invoke: {
        id: 'promptPayer',
        src: 'promptPayer',
        input: ({ context: { phone, amount, currency, requestedAt } }) => ({ phone, amount, currency, requestedAt }),
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
      on: { 'payment.cancel': { target: 'cancelled.waiting', actions: 'recordCancellation' } },
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
      entry: 'announceCompleted',
      on: {
        'payment.callback': [
          { guard: and(['isMatchingPayment', 'isMissingReceipt']), actions: ['recordCallback', 'recordReceipt', 'announceReceipt'] },
          // The same money, told otherwise than it was asked for: staff must look at it, but nothing is to be given back.
          {
            guard: and(['isMismatchedPayment', 'isMissingReceipt', 'hasFreeReceipt']),
            actions: ['recordCallback', 'recordReceipt', 'recordDifference', 'announceReceipt', 'announceMismatch'],
          },
          { guard: and(['isMismatchedPayment', not('hasReceipt'), not('hasMismatchNoted')]), actions: ['recordCallback', 'recordDifference', 'announceMismatch'] },
          { guard: and(['hasMoney', 'isOtherReceipt', 'hasFreeReceipt']), actions: ['recordCallback', 'recordOtherReceipt', 'announceDuplicate'] },
          { guard: 'isOwnPrompt', actions: 'recordCallback' },
        ],
      },
    },
    failed: {
      entry: 'announceFailed',
      on: {
        'payment.callback': [
          { guard: 'isMatchingPayment', target: 'completed', actions: ['recordCallback', { type: 'recordPayment', params: 'callback' }, 'recordReceipt'] },
          { guard: and(['isMismatchedPayment', not('isRejectedReceipt')]), target: 'review', actions: ['recordCallback', 'recordMismatch'] },
          { guard: 'isOwnPrompt', actions: 'recordCallback' },
        ],
        'payment.approve': { guard: and(['hasReceiptNamed', 'hasFreeReceipt']), target: 'completed', actions: ['recordApproval', { type: 'recordPayment', params: 'staff' }] },
      },
    },
    // Over for the customer, who may have entered the PIN all the same: where a query can tell, we go on asking (P4).
    cancelled: {
      entry: 'announceFailed',
      initial: 'waiting',
      on: {
        'payment.callback': [
          { guard: 'isMatchingPayment', target: 'completed', actions: ['recordCallback', { type: 'recordPayment', params: 'callback' }, 'recordReceipt'] },
          { guard: 'isMismatchedPayment', target: 'review', actions: ['recordCallback', 'recordMismatch'] },
          { guard: 'isFailedResult', target: '.closed', actions: ['recordCallback', 'recordFailedCallback'] },
          { guard: 'isOwnPrompt', actions: 'recordCallback' },
        ],
        'payment.approve': { guard: and(['hasReceiptNamed', 'hasFreeReceipt']), target: 'completed', actions: ['recordApproval', { type: 'recordPayment', params: 'staff' }] },
      },
      states: {
        waiting: { after: { queryGap: 'querying' } },
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
          { guard: 'isMatchingPayment', target: 'completed', actions: ['recordCallback', { type: 'recordPayment', params: 'callback' }, 'recordReceipt'] },
          // Something came while a person looks: the newest mismatch is what they must see, and it is announced once.
          { guard: and(['isMismatchedPayment', not('hasMoneyInReview')]), target: 'review', reenter: true, actions: ['recordCallback', 'recordMismatch'] },
          { guard: and(['isFailedResult', not('hasMoneyInReview')]), target: 'failed', actions: ['recordCallback', 'recordFailedCallback'] },
          { guard: 'isOwnPrompt', actions: 'recordCallback' },
        ],
        'payment.approve': { guard: 'hasFreeReceipt', target: 'completed', actions: ['recordApproval', { type: 'recordPayment', params: 'staff' }] },
        'payment.reject': { target: 'failed', actions: 'recordRejection' },
      },
    },
  },
})

function describeUncertain(outcome: PromptOutcome): { code: string; description: string } {
  return outcome.outcome === 'uncertain' ? { code: outcome.code, description: outcome.detail } : { code: outcome.outcome, description: '' }
}

function describeError(error: unknown): { code: string; description: string } {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown }
  return { code: typeof code === 'string' ? code : 'unknown', description: typeof message === 'string' ? message : '' }
}
