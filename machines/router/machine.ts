/**
 * One router, from the script that is pasted into it to the day it is taken away.
 *
 *   enrolling -> online <-> degraded <-> offline        (any) -> retired
 *
 * In the three in the middle it is looked at again and again, by a timer of its own (`watching`, `waiting`) and an
 * outside call (`polling`). What must hold:
 *   O1  Hysteresis: so many misses in a row make it offline, so many good looks online. One look says nothing.
 *   O2  An outage is opened once and closed once, whatever comes and goes between; it begins with the last sign of life.
 *   O3  A router that still calls us is not down: the way to it is (`degraded`), and customers surf.
 *   O4  One call to a router at a time: looking and configuring take turns.
 */
import { assign, emit, enqueueActions, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import type { ApplyOutcome, ApplyRequest, ProbeOutcome, ProbeRequest } from './calls.ts'
import {
  isAliveBy,
  isApplyDue,
  isDownBy,
  isInTime,
  isOwnToken,
  isRecoveredBy,
  isSupportedVersion,
  newRouter,
  signOf,
  troubleOf,
  versionOf,
  withApplied,
  withConfiguration,
  withDevice,
  withLook,
  withoutOutage,
  withOutage,
  type RouterContext,
  type RouterFact,
} from './context.ts'
import { routerFacts } from './facts.ts'
import type { RouterEvent, RouterInput } from './events.ts'
import { recheckGapMs, returnGapMs, watchGapMs } from './timing.ts'

const probed = ({ event }: { event: { output: ProbeOutcome } }): ProbeOutcome => event.output
const appliedAs = ({ event }: { event: { output: ApplyOutcome } }): ApplyOutcome => event.output
const NOT_APPLIED: ApplyOutcome = { outcome: 'failed', code: 'internal', detail: 'The configuring failed on our side.', isFinal: false }

/** What every look leaves behind. */
const seen = [{ type: 'recordLook', params: probed }, { type: 'announceAccessPoints', params: probed }, { type: 'announceHotspot', params: probed }] as const

const probe = ({ context: { apiUrl, secretVersion, accessPoints, provisioning, device } }: { context: RouterContext }): ProbeRequest => ({
  apiUrl,
  secretVersion,
  accessPoints,
  provisioning,
  capabilities: device?.capabilities ?? [],
})

function applyRequest({ apiUrl, secretVersion, desired }: RouterContext): ApplyRequest {
  // Only a wanted configuration leads here.
  if (desired === null) throw new Error('no configuration is wanted')
  return { apiUrl, secretVersion, version: desired.version, configuration: desired.configuration }
}

export const routerMachine = setup({
  types: {
    context: {} as RouterContext,
    input: {} as RouterInput,
    events: {} as RouterEvent,
    emitted: {} as RouterFact,
    output: {} as { reason: string },
    tags: {} as 'open' | 'reachable' | 'attention' | 'settled',
  },
  actors: {
    probeRouter: durable<ProbeOutcome, ProbeRequest>(),
    applyConfiguration: durable<ApplyOutcome, ApplyRequest>(),
  },
  delays: {
    enrolmentWindow: ({ context, event }) => Math.max(0, (context.enrolment?.expiresAt ?? 0) - timeOf(event)),
    watchGap: ({ context }) => watchGapMs(context),
    recheckGap: ({ context }) => recheckGapMs(context),
    returnGap: ({ context, event }) => returnGapMs(context, timeOf(event)),
  },
  guards: {
    canEnrol: ({ context, event }) =>
      event.type === 'router.enrol' && isOwnToken(context, event.tokenHash) && isInTime(context, timeOf(event)) && isSupportedVersion(event.version),
    isTooOld: ({ context, event }) =>
      event.type === 'router.enrol' && isOwnToken(context, event.tokenHash) && isInTime(context, timeOf(event)) && !isSupportedVersion(event.version),
    isGood: ({ event }, outcome: ProbeOutcome) => signOf(outcome, timeOf(event)) === 'good',
    isImpaired: ({ event }, outcome: ProbeOutcome) => signOf(outcome, timeOf(event)) === 'impaired',
    endsOutage: ({ context, event }, outcome: ProbeOutcome) => context.outage !== null && signOf(outcome, timeOf(event)) !== 'lost' && isAliveBy(context),
    endsOutageWell: ({ context, event }, outcome: ProbeOutcome) =>
      context.outage !== null && signOf(outcome, timeOf(event)) === 'good' && isRecoveredBy(context),
    isRecovered: ({ context, event }, outcome: ProbeOutcome) => context.outage === null && signOf(outcome, timeOf(event)) === 'good' && isRecoveredBy(context),
    hasOutage: ({ context }) => context.outage !== null,
    isDown: ({ context }) => isDownBy(context),
    canApply: ({ context }) => isApplyDue(context),
    hasVersion: ({ context, event }) => event.type === 'router.rollback' && versionOf(context, event.version) !== undefined && event.version !== context.desired?.version,
    hasConfiguration: ({ context }) => context.desired !== null,
  },
  actions: {
    recordDevice: assign(({ context, event }) => withDevice(context, event, timeOf(event))),
    recordTooOld: assign(({ event }) => (event.type === 'router.enrol' ? { refusedVersion: event.version } : {})),
    recordReissue: assign(({ event }) =>
      event.type === 'router.reissue' ? { enrolment: { tokenHash: event.tokenHash, expiresAt: event.expiresAt, secretVersion: event.secretVersion } } : {},
    ),
    recordLook: assign(({ context, event }, outcome: ProbeOutcome) => withLook(context, outcome, timeOf(event))),
    // A look that fails by a mistake of ours says nothing of the router.
    recordBlind: assign(({ context }) => ({ looks: context.looks + 1, trouble: { code: 'internal', detail: 'The last look failed on our side.' } })),
    openOutage: assign(({ context, event }) => withOutage(context, timeOf(event))),
    closeOutage: assign(({ context, event }) => withoutOutage(context, timeOf(event))),
    recordConfiguration: assign(({ context, event }) => withConfiguration(context, event, timeOf(event))),
    forgetApplied: assign({ applied: null, applyFailure: null }),
    recordApplying: assign(({ context }) => ({ applying: context.desired?.version ?? null })),
    recordApplied: assign(({ context, event }, outcome: ApplyOutcome) => withApplied(context, outcome, timeOf(event))),
    recordRetired: assign(({ event }) => (event.type === 'router.retire' ? { retiredAt: timeOf(event), retireReason: event.reason, enrolment: null } : {})),

    announceRegistered: emit(({ context, event }) => routerFacts.registered(context, timeOf(event))),
    announceEnrolled: emit(({ context, event }) => routerFacts.enrolled(context, timeOf(event))),
    announceTooOld: emit(({ context, event }) => routerFacts.enrolmentRefused(context, timeOf(event))),
    announceOnline: emit(({ context, event }) => routerFacts.online(context, timeOf(event))),
    announceDegraded: emit(({ context, event }, outcome: ProbeOutcome) => routerFacts.degraded(context, troubleOf(outcome), timeOf(event))),
    announceOffline: emit(({ context, event }, outcome: ProbeOutcome) => routerFacts.offline(context, troubleOf(outcome), timeOf(event))),
    announceOutage: emit(({ context, event }) => routerFacts.outageOpened(context, timeOf(event))),
    announceOutageOver: emit(({ context, event }) => routerFacts.outageClosed(context, timeOf(event))),
    announceAccessPoints: enqueueActions(({ enqueue, event }, outcome: ProbeOutcome) => {
      const isNews = outcome.outcome === 'answered' && outcome.appeared.length + outcome.lost.length > 0
      if (isNews) enqueue.emit(routerFacts.accessPointsChanged(outcome, timeOf(event)))
    }),
    announceHotspot: enqueueActions(({ enqueue, event }, outcome: ProbeOutcome) => {
      if (outcome.outcome !== 'answered') return
      if (outcome.ended > 0) enqueue.emit(routerFacts.loginsEnded(outcome, timeOf(event)))
      const { users } = outcome
      if (users != null && users.added + users.changed + users.removed > 0) enqueue.emit(routerFacts.usersChanged(users, timeOf(event)))
    }),
    announceConfigured: emit(({ context, event }) => routerFacts.configured(context, timeOf(event))),
    announceApplied: emit(({ context, event }, outcome: ApplyOutcome) => routerFacts.applied(context, outcome, timeOf(event))),
    announceRetired: emit(({ context, event }) => routerFacts.retired(context, timeOf(event))),
  },
}).createMachine({
  id: 'router',
  context: ({ input }) => newRouter(input),
  entry: 'announceRegistered',
  initial: 'enrolling',
  on: {
    'router.reissue': { actions: 'recordReissue' },
    'router.configure': { actions: ['recordConfiguration', 'announceConfigured'] },
    'router.rollback': { guard: 'hasVersion', actions: ['recordConfiguration', 'announceConfigured'] },
    'router.reapply': { guard: 'hasConfiguration', actions: 'forgetApplied' },
    'router.retire': { target: '.retired', actions: 'recordRetired' },
  },
  states: {
    enrolling: {
      tags: 'open',
      initial: 'invited',
      on: {
        'router.enrol': [
          { guard: 'canEnrol', target: 'online', actions: ['recordDevice', 'announceEnrolled'] },
          { guard: 'isTooOld', actions: ['recordTooOld', 'announceTooOld'] },
        ],
        'router.reissue': { target: '.invited', reenter: true, actions: 'recordReissue' },
      },
      states: {
        invited: { after: { enrolmentWindow: 'lapsed' } },
        lapsed: { tags: 'attention' },
      },
    },
    online: {
      tags: 'reachable',
      entry: 'announceOnline',
      initial: 'polling',
      on: { 'router.enrol': { guard: 'canEnrol', target: '.polling', reenter: true, actions: ['recordDevice', 'announceEnrolled'] } },
      states: {
        watching: {
          always: { guard: 'canApply', target: 'applying' },
          after: { watchGap: 'polling' },
          on: { 'router.poll': 'polling' },
        },
        polling: {
          invoke: {
            id: 'probeRouter',
            src: 'probeRouter',
            input: probe,
            onDone: [
              { guard: { type: 'isGood', params: probed }, target: 'watching', actions: seen },
              { target: '#router.degraded', actions: [...seen, { type: 'announceDegraded', params: probed }] },
            ],
            onError: { target: 'watching', actions: 'recordBlind' },
          },
        },
        applying: {
          entry: 'recordApplying',
          invoke: {
            id: 'applyConfiguration',
            src: 'applyConfiguration',
            input: ({ context }) => applyRequest(context),
            onDone: { target: 'watching', actions: [{ type: 'announceApplied', params: appliedAs }, { type: 'recordApplied', params: appliedAs }] },
            onError: { target: 'watching', actions: [{ type: 'announceApplied', params: NOT_APPLIED }, { type: 'recordApplied', params: NOT_APPLIED }] },
          },
        },
      },
    },
    degraded: {
      tags: ['reachable', 'attention'],
      initial: 'waiting',
      on: { 'router.enrol': { guard: 'canEnrol', target: '.polling', reenter: true, actions: ['recordDevice', 'announceEnrolled'] } },
      states: {
        waiting: {
          after: { recheckGap: 'polling' },
          on: { 'router.poll': 'polling' },
        },
        polling: {
          invoke: {
            id: 'probeRouter',
            src: 'probeRouter',
            input: probe,
            onDone: [
              { guard: { type: 'endsOutageWell', params: probed }, target: '#router.online.watching', actions: [...seen, 'announceOutageOver', 'closeOutage'] },
              { guard: { type: 'isRecovered', params: probed }, target: '#router.online.watching', actions: seen },
              { guard: { type: 'endsOutage', params: probed }, target: 'waiting', actions: [...seen, 'announceOutageOver', 'closeOutage'] },
              { guard: { type: 'isGood', params: probed }, target: 'waiting', actions: seen },
              { guard: { type: 'isImpaired', params: probed }, target: 'waiting', actions: seen },
              { guard: 'hasOutage', target: '#router.offline', actions: [...seen, { type: 'announceOffline', params: probed }] },
              { guard: 'isDown', target: '#router.offline', actions: [...seen, { type: 'announceOffline', params: probed }, 'openOutage', 'announceOutage'] },
              { target: 'waiting', actions: seen },
            ],
            onError: { target: 'waiting', actions: 'recordBlind' },
          },
        },
      },
    },
    offline: {
      tags: 'attention',
      initial: 'waiting',
      on: { 'router.enrol': { guard: 'canEnrol', target: '.polling', reenter: true, actions: ['recordDevice', 'announceEnrolled'] } },
      states: {
        waiting: {
          after: { returnGap: 'polling' },
          on: { 'router.poll': 'polling', 'router.heartbeat': 'polling' },
        },
        polling: {
          invoke: {
            id: 'probeRouter',
            src: 'probeRouter',
            input: probe,
            onDone: [
              { guard: { type: 'isGood', params: probed }, target: '#router.degraded', actions: seen },
              { guard: { type: 'isImpaired', params: probed }, target: '#router.degraded', actions: seen },
              { target: 'waiting', actions: seen },
            ],
            onError: { target: 'waiting', actions: 'recordBlind' },
          },
        },
      },
    },
    retired: { type: 'final', tags: 'settled', entry: 'announceRetired' },
  },
  output: ({ context }) => ({ reason: context.retireReason ?? '' }),
})
