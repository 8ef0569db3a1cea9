/** What a payment's states are made of: its guards, its record-keeping, its facts and its outside calls. The states are in machine.ts. */
import { assign, emit, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import {
  completedFact,
  resultOfQuery,
  withAccepted,
  withApproval,
  withAssignment,
  withCallback,
  withCancellation,
  withClaim,
  withDoubt,
  withFailedPrompt,
  withFailedResult,
  withMismatch,
  withNotedMismatch,
  withPayment,
  withReceipt,
  withRejection,
  withUnmatched,
} from './actions.ts'
import type { PromptOutcome, PromptRequest, QueryOutcome, QueryRequest } from './calls.ts'
import type { PaymentContext, PaymentFact, PaymentMismatch, PaymentReview } from './context.ts'
import type { PaymentAssignment, PaymentCallback, PaymentDecision, PaymentEvent, PaymentInput } from './events.ts'
import { isDenied, isOtherAmount, isToldByCallbackOnly, withConfirmed, withConfirmedAmount, withNotedAmount } from './confirmed.ts'
import { furtherMoney, isForeign, isFurtherMoney, isToldInFull, partedFact, withHeld, withHeldReleased, withOtherReceipt, withParted } from './held.ts'
import { judgeCallback, judgeQuery, type Verdict } from './judgement.ts'
import { refundApprovedFact, refundFailedFact, refundRefusedFact, refundRequestedFact, returnedFact } from './refund-facts.ts'
import { canCheck, canReturn, changeRefund, isAsAsked, isRefundRequested, judgeReturn, withRefundRequest, withReturnResult } from './refund.ts'
import type { ReturnOutcome, ReturnRequest, StatusAsked, StatusRequest } from './refund-record.ts'
import type { ReturnResult, ReturnVerdict } from './refund.ts'
import { CHECK_GAPS_MS, CLAIMS_MAX, PROMPT_WINDOW_MS, PROMPTS_MAX, QUERY_GAPS_MS, RESULT_WINDOW_MS, RETURNS_MAX, UNCERTAIN_WINDOW_MS } from './timing.ts'

const isVerdict =
  (...verdicts: Verdict[]) =>
  ({ context, event }: { context: PaymentContext; event: PaymentEvent }): boolean =>
    verdicts.includes(judgeCallback(context, event as PaymentCallback))

const isAnswer =
  (verdict: Verdict) =>
  (_: unknown, outcome: QueryOutcome): boolean =>
    judgeQuery(outcome) === verdict

type EventOf<Type extends PaymentEvent['type']> = Extract<PaymentEvent, { type: Type }>

const isReturn =
  (...verdicts: ReturnVerdict[]) =>
  ({ context, event }: { context: PaymentContext; event: PaymentEvent }): boolean =>
    verdicts.includes(judgeReturn(context, event as ReturnResult))

/** Of an outside call that is done. */
export const outcomeOf = <Output>({ event }: { event: { output: Output } }): Output => event.output

export const paymentSetup = setup({
  types: {
    context: {} as PaymentContext,
    input: {} as PaymentInput,
    events: {} as PaymentEvent,
    emitted: {} as PaymentFact,
    tags: {} as 'open' | 'settled' | 'attention' | 'returning',
  },
  actors: {
    promptPayer: durable<PromptOutcome, PromptRequest>(),
    queryPayment: durable<QueryOutcome, QueryRequest>(),
    requestReturn: durable<ReturnOutcome, ReturnRequest>(),
    askReturnStatus: durable<StatusAsked, StatusRequest>(),
  },
  delays: {
    promptRetryGap: ({ context }) => context.promptRetryMs,
    uncertainWindow: UNCERTAIN_WINDOW_MS,
    queryGap: ({ context }) => QUERY_GAPS_MS[context.queries] ?? 0,
    returnRetryGap: ({ context }) => context.refund?.retryMs ?? 0,
    resultWindow: RESULT_WINDOW_MS,
    checkGap: ({ context }) => CHECK_GAPS_MS[context.refund?.checks ?? 0] ?? 0,
  },
  guards: {
    isPrompted: ({ context }) => context.method === 'stk',
    isUnmatched: ({ context }) => context.purpose.kind === 'unmatched',
    canAssign: ({ context, event }) => {
      const { subscriptionId, package: bought, phone } = event as PaymentAssignment
      if (context.purpose.kind !== 'unmatched') return false
      return subscriptionId === undefined ? bought !== undefined && (phone ?? context.phone) !== null : bought === undefined
    },
    canReject: ({ context, event }) => {
      if (context.purpose.kind !== 'unmatched' || isForeign(context)) return true
      // Callbacks are unsigned: a person may find that there is no such money. What the paybill told of did come.
      return context.received?.source === 'callback' && (event as EventOf<'payment.reject'>).moneyCame === false
    },
    isToldByCallbackOnly: ({ context }) => isToldByCallbackOnly(context),
    isDenied: ({ context }) => isDenied(context),
    isOtherAmount: ({ context, event }) => isOtherAmount(context, event as EventOf<'payment.confirmReceived'>),
    isOfSubscription: ({ event }) => (event as EventOf<'payment.confirmReceived'>).subscriptionId !== undefined,
    canNamePayer: ({ context }) => context.purpose.kind === 'unmatched' && context.phone === null && !isForeign(context),
    isPayersOnly: ({ context, event }) => context.received?.doubt === 'account-unknown' && (event as EventOf<'payment.namePayer'>).subscriptionId !== undefined,
    canClaim: ({ context }) => context.method === 'stk' && context.completedAt === null && context.claims < CLAIMS_MAX,

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
      // An approval that names no receipt means the one under review; so does an assignment.
      const meansUsedOne = type === 'payment.approve' && receipt === undefined && context.review?.reason === 'receipt-used'
      return receiptUsedBy === undefined && !meansUsedOne
    },
    hasReceipt: ({ context }) => context.receipt !== null,
    hasMismatchNoted: ({ context }) => context.mismatch != null,
    isMissingReceipt: ({ context, event }) => context.receipt === null && (event as PaymentCallback).receipt !== undefined,

    isFurtherMoney: ({ context, event }) => isFurtherMoney(context, event),
    isToldInFull: ({ context, event }) => isToldInFull(context, event),
    holdsFurtherMoney: ({ context }) => furtherMoney(context) !== null,

    canRefund: ({ context, event }) => canReturn(context, (event as EventOf<'payment.refund'>).way),
    hasRefundRequest: ({ context }) => isRefundRequested(context),
    hasNoRefundRequest: ({ context }) => !isRefundRequested(context),
    isRefundAsAsked: ({ context }) => isAsAsked(context),
    isCashReturn: ({ context }) => context.refund?.way === 'cash',
    isOtherPerson: ({ context, event }) => context.refund !== null && (event as EventOf<'payment.approveRefund'>).by !== context.refund.requestedBy,
    isReturnTaken: (_, outcome: ReturnOutcome) => outcome.outcome === 'accepted',
    isReturnRefused: (_, outcome: ReturnOutcome) => outcome.outcome === 'refused',
    canReturnAgain: ({ context }, outcome: ReturnOutcome) => outcome.outcome === 'refused' && outcome.retryAfterMs !== null && (context.refund?.attempts ?? 0) < RETURNS_MAX,
    hasChecksLeft: ({ context }) => canCheck(context) && (context.refund?.checks ?? 0) < CHECK_GAPS_MS.length,
    isOwnReturn: isReturn('returned', 'not-returned', 'unclear'),
    isReturnedResult: isReturn('returned'),
    isNotReturnedResult: isReturn('not-returned'),
    isSaidReturned: ({ event }) => (event as EventOf<'payment.settleRefund'>).returned,
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

    recordPayment: assign(({ context, event }, confirmedBy: 'query' | 'staff') => withPayment(context, confirmedBy, timeOf(event))),
    /** Confirmed by whoever brought the result. */
    recordToldPayment: assign(({ context, event }) => withPayment(context, (event as PaymentCallback).source ?? 'callback', timeOf(event))),
    recordReceived: assign(({ context, event }) => withPayment(context, context.received?.source ?? 'staff', timeOf(event))),
    recordUnmatched: assign(({ context, event }) => withUnmatched(context, timeOf(event))),
    releaseHeld: assign(({ context }) => withHeldReleased(context)),
    recordAssignment: assign(({ context, event }) => withAssignment(context, event as PaymentAssignment)),
    recordConfirmed: assign(({ context, event }) => withConfirmed(context, event as EventOf<'payment.confirmReceived'>)),
    recordConfirmedAmount: assign(({ context, event }) => withConfirmedAmount(context, event as EventOf<'payment.confirmReceived'>, timeOf(event))),
    recordOtherAmount: assign(({ context, event }) => withNotedAmount(context, event as EventOf<'payment.confirmReceived'>, timeOf(event))),
    recordPromptsSubscription: assign(({ context, event }) => {
      const { subscriptionId } = event as EventOf<'payment.confirmReceived'>
      return subscriptionId === undefined ? {} : withAssignment(context, { subscriptionId, reason: 'paid by the account number of its prompt' })
    }),
    recordPayer: assign(({ event }) => ({ phone: (event as EventOf<'payment.namePayer'>).phone })),
    recordPayersSubscription: assign(({ context, event }) => {
      const { phone, subscriptionId } = event as EventOf<'payment.namePayer'>
      return withAssignment(context, { phone, subscriptionId, reason: 'matched by the phone of the payer' })
    }),
    recordClaim: assign(({ context, event }) => withClaim(context, event as EventOf<'payment.claim'>, timeOf(event))),
    recordReceipt: assign(({ context, event }) => withReceipt(context, event as PaymentCallback)),
    recordDifference: assign(({ context, event }) => withNotedMismatch(context, event as PaymentCallback, timeOf(event))),
    recordFurtherMoney: assign(({ context, event }) => withHeld(context, event as PaymentCallback)),
    recordPartedMoney: assign(({ context }) => withParted(context)),
    recordOtherReceipt: assign(({ context, event }) => withOtherReceipt(context, event as PaymentCallback)),
    recordApproval: assign(({ context, event }) => withApproval(context, event as Extract<PaymentEvent, { type: 'payment.approve' }>)),
    recordRejection: assign(({ context, event }) => withRejection(context, event as PaymentDecision, timeOf(event))),
    recordCancellation: assign(({ event }) => withCancellation(event as PaymentDecision, timeOf(event))),

    announceRequested: emit(({ context }) => ({
      type: 'payment.requested' as const,
      method: context.method,
      purpose: context.purpose,
      phone: context.phone,
      packageId: context.package?.id ?? null,
      amount: context.amount,
      currency: context.currency,
      at: context.requestedAt,
    })),
    announcePrompted: emit(({ context, event }) => ({ type: 'payment.prompted' as const, checkoutRequestId: context.checkoutRequestId ?? '', at: timeOf(event) })),
    announceCompleted: emit(({ context, event }) => completedFact(context, timeOf(event))),
    announceFailed: emit(({ context }) => ({ type: 'payment.failed' as const, ...(context.failure as NonNullable<PaymentContext['failure']>) })),
    announceReview: emit(({ context }) => ({ type: 'payment.reviewNeeded' as const, ...(context.review as PaymentReview) })),
    announceReceipt: emit(({ context, event }) => ({ type: 'payment.receiptRecorded' as const, receipt: context.receipt ?? '', at: timeOf(event) })),
    announceMismatch: emit(({ context }) => ({ type: 'payment.mismatchFound' as const, ...(context.mismatch as PaymentMismatch) })),
    announceUntoldMoney: emit(({ event }) => {
      const { receipt = '', amount = null } = event as PaymentCallback
      return { type: 'payment.duplicateReceived' as const, receipt, amount, money: null, at: timeOf(event) }
    }),
    announcePartedMoney: emit(({ context, event }) => partedFact(context, timeOf(event))),
    announceClaimed: emit(({ context, event }) => ({ type: 'payment.claimed' as const, receipt: context.claim?.receipt ?? '', at: timeOf(event) })),

    recordRefundRequest: assign(({ context, event }) => withRefundRequest(context, event as EventOf<'payment.refund'>, timeOf(event))),
    recordRefundApproval: assign(({ context, event }) => changeRefund(context, { approvedBy: (event as EventOf<'payment.approveRefund'>).by, approvedAt: timeOf(event) })),
    recordRefundRefusal: assign(({ context, event }) => changeRefund(context, { refusedBy: (event as EventOf<'payment.refuseRefund'>).by })),
    countReturn: assign(({ context }) => changeRefund(context, { requests: (context.refund?.requests ?? 0) + 1, attempts: (context.refund?.attempts ?? 0) + 1 })),
    countCheck: assign(({ context }) => changeRefund(context, { checks: (context.refund?.checks ?? 0) + 1 })),
    recordReturnAccepted: assign(({ context }, outcome: ReturnOutcome) =>
      outcome.outcome === 'accepted' ? changeRefund(context, { originatorConversationId: outcome.originatorConversationId, conversationId: outcome.conversationId }) : {},
    ),
    recordReturnPostponed: assign(({ context }, outcome: ReturnOutcome) => changeRefund(context, { retryMs: outcome.outcome === 'refused' ? (outcome.retryAfterMs ?? 0) : 0 })),
    recordReturnAnswer: assign(({ context, event }, { code, description }: { code: string; description: string }) =>
      changeRefund(context, { lastResult: { source: 'request', code, description, at: timeOf(event) } }),
    ),
    recordReturnResult: assign(({ context, event }) => withReturnResult(context, event as ReturnResult, timeOf(event))),
    recordTimeout: assign(({ context, event }) => changeRefund(context, { lastResult: { source: 'timeout', code: 'timeout', description: '', at: timeOf(event) } })),
    recordSettlement: assign(({ context, event }) => {
      const { by, reason, receipt } = event as EventOf<'payment.settleRefund'>
      return changeRefund(context, { receipt: receipt ?? context.refund?.receipt ?? null, lastResult: { source: 'staff', code: by, description: reason, at: timeOf(event) } })
    }),
    recordReturned: assign(({ context, event }) => changeRefund(context, { returnedAt: timeOf(event) })),
    recordNotReturned: assign(({ context, event }) => changeRefund(context, { failedAt: timeOf(event) })),

    announceRefundRequested: emit(({ context, event }) => refundRequestedFact(context, timeOf(event))),
    announceRefundApproved: emit(({ context, event }) => refundApprovedFact(context, timeOf(event))),
    announceRefundRefused: emit(({ context, event }) => refundRefusedFact(context, timeOf(event))),
    announceReturned: emit(({ context, event }) => returnedFact(context, timeOf(event))),
    announceNotReturned: emit(({ context, event }) => refundFailedFact(context, timeOf(event))),
  },
})

export function describeUncertain(outcome: { outcome: string; code?: string; detail?: string }): { code: string; description: string } {
  return { code: outcome.code ?? outcome.outcome, description: outcome.detail ?? '' }
}

export function describeError(error: unknown): { code: string; description: string } {
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown; message?: unknown }
  return { code: typeof code === 'string' ? code : 'unknown', description: typeof message === 'string' ? message : '' }
}
