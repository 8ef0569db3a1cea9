/** What a router remembers, and how it changes. No secrets: they are derived when needed, from the address and `secretVersion`. */
import type { ApplyOutcome, ProbeOutcome } from './calls.ts'
import { VERSIONS_KEPT, type ConfigurationVersion, type RouterConfiguration } from './configuration.ts'
import type { Enrolment, RouterDevice, RouterEvent, RouterInput } from './events.ts'
import { DOWN_AFTER, HANDSHAKE_STALE_SECONDS, HEARTBEAT_FRESH_MS, UP_AFTER } from './timing.ts'

export interface Trouble {
  code: string
  detail: string
}

export interface RouterContext extends Omit<RouterInput, 'enrolment'> {
  /** The script that is out; null once it was used. */
  enrolment: Enrolment | null
  secretVersion: number
  enrolledAt: number | null
  device: RouterDevice | null
  /** The version of a router that came and was too old. */
  refusedVersion: string | null
  /** Looks so far; with the id it decides how long to wait for the next. */
  looks: number
  /** In a row: not heard of at all; all well; heard of in some way. */
  misses: number
  goods: number
  signs: number
  lastGoodAt: number | null
  /** The newest sign of life: the beginning of an outage, should there be one. */
  lastSignAt: number | null
  trouble: Trouble | null
  /** How its own list of users stands, as of the newest look; null: it asks RADIUS, or was not looked at yet. */
  users: { wanted: number; failure: Trouble | null } | null
  outage: { since: number; openedAt: number } | null
  totals: { outages: number; downMs: number }
  /** MAC addresses. */
  accessPoints: string[]
  desired: ConfigurationVersion | null
  /** Newest last; the wanted one among them. */
  versions: ConfigurationVersion[]
  /** The version that is being brought onto the router. */
  applying: number | null
  applied: { version: number; at: number; added: number; changed: number; removed: number } | null
  applyFailure: { version: number; at: number; isFinal: boolean; code: string; detail: string } | null
  retiredAt: number | null
  retireReason: string | null
}

export type RouterFact =
  | { type: 'router.registered'; name: string; tunnelAddress: string; expiresAt: number; at: number }
  | { type: 'router.enrolled'; name: string; version: string; board: string | null; secretVersion: number; at: number }
  | { type: 'router.enrolmentRefused'; version: string; at: number }
  | { type: 'router.online'; name: string; at: number }
  | ({ type: 'router.degraded'; name: string; at: number } & Trouble)
  | ({ type: 'router.offline'; name: string; since: number; at: number } & Trouble)
  | { type: 'router.outageOpened'; name: string; since: number; at: number }
  | { type: 'router.outageClosed'; name: string; since: number; until: number; durationMs: number; slaMinutes: number; outages: number; downMs: number; at: number }
  | { type: 'router.accessPointsChanged'; appeared: string[]; lost: string[]; at: number }
  | { type: 'router.usersChanged'; added: number; changed: number; removed: number; at: number }
  | { type: 'router.loginsEnded'; count: number; at: number }
  | { type: 'router.configured'; version: number; rolledBackTo: number | null; reason: string; at: number }
  | { type: 'router.applied'; version: number; added: number; changed: number; removed: number; at: number }
  | ({ type: 'router.applyFailed'; version: number; isFinal: boolean; at: number } & Trouble)
  | { type: 'router.retired'; name: string; reason: string; at: number }

/** R9. */
const ACCESS_POINTS_MAX = 200

/** Tolerates a missing input: XState makes one throw-away context without it (reference: pitfall 4). */
export function newRouter(input: RouterInput): RouterContext {
  return {
    ...input,
    secretVersion: 1,
    enrolledAt: null,
    device: null,
    refusedVersion: null,
    looks: 0,
    misses: 0,
    goods: 0,
    signs: 0,
    lastGoodAt: null,
    lastSignAt: null,
    trouble: null,
    users: null,
    outage: null,
    totals: { outages: 0, downMs: 0 },
    accessPoints: [],
    desired: null,
    versions: [],
    applying: null,
    applied: null,
    applyFailure: null,
    retiredAt: null,
    retireReason: null,
  }
}

/** RouterOS 6 has neither REST nor WireGuard, and its RADIUS client does not sign its requests. */
export function isSupportedVersion(version: string): boolean {
  const major = /^(\d+)\./.exec(version)?.[1]
  return major !== undefined && Number(major) >= 7
}

export function isOwnToken({ enrolment }: RouterContext, tokenHash: string): boolean {
  return enrolment !== null && enrolment.tokenHash === tokenHash
}

export function isInTime({ enrolment }: RouterContext, at: number): boolean {
  return enrolment !== null && at < enrolment.expiresAt
}

export function withDevice(context: RouterContext, event: RouterEvent, at: number): Partial<RouterContext> {
  if (event.type !== 'router.enrol') return {}
  const { type: _type, tokenHash: _tokenHash, ...device } = event
  return { device, secretVersion: context.enrolment?.secretVersion ?? context.secretVersion, enrolment: null, refusedVersion: null, enrolledAt: at, lastSignAt: at }
}

/**
 * `good`: it answers and the tunnel is well. `impaired`: it lives, for it calls us, or refuses us, but something is
 * wrong between us; customers surf. `lost`: not a sign of it.
 */
