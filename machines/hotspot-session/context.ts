/** What a session remembers. No credentials: they are derived when needed, from the address and `credentialVersion`. */
import type { Login } from '../accounting.ts'
import type { PackageSnapshot } from '../package.ts'
import type { SessionEvent, SessionInput, SessionSource } from './events.ts'

/** `refund`: what it was bought with was taken back. */
export type EndReason = 'time' | 'data' | 'admin' | 'nas' | 'refund'

export interface SessionContext extends SessionInput {
  startsAt: number
  expiresAt: number
  /** RFC 3339 UTC, for people. */
  expiresAtIso: string
  credentialVersion: number
  credentialsShownAt: number | null
  /** How often the customer had the credentials sent again. */
  resends: number
  /** Raised to let other devices in. */
  deviceGeneration: number
  /** Logins under way. */
  online: Login[]
  /** Over all logins. */
  uploadBytes: number
  downloadBytes: number
  logins: number
  /** Of the newest accounting that was taken. */
  accountRevision: number
  lastAccountAt: number | null
  endReason: EndReason | null
  endedAt: number | null
  /** What staff gave as their reason. */
  endNote: string | null
  /** Logins that nobody could be asked to end: their router is not registered. */
  unreached: number
}

/** What a session can tell of its use. */
export interface SessionUsage {
  logins: number
  uploadBytes: number
  downloadBytes: number
}

/** What it comes to when access has ended. */
export interface SessionTotals extends SessionUsage {
  /** How long there was access, from its start to its end. */
  usedSeconds: number
  usedBytes: number
}

export type SessionFact =
  | {
      type: 'session.ready'
      source: SessionSource
      phone: string
      macAddress: string | null
      package: PackageSnapshot
      startsAt: number
      expiresAt: number
      credentialVersion: number
      at: number
    }
  | { type: 'session.credentialsRevealed'; at: number }
  /** The credentials are to be sent once more, for the `number`-th time. */
  | { type: 'session.resendWanted'; number: number; phone: string; package: PackageSnapshot; expiresAt: number; credentialVersion: number; at: number }
  | { type: 'session.online'; devices: number; at: number }
  | ({ type: 'session.offline'; at: number } & SessionUsage)
  | { type: 'session.deviceChanged'; reason: string; at: number }
  | { type: 'session.kicked'; reason: string; at: number }
  | ({
      type: 'session.expired'
      reason: EndReason
      note: string | null
      source: SessionSource
      phone: string
      packageId: string
      startsAt: number
      at: number
    } & SessionTotals)
  | ({ type: 'session.closed'; reason: EndReason; source: SessionSource; phone: string; packageId: string; at: number } & SessionTotals)

/** What the router is asked for: the username is derived from the version where the call is made. */
export interface DisconnectRequest {
  credentialVersion: number
}

/**
 * The paid time runs from the completion of the payment, normally milliseconds before the session exists.
 * If more than this lies between, we were down, and our outage is not the customer's loss: the time then
 * runs from when access was really given.
 */
const LATE_START_MS = 60_000

/** Each costs an SMS. */
export const RESENDS_MAX = 5

/** Tolerates a missing input: XState makes one throw-away context without it (reference: pitfall 4). */
export function newSession(input: SessionInput): SessionContext {
  return {
    ...input,
    startsAt: 0,
    expiresAt: 0,
    expiresAtIso: '',
    credentialVersion: 1,
    credentialsShownAt: null,
    resends: 0,
    deviceGeneration: 1,
    online: [],
    uploadBytes: 0,
    downloadBytes: 0,
    logins: 0,
    accountRevision: 0,
    lastAccountAt: null,
    endReason: null,
    endedAt: null,
    endNote: null,
    unreached: 0,
  }
}

export function withStart(context: SessionContext, at: number): Partial<SessionContext> {
  // Not from a moment that is still to come, either: access would be free until then.
  const startsAt = at - context.paidAt > LATE_START_MS ? at : Math.min(context.paidAt, at)
  const expiresAt = startsAt + context.package.durationSeconds * 1_000
  return { startsAt, expiresAt, expiresAtIso: new Date(expiresAt).toISOString() }
}

export function isNews(context: SessionContext, event: SessionEvent): event is Extract<SessionEvent, { type: 'session.account' }> {
  return event.type === 'session.account' && event.revision > context.accountRevision
}

export function withAccount(event: SessionEvent, at: number): Partial<SessionContext> {
  if (event.type !== 'session.account') return {}
  const { online, uploadBytes, downloadBytes, logins, revision } = event
  return { online, uploadBytes, downloadBytes, logins, accountRevision: revision, lastAccountAt: at }
}

export function usageOf({ logins, uploadBytes, downloadBytes }: SessionContext): SessionUsage {
  return { logins, uploadBytes, downloadBytes }
}

export function totalsOf(context: SessionContext): SessionTotals {
  const { startsAt, endedAt, uploadBytes, downloadBytes } = context
  return { ...usageOf(context), usedSeconds: Math.max(0, Math.round(((endedAt ?? startsAt) - startsAt) / 1_000)), usedBytes: uploadBytes + downloadBytes }
}
