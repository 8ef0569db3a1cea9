/** What a notification remembers, how a send can end, and what reports change. */
import type { DeliveryReport, DetailsOf, NotificationInput } from './events.ts'

export interface SendRequest {
  to: string
  template: NotificationInput['template']
  locale: NotificationInput['locale']
  about: NotificationInput['about']
  credentialVersion: number
  details: NotificationInput['details']
  /** An earlier send may have been taken: by the second provider, if there is one, the repetition has a better chance. */
  isRepetition: boolean
}

export interface ClearanceRequest {
  to: string
  template: NotificationInput['template']
}

/** Whether a message may go now, by the rules of the business and the wishes of the customer. */
export type Clearance =
  | { outcome: 'clear' }
  | { outcome: 'held'; reason: 'quiet-hours' | 'cooldown'; until: number }
  | { outcome: 'suppressed'; reason: 'opted-out' }

export interface Cost {
  /** Minor units, rounded. */
  amount: number
  currency: string
  /** As the provider charges, which may be fractions of minor units: `0.0075`. */
  decimal?: string
}

export type SendOutcome =
  | { outcome: 'accepted'; provider: string; providerId: string; cost: Cost | null; segments: number }
  /** Certainly not taken. `retryAfterMs` null: asking again is pointless. */
  | { outcome: 'refused'; code: string; detail: string; retryAfterMs: number | null }
  /** Perhaps on its way. */
  | { outcome: 'uncertain'; code: string; detail: string }

export interface NotificationContext extends NotificationInput {
  requestedAt: number
  /** Sends begun since the last request to send. */
  attempts: number
  /** Sends of which we do not know whether they were taken, since the last request to send. */
  uncertainSends: number
  retryGapMs: number
  resends: number
  /** Delivery reports received, repeated and outdated ones included. */
  reports: number
  /** Who took the newest message. */
  provider: string | null
  providerId: string | null
  /** Messages that a provider took. */
  sends: number
  lastCost: Cost | null
  held: { reason: 'quiet-hours' | 'cooldown'; until: number } | null
  /** Why it was not sent and will not be. */
  dropped: { reason: string; at: number } | null
  sentAt: number | null
  deliveredAt: number | null
  /** Of all sends, as far as the provider named it. */
  cost: Cost | null
  segments: number
  /** The newest report of the message under way; also one that came before the answer of its send. */
  lastReport: { providerId: string; status: DeliveryReport['status']; providerStatus: string | null; failureReason: string | null; at: number } | null
  failure: { reason: 'refused' | 'uncertain' | 'not-delivered'; code: string; detail: string; at: number } | null
}

type About = Pick<NotificationInput, 'template' | 'about'>

/** Of the message that it came to this with; nulls: none was taken. */
interface LastSend {
  to: string
  provider: string | null
  providerId: string | null
  cost: Cost | null
  segments: number
}

export type NotificationFact =
  | ({ type: 'notification.sent'; to: string; provider: string; providerId: string; sendNumber: number; cost: Cost | null; segments: number; at: number } & About)
  | ({ type: 'notification.delivered'; at: number } & LastSend & About)
  | ({ type: 'notification.failed'; reason: string; code: string; at: number } & LastSend & About)
  | ({ type: 'notification.suppressed'; reason: string; at: number } & About)
  | ({ type: 'notification.cancelled'; reason: string; at: number } & About)

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

export const ATTEMPTS_MAX = 6
/** A second SMS is a small cost and no harm, a customer without a password is; a third would be a loop. */
export const UNCERTAIN_SENDS_MAX = 2
export const UNCERTAIN_GAP_MS = MINUTE_MS
/** Networks keep an SMS for a phone that is off for up to three days. */
export const DELIVERY_WINDOW_MS = 72 * HOUR_MS
export const RESENDS_MAX = 5
export const RESEND_COOLDOWN_MS = MINUTE_MS

/** What records of version 1 lack (R12). */
export const NOT_IN_VERSION_1 = { provider: null, sends: 0, lastCost: null, held: null, dropped: null } as const