export type Sign = 'good' | 'impaired' | 'lost'

export function signOf(outcome: ProbeOutcome, at: number): Sign {
  if (outcome.outcome === 'answered') return isStale(outcome) ? 'impaired' : 'good'
  if (outcome.code === 'unauthorised' || outcome.code === 'no-rest') return 'impaired'
  return outcome.heardAt !== null && at - outcome.heardAt <= HEARTBEAT_FRESH_MS ? 'impaired' : 'lost'
}

function isStale({ handshakeAgeSeconds }: Extract<ProbeOutcome, { outcome: 'answered' }>): boolean {
  return handshakeAgeSeconds !== null && handshakeAgeSeconds > HANDSHAKE_STALE_SECONDS
}

export function withLook(context: RouterContext, outcome: ProbeOutcome, at: number): Partial<RouterContext> {
  const looks = context.looks + 1
  const sign = signOf(outcome, at)
  if (sign === 'lost') return { looks, misses: context.misses + 1, goods: 0, signs: 0, trouble: troubleOf(outcome) }
  const alive = { looks, misses: 0, signs: context.signs + 1, lastSignAt: at, ...withAnswer(context, outcome) }
  if (sign === 'impaired') return { ...alive, goods: 0, trouble: troubleOf(outcome) }
  // What was not to be had while the router was away may be tried again.
  const applyFailure = context.applyFailure?.isFinal === true ? context.applyFailure : null
  return { ...alive, goods: context.goods + 1, lastGoodAt: at, trouble: null, applyFailure }
}

function withAnswer(context: RouterContext, outcome: ProbeOutcome): Partial<RouterContext> {
  if (outcome.outcome !== 'answered') return {}
  const gone = new Set([...outcome.lost, ...outcome.appeared])
  return {
    device: context.device === null ? null : { ...context.device, version: outcome.version, capabilities: outcome.capabilities ?? context.device.capabilities },
    users: outcome.users == null ? context.users : { wanted: outcome.users.wanted, failure: outcome.users.failure },
    accessPoints: [...context.accessPoints.filter((mac) => !gone.has(mac)), ...outcome.appeared].slice(-ACCESS_POINTS_MAX),
  }
}

export function troubleOf(outcome: ProbeOutcome): Trouble {
  if (outcome.outcome === 'silent') return { code: outcome.code, detail: outcome.detail }
  return { code: 'tunnel-stale', detail: `The tunnel last shook hands ${outcome.handshakeAgeSeconds} s ago.` }
}

/** This look, counted in, makes so many in a row. */
export function isRecoveredBy(context: RouterContext): boolean {
  return context.goods + 1 >= UP_AFTER
}

export function isAliveBy(context: RouterContext): boolean {
  return context.signs + 1 >= UP_AFTER
}

/** While an outage is open one miss is enough: it has not really come back. */
export function isDownBy(context: RouterContext): boolean {
  return context.outage !== null || context.misses + 1 >= DOWN_AFTER
}

export function withOutage(context: RouterContext, at: number): Partial<RouterContext> {
  return context.outage === null ? { outage: { since: context.lastSignAt ?? at, openedAt: at } } : {}
}

export function withoutOutage({ outage, totals }: RouterContext, at: number): Partial<RouterContext> {
  if (outage === null) return {}
  return { outage: null, totals: { outages: totals.outages + 1, downMs: totals.downMs + (at - outage.since) } }
}

export function withConfiguration(context: RouterContext, event: RouterEvent, at: number): Partial<RouterContext> {
  const wanted = wantedBy(context, event)
  if (wanted === undefined) return {}
  const version = (context.desired?.version ?? 0) + 1
  const desired: ConfigurationVersion = { version, at, ...wanted }
  return { desired, versions: [...context.versions, desired].slice(-VERSIONS_KEPT), applyFailure: null }
}

function wantedBy(context: RouterContext, event: RouterEvent): { configuration: RouterConfiguration; reason: string; rolledBackTo: number | null } | undefined {
  if (event.type === 'router.configure') return { configuration: event.configuration, reason: event.reason, rolledBackTo: null }
  if (event.type !== 'router.rollback') return undefined
  const earlier = versionOf(context, event.version)
  return earlier === undefined ? undefined : { configuration: earlier.configuration, reason: event.reason, rolledBackTo: event.version }
}

export function versionOf({ versions }: RouterContext, version: number): ConfigurationVersion | undefined {
  return versions.find((one) => one.version === version)
}

/** Not the one that was just tried in vain: that waits for the next good look. */
export function isApplyDue({ desired, applied, applyFailure }: RouterContext): boolean {
  return desired !== null && desired.version !== applied?.version && applyFailure?.version !== desired.version
}

/** Another one may be wanted by now: the outcome is that of the one that was begun. */
export function withApplied({ applying }: RouterContext, outcome: ApplyOutcome, at: number): Partial<RouterContext> {
  const version = applying ?? 0
  if (outcome.outcome === 'failed') return { applying: null, applyFailure: { version, at, isFinal: outcome.isFinal, code: outcome.code, detail: outcome.detail } }
  const { added, changed, removed } = outcome
  return { applying: null, applied: { version, at, added, changed, removed }, applyFailure: null }
}
