/**
 * One SMS, from the wish to the delivery report.
 *
 *   queued <-> sending -> sent -> delivered | failed | unconfirmed
 *      `-> clearing -'        clearing -> held -> clearing ...; clearing -> suppressed; before sending: cancelled
 *
 * What must hold:
 *   N1  The text, and any secret in it, exists only inside the effect. Nothing here holds it.
 *   N2  Providers know no idempotency key. A send that may have been taken is repeated once and no more: two
 *       SMS are a small cost, none leaves a paying customer without a login.
 *   N3  Reports count whatever their order: one that overtakes the answer of the send waits for it, and
 *       `delivered` is never taken back.
 *   N4  All but logins are cleared before each attempt: quiet hours and the pause between two alike hold a message back, an opt-out
 *       drops it, unless it is a receipt. What it says may end meanwhile: then it is cancelled, or too late.
 */
import { and, assign, emit, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import {
  ATTEMPTS_MAX,
  DELIVERY_WINDOW_MS,
  isWorthSending,
  judgeStatus,
  lastSend,
  needsClearance,
  newNotification,
  reportedStatus,
  RESEND_COOLDOWN_MS,
  RESENDS_MAX,
  retryGapMs,
  UNCERTAIN_GAP_MS,
  UNCERTAIN_SENDS_MAX,
  withAccepted,
  withReport,
  withResend,
  type Clearance,
  type ClearanceRequest,
  type NotificationContext,
  type NotificationFact,
  type SendOutcome,
  type SendRequest,
} from './context.ts'
import type { DeliveryReport, NotificationEvent, NotificationInput } from './events.ts'

const clearanceOf = ({ event }: { event: { output: Clearance } }): Clearance => event.output
const outcomeOf = ({ event }: { event: { output: SendOutcome } }): SendOutcome => event.output

export const notificationMachine = setup({
  types: {
    context: {} as NotificationContext,
    input: {} as NotificationInput,
    events: {} as NotificationEvent,
    emitted: {} as NotificationFact,
    tags: {} as 'open' | 'settled' | 'attention',
  },
  actors: {
    checkClearance: durable<Clearance, ClearanceRequest>(),
    sendSms: durable<SendOutcome, SendRequest>(),
  },
  delays: {
    retryGap: ({ context }) => context.retryGapMs,
    heldTime: ({ context, event }) => Math.max(0, (context.held?.until ?? 0) - timeOf(event)),
    deliveryWindow: DELIVERY_WINDOW_MS,
  },
  guards: {
    isDue: ({ context }) => context.retryGapMs === 0,
    isTooLate: ({ context, event }) => !isWorthSending(context, timeOf(event)),
    needsClearance: ({ context }) => needsClearance(context),
    isHeld: (_, clearance: Clearance) => clearance.outcome === 'held',
    isSuppressed: (_, clearance: Clearance) => clearance.outcome === 'suppressed',
    isAccepted: (_, outcome: SendOutcome) => outcome.outcome === 'accepted',
    isRefused: (_, outcome: SendOutcome) => outcome.outcome === 'refused',
    canSendAgain: ({ context, event }, outcome: SendOutcome) =>
      outcome.outcome === 'refused' &&
      outcome.retryAfterMs !== null &&
      context.attempts < ATTEMPTS_MAX &&
      isWorthSending(context, timeOf(event) + retryGapMs(context, outcome.retryAfterMs)),
    canRiskSecondSms: ({ context, event }) =>
      context.uncertainSends + 1 < UNCERTAIN_SENDS_MAX && isWorthSending(context, timeOf(event) + UNCERTAIN_GAP_MS),
    isOwnReport: ({ context, event }) => context.providerId === null || context.providerId === (event as DeliveryReport).providerId,
    isDeliveryReport: ({ event }) => judgeStatus((event as DeliveryReport).status) === 'delivered',
    isReportedDelivered: ({ context }) => reportedStatus(context) === 'delivered',
    isReportedUndelivered: ({ context }) => reportedStatus(context) === 'undelivered',
    canResend: ({ context, event }) =>
      context.resends < RESENDS_MAX &&
      timeOf(event) - Math.max(context.sentAt ?? 0, context.requestedAt) >= RESEND_COOLDOWN_MS &&
      isWorthSending(context, timeOf(event)),
  },
  actions: {
    recordRequest: assign(({ event }) => ({ requestedAt: timeOf(event) })),
    recordHeld: assign((_, clearance: Clearance) => (clearance.outcome === 'held' ? { held: { reason: clearance.reason, until: clearance.until } } : {})),
    recordSuppressed: assign(({ event }, clearance: Clearance) => (clearance.outcome === 'suppressed' ? { dropped: { reason: clearance.reason, at: timeOf(event) } } : {})),
    recordCancelled: assign(({ event }) => ({ dropped: { reason: (event as Extract<NotificationEvent, { type: 'notification.cancel' }>).reason, at: timeOf(event) } })),
    recordUncleared: assign(({ event }) => ({
      failure: { reason: 'refused' as const, code: 'not-cleared', detail: 'Nobody could say whether the message may be sent.', at: timeOf(event) },
    })),
    forgetHeld: assign({ held: null }),
    countAttempt: assign(({ context }) => ({ attempts: context.attempts + 1 })),
    recordAccepted: assign(({ context, event }, outcome: SendOutcome) => (outcome.outcome === 'accepted' ? withAccepted(context, outcome, timeOf(event)) : {})),
    recordPostponed: assign(({ context }, outcome: SendOutcome) =>
      outcome.outcome === 'refused' && outcome.retryAfterMs !== null ? { retryGapMs: retryGapMs(context, outcome.retryAfterMs) } : {},
    ),
    recordUncertain: assign(({ context }) => ({ uncertainSends: context.uncertainSends + 1, retryGapMs: UNCERTAIN_GAP_MS })),
    recordRefused: assign(({ event }, outcome: SendOutcome) =>
      outcome.outcome === 'refused' ? { failure: { reason: 'refused' as const, code: outcome.code, detail: outcome.detail, at: timeOf(event) } } : {},
    ),
    recordLost: assign(({ context, event }) => ({
      uncertainSends: context.uncertainSends + 1,
      failure: { reason: 'uncertain' as const, code: 'uncertain', detail: 'The provider gave no usable answer; the message may have arrived.', at: timeOf(event) },
    })),
    recordTooLate: assign(({ event }) => ({
      failure: { reason: 'refused' as const, code: 'too-late', detail: 'What the message gives access to is over.', at: timeOf(event) },
    })),
    recordReport: assign(({ context, event }) => withReport(context, event as DeliveryReport, timeOf(event))),
    countReport: assign(({ context }) => ({ reports: context.reports + 1 })),
    recordDelivered: assign(({ event }) => ({ deliveredAt: timeOf(event), failure: null })),
    recordUndelivered: assign(({ context, event }) => ({
      failure: {
        reason: 'not-delivered' as const,
        code: context.lastReport?.failureReason ?? context.lastReport?.providerStatus ?? context.lastReport?.status ?? 'unknown',
        detail: 'The network reported that the message was not delivered.',
        at: timeOf(event),
      },
    })),
    recordResend: assign(({ context }) => withResend(context)),

    announceSent: emit(({ context, event }) => ({
      type: 'notification.sent' as const,
      template: context.template,
      about: context.about,
      to: context.to,
      provider: context.provider ?? '',
      providerId: context.providerId ?? '',
      sendNumber: context.sends,
      cost: context.lastCost,
      segments: context.segments,
      at: timeOf(event),
    })),
    announceDelivered: emit(({ context, event }) => ({
      type: 'notification.delivered' as const,
      template: context.template,
      about: context.about,
      ...lastSend(context),
      at: timeOf(event),
    })),
    announceSuppressed: emit(({ context, event }) => ({
      type: 'notification.suppressed' as const,
      template: context.template,
      about: context.about,
      reason: context.dropped?.reason ?? '',
      at: timeOf(event),
    })),
    announceCancelled: emit(({ context, event }) => ({
      type: 'notification.cancelled' as const,
      template: context.template,
      about: context.about,
      reason: context.dropped?.reason ?? '',
      at: timeOf(event),
    })),
    announceFailed: emit(({ context, event }) => ({
      type: 'notification.failed' as const,
      template: context.template,
      about: context.about,
      ...lastSend(context),
      reason: context.failure?.reason ?? 'unknown',
      code: context.failure?.code ?? 'unknown',
      at: timeOf(event),
    })),
  },
}).createMachine({
  id: 'notification',
  context: ({ input }) => newNotification(input),
  entry: 'recordRequest',
  initial: 'queued',
  states: {
    queued: {
      tags: 'open',
      always: [
        { guard: 'isTooLate', target: 'failed', actions: 'recordTooLate' },
        { guard: and(['isDue', 'needsClearance']), target: 'clearing' },
        { guard: 'isDue', target: 'sending' },
      ],
      after: {
        retryGap: [{ guard: 'isTooLate', target: 'failed', actions: 'recordTooLate' }, { guard: 'needsClearance', target: 'clearing' }, { target: 'sending' }],
      },
      on: { 'notification.cancel': { target: 'cancelled', actions: 'recordCancelled' } },
    },
    clearing: {
      tags: 'open',
      invoke: {
        id: 'checkClearance',
        src: 'checkClearance',
        input: ({ context: { to, template } }) => ({ to, template }),
        onDone: [
          { guard: { type: 'isHeld', params: clearanceOf }, target: 'held', actions: { type: 'recordHeld', params: clearanceOf } },
          { guard: { type: 'isSuppressed', params: clearanceOf }, target: 'suppressed', actions: { type: 'recordSuppressed', params: clearanceOf } },
          { guard: 'isTooLate', target: 'failed', actions: 'recordTooLate' },
          { target: 'sending' },
        ],
        onError: { target: 'failed', actions: 'recordUncleared' },
      },
      on: { 'notification.cancel': { target: 'cancelled', actions: 'recordCancelled' } },
    },
    held: {
      tags: 'open',
      exit: 'forgetHeld',
      after: { heldTime: [{ guard: 'isTooLate', target: 'failed', actions: 'recordTooLate' }, { target: 'clearing' }] },
      on: { 'notification.cancel': { target: 'cancelled', actions: 'recordCancelled' } },
    },
    suppressed: { tags: 'settled', entry: 'announceSuppressed' },
    cancelled: { tags: 'settled', entry: 'announceCancelled' },
    sending: {
      tags: 'open',
      entry: 'countAttempt',
      invoke: {
        id: 'sendSms',
        src: 'sendSms',
        input: ({ context: { to, template, locale, about, credentialVersion, details, uncertainSends } }) => ({
          to, template, locale, about, credentialVersion, details, isRepetition: uncertainSends > 0,
        }),
        onDone: [
          { guard: { type: 'isAccepted', params: outcomeOf }, target: 'sent', actions: [{ type: 'recordAccepted', params: outcomeOf }, 'announceSent'] },
          { guard: { type: 'canSendAgain', params: outcomeOf }, target: 'queued', actions: { type: 'recordPostponed', params: outcomeOf } },
          { guard: { type: 'isRefused', params: outcomeOf }, target: 'failed', actions: { type: 'recordRefused', params: outcomeOf } },
          { guard: 'canRiskSecondSms', target: 'queued', actions: 'recordUncertain' },
          { target: 'failed', actions: 'recordLost' },
        ],
        // An error that nobody foresaw does not say that nothing was sent.
        onError: [
          { guard: 'canRiskSecondSms', target: 'queued', actions: 'recordUncertain' },
          { target: 'failed', actions: 'recordLost' },
        ],
      },
      on: { 'notification.report': { actions: 'recordReport' } },
    },
    sent: {
      tags: 'open',
      always: [
        { guard: 'isReportedDelivered', target: 'delivered', actions: 'recordDelivered' },
        { guard: 'isReportedUndelivered', target: 'failed', actions: 'recordUndelivered' },
      ],
      after: { deliveryWindow: 'unconfirmed' },
      on: {
        'notification.report': { guard: 'isOwnReport', actions: 'recordReport' },
        'notification.resend': { guard: 'canResend', target: 'queued', actions: 'recordResend' },
      },
    },
    unconfirmed: {
      tags: 'settled',
      always: [
        { guard: 'isReportedDelivered', target: 'delivered', actions: 'recordDelivered' },
        { guard: 'isReportedUndelivered', target: 'failed', actions: 'recordUndelivered' },
      ],
      on: {
        'notification.report': { guard: 'isOwnReport', actions: 'recordReport' },
        'notification.resend': { guard: 'canResend', target: 'queued', actions: 'recordResend' },
      },
    },
    delivered: {
      tags: 'settled',
      entry: 'announceDelivered',
      on: {
        'notification.report': { guard: 'isOwnReport', actions: 'countReport' },
        'notification.resend': { guard: 'canResend', target: 'queued', actions: 'recordResend' },
      },
    },
    failed: {
      tags: 'attention',
      entry: 'announceFailed',
      on: {
        'notification.report': [
          { guard: and(['isOwnReport', 'isDeliveryReport']), target: 'delivered', actions: ['recordReport', 'recordDelivered'] },
          { guard: 'isOwnReport', actions: 'countReport' },
        ],
        'notification.resend': { guard: 'canResend', target: 'queued', actions: 'recordResend' },
      },
    },
  },
})
