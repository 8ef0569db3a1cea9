/** What a router tells the world. Each is made after the step's context is settled, unless it says what is about to be forgotten. */
import type { ApplyOutcome, ProbeOutcome, UsersOutcome } from './calls.ts'
import { withoutOutage, type RouterContext, type RouterFact, type Trouble } from './context.ts'

const MINUTE_MS = 60_000

export const routerFacts = {
  registered: ({ name, tunnelAddress, enrolment }: RouterContext, at: number): RouterFact => ({ type: 'router.registered', name, tunnelAddress, expiresAt: enrolment?.expiresAt ?? at, at }),
  enrolled: ({ name, device, secretVersion }: RouterContext, at: number): RouterFact => ({
    type: 'router.enrolled',
    name,
    version: device?.version ?? '',
    board: device?.board ?? null,
    secretVersion,
    at,
  }),
  enrolmentRefused: ({ refusedVersion }: RouterContext, at: number): RouterFact => ({ type: 'router.enrolmentRefused', version: refusedVersion ?? '', at }),
  online: ({ name }: RouterContext, at: number): RouterFact => ({ type: 'router.online', name, at }),
  degraded: ({ name }: RouterContext, trouble: Trouble, at: number): RouterFact => ({ type: 'router.degraded', name, ...trouble, at }),
  offline: ({ name, lastSignAt }: RouterContext, trouble: Trouble, at: number): RouterFact => ({ type: 'router.offline', name, ...trouble, since: lastSignAt ?? at, at }),
  outageOpened: ({ name, outage }: RouterContext, at: number): RouterFact => ({ type: 'router.outageOpened', name, since: outage?.since ?? at, at }),
  /** To be made before the outage is forgotten. SLA minutes are begun ones, as contracts count them. */
  outageClosed: (context: RouterContext, at: number): RouterFact => {
    const since = context.outage?.since ?? at
    const { totals = context.totals } = withoutOutage(context, at)
    return { type: 'router.outageClosed', name: context.name, since, until: at, durationMs: at - since, slaMinutes: Math.ceil((at - since) / MINUTE_MS), ...totals, at }
  },
  accessPointsChanged: (outcome: Extract<ProbeOutcome, { outcome: 'answered' }>, at: number): RouterFact => ({ type: 'router.accessPointsChanged', appeared: outcome.appeared, lost: outcome.lost, at }),
  usersChanged: ({ added, changed, removed }: UsersOutcome, at: number): RouterFact => ({ type: 'router.usersChanged', added, changed, removed, at }),
  loginsEnded: (outcome: Extract<ProbeOutcome, { outcome: 'answered' }>, at: number): RouterFact => ({ type: 'router.loginsEnded', count: outcome.ended, at }),
  configured: ({ desired }: RouterContext, at: number): RouterFact => ({
    type: 'router.configured',
    version: desired?.version ?? 0,
    rolledBackTo: desired?.rolledBackTo ?? null,
    reason: desired?.reason ?? '',
    at,
  }),
  /** To be made before it is forgotten which version was tried. */
  applied: ({ applying }: RouterContext, outcome: ApplyOutcome, at: number): RouterFact => {
    const version = applying ?? 0
    if (outcome.outcome === 'failed') return { type: 'router.applyFailed', version, isFinal: outcome.isFinal, code: outcome.code, detail: outcome.detail, at }
    const { added, changed, removed } = outcome
    return { type: 'router.applied', version, added, changed, removed, at }
  },
  retired: ({ name, retireReason }: RouterContext, at: number): RouterFact => ({ type: 'router.retired', name, reason: retireReason ?? '', at }),
}
