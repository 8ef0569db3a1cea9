/** What a session remembers. No credentials: they are derived when needed, from the address and `credentialVersion`. */
import type { PackageSnapshot } from '../package.ts'
import type { SessionEvent, SessionInput, SessionSource } from './events.ts'

export type EndReason = 'time' | 'closed' | 'revoked'

export interface SessionContext extends SessionInput {
  startsAt: number
  expiresAt: number
  /** RFC 3339 UTC, for people. */
  expiresAtIso: string
  credentialVersion: number
  credentialsShownAt: number | null
  /** Acct-Session-Ids of the devices that are logged in. */
  devicesOnline: string[]
  logins: number
  lastLoginAt: number | null
  endReason: EndReason | null
  endedAt: number | null
  /** What staff gave as their reason. */
  endNote: string | null
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
  | { type: 'session.expired'; reason: EndReason; note: string | null; source: SessionSource; phone: string; packageId: string; logins: number; at: number }
  | { type: 'session.closed'; reason: EndReason; at: number }

/**
 * The paid time runs from the completion of the payment, normally milliseconds before the session exists.
 * If more than this lies between, we were down, and our outage is not the customer's loss: the time then
 * runs from when access was really given.
 */
const LATE_START_MS = 60_000

/** R9: more than any package allows. */
const DEVICES_MAX = 100

/** Tolerates a missing input: XState makes one throw-away context without it (reference: pitfall 4). */
export function newSession(input: SessionInput): SessionContext {
  return {
    ...input,
    startsAt: 0,
    expiresAt: 0,
    expiresAtIso: '',
    credentialVersion: 1,
    credentialsShownAt: null,
    devicesOnline: [],
    logins: 0,
    lastLoginAt: null,
    endReason: null,
    endedAt: null,
    endNote: null,
  }
}

export function withStart(context: SessionContext, at: number): Partial<SessionContext> {
  const startsAt = at - context.paidAt > LATE_START_MS ? at : context.paidAt
  const expiresAt = startsAt + context.package.durationSeconds * 1_000
  return { startsAt, expiresAt, expiresAtIso: new Date(expiresAt).toISOString() }
}

export function withDevice(context: SessionContext, event: SessionEvent, at: number): Partial<SessionContext> {
  if (event.type !== 'session.start' || context.devicesOnline.includes(event.acctSessionId)) return {}
  return { devicesOnline: [...context.devicesOnline, event.acctSessionId].slice(-DEVICES_MAX), logins: context.logins + 1, lastLoginAt: at }
}

export function withoutDevice(context: SessionContext, event: SessionEvent): Partial<SessionContext> {
  if (event.type !== 'session.stop') return {}
  return { devicesOnline: context.devicesOnline.filter((device) => device !== event.acctSessionId) }
}