/** Tolerates a missing input: XState makes one throw-away context without it (reference: pitfall 4). */
export function newNotification(input: NotificationInput): NotificationContext {
  return {
    ...input,
    requestedAt: 0,
    attempts: 0,
    uncertainSends: 0,
    retryGapMs: 0,
    resends: 0,
    reports: 0,
    ...NOT_IN_VERSION_1,
    providerId: null,
    sentAt: null,
    deliveredAt: null,
    cost: null,
    segments: 0,
    lastReport: null,
    failure: null,
  }
}

export function lastSend({ to, provider, providerId, lastCost, segments }: NotificationContext): LastSend {
  return { to, provider, providerId, cost: lastCost, segments }
}

/** The pause before another attempt: what the provider asks for, doubled each time, at most an hour. */
export function retryGapMs(context: NotificationContext, retryAfterMs: number): number {
  return Math.min(retryAfterMs * 2 ** (context.attempts - 1), HOUR_MS)
}

/** A message is of no use once what it gives access to, or asks for, is over. */
export function isWorthSending({ template, details }: Pick<NotificationContext, 'template' | 'details'>, at: number): boolean {
  return at < usefulUntil(template, details)
}

function usefulUntil(template: NotificationInput['template'], details: NotificationInput['details']): number {
  switch (template) {
    case 'hotspot-credentials':
    case 'subscription-reminder':
      return (details as DetailsOf<'hotspot-credentials' | 'subscription-reminder'>).expiresAt
    case 'subscription-grace':
      return (details as DetailsOf<'subscription-grace'>).graceEndsAt
    case 'subscription-data-used-up':
      return (details as DetailsOf<'subscription-data-used-up'>).termEndsAt
    case 'subscription-receipt':
    case 'subscription-suspended':
      return Infinity
  }
}

/** Whoever has just paid waits for the login; all else minds the hour, and the wish not to be written to. */
export function needsClearance({ template }: Pick<NotificationContext, 'template'>): boolean {
  return template !== 'hotspot-credentials'
}

export function withAccepted(context: NotificationContext, outcome: Extract<SendOutcome, { outcome: 'accepted' }>, at: number): Partial<NotificationContext> {
  return {
    provider: outcome.provider,
    providerId: outcome.providerId === '' ? null : outcome.providerId,
    sends: context.sends + 1,
    lastCost: outcome.cost,
    sentAt: at,
    cost: sum(context.cost, outcome.cost),
    segments: context.segments + outcome.segments,
  }
}

function sum(before: Cost | null, more: Cost | null): Cost | null {
  if (before === null || more === null) return before ?? more
  // A provider that changes its currency: the newest bill is shown, the journal has all.
  return before.currency === more.currency ? { amount: before.amount + more.amount, currency: more.currency } : more
}

export function withReport(context: NotificationContext, report: DeliveryReport, at: number): Partial<NotificationContext> {
  const { providerId, status, providerStatus = null, failureReason = null } = report
  return { reports: context.reports + 1, lastReport: { providerId, status, providerStatus, failureReason, at } }
}

/** Forgets what belongs to the message before. */
export function withResend(context: NotificationContext): Partial<NotificationContext> {
  return { attempts: 0, uncertainSends: 0, retryGapMs: 0, resends: context.resends + 1, providerId: null, deliveredAt: null, lastReport: null, failure: null }
}

/** What the newest report says of the message that the provider has just named, or that is under way. */
export function reportedStatus(context: NotificationContext): 'delivered' | 'undelivered' | 'open' {
  const report = context.lastReport
  if (report === null || report.providerId !== context.providerId) return 'open'
  return judgeStatus(report.status)
}

export function judgeStatus(status: DeliveryReport['status']): 'delivered' | 'undelivered' | 'open' {
  switch (status) {
    case 'delivered':
      return 'delivered'
    case 'failed':
    case 'expired':
      return 'undelivered'
    case 'sent':
    case 'buffered':
      return 'open'
  }
}
