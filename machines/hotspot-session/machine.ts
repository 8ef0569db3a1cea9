/**
 * One paid internet access. It can be used in `ready` and `online`: exactly there the RADIUS rows exist,
 * written and removed in the commit of the step (R1), so nobody can log in before `session.ready` or after
 * `session.expired`.
 *
 *   ready <-> online -> expired -> closed
 *
 * Devices that are still logged in when access ends are cut off by the router itself, which got the time
 * left as Session-Timeout at login. Sending it a Disconnect belongs between `expired` and `closed`, as an
 * invocation of its own, once routers are known.
 */
import { assign, emit, setup } from 'xstate'
import { timeOf } from '../../runtime/vocabulary.ts'
import { newSession, withDevice, withoutDevice, withStart, type EndReason, type SessionContext, type SessionFact } from './context.ts'
import type { SessionEvent, SessionInput } from './events.ts'

/** Late accounting of the last login still finds the session for this long. */
const SETTLING_TIME_MS = 60 * 60 * 1_000

export const hotspotSessionMachine = setup({
  types: {
    context: {} as SessionContext,
    input: {} as SessionInput,
    events: {} as SessionEvent,
    emitted: {} as SessionFact,
    output: {} as { reason: EndReason },
    tags: {} as 'usable' | 'settled',
  },
  delays: {
    paidTime: ({ context, event }) => Math.max(0, context.expiresAt - timeOf(event)),
    settlingTime: SETTLING_TIME_MS,
  },
  guards: {
    canRevealCredentials: ({ context }) => context.credentialsShownAt === null,
    isLastDevice: ({ context, event }) => withoutDevice(context, event).devicesOnline?.length === 0,
  },
  actions: {
    recordStart: assign(({ context, event }) => withStart(context, timeOf(event))),
    recordReveal: assign(({ event }) => ({ credentialsShownAt: timeOf(event) })),
    addDevice: assign(({ context, event }) => withDevice(context, event, timeOf(event))),
    removeDevice: assign(({ context, event }) => withoutDevice(context, event)),
    recordEnd: assign(({ event }, endReason: EndReason) => ({
      endReason,
      endedAt: timeOf(event),
      endNote: event.type === 'session.close' || event.type === 'session.revoke' ? event.reason : null,
    })),

    announceReady: emit(({ context, event }) => ({
      type: 'session.ready' as const,
      source: context.source,
      phone: context.phone,
      macAddress: context.macAddress,
      package: context.package,
      startsAt: context.startsAt,
      expiresAt: context.expiresAt,
      credentialVersion: context.credentialVersion,
      at: timeOf(event),
    })),
    announceReveal: emit(({ event }) => ({ type: 'session.credentialsRevealed' as const, at: timeOf(event) })),
    announceExpired: emit(({ context, event }) => ({
      type: 'session.expired' as const,
      reason: context.endReason ?? 'time',
      note: context.endNote,
      source: context.source,
      phone: context.phone,
      packageId: context.package.id,
      logins: context.logins,
      at: timeOf(event),
    })),
    announceClosed: emit(({ context, event }) => ({ type: 'session.closed' as const, reason: context.endReason ?? 'time', at: timeOf(event) })),
  },
}).createMachine({
  id: 'hotspot-session',
  context: ({ input }) => newSession(input),
  entry: ['recordStart', 'announceReady'],
  initial: 'ready',
  states: {
    ready: {
      tags: 'usable',
      after: { paidTime: { target: 'expired', actions: { type: 'recordEnd', params: 'time' } } },
      on: {
        'session.start': { target: 'online', actions: 'addDevice' },
        'session.revealCredentials': { guard: 'canRevealCredentials', actions: ['recordReveal', 'announceReveal'] },
        'session.close': { target: 'expired', actions: { type: 'recordEnd', params: 'closed' } },
        'session.revoke': { target: 'expired', actions: { type: 'recordEnd', params: 'revoked' } },
      },
    },
    online: {
      tags: 'usable',
      after: { paidTime: { target: 'expired', actions: { type: 'recordEnd', params: 'time' } } },
      on: {
        'session.start': { actions: 'addDevice' },
        'session.stop': [{ guard: 'isLastDevice', target: 'ready', actions: 'removeDevice' }, { actions: 'removeDevice' }],
        'session.revealCredentials': { guard: 'canRevealCredentials', actions: ['recordReveal', 'announceReveal'] },
        'session.close': { target: 'expired', actions: { type: 'recordEnd', params: 'closed' } },
        'session.revoke': { target: 'expired', actions: { type: 'recordEnd', params: 'revoked' } },
      },
    },
    expired: {
      tags: 'settled',
      entry: 'announceExpired',
      after: { settlingTime: 'closed' },
      on: {
        'session.stop': { actions: 'removeDevice' },
      },
    },
    closed: {
      type: 'final',
      tags: 'settled',
      entry: 'announceClosed',
    },
  },
  output: ({ context }) => ({ reason: context.endReason ?? 'time' }),
})
