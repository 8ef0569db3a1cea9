/**
 * One paid internet access. It can be used in `ready`, `online` and `kicking`: exactly there the RADIUS rows exist,
 * written and removed in the commit of the step (R1), so nobody can log in before `session.ready` or after
 * `session.expired`.
 *
 *   ready <-> online <-> kicking
 *        \      |       /
 *         disconnecting <-> expired, unreached -> closed
 *
 * What must hold:
 *   H1  Who is online and how much was used is what accounting says; it comes as a whole and with a revision, so that
 *       order and repetition do not matter.
 *   H2  Whoever is still logged in when access ends is cut off, however long the router is out of reach; one that
 *       turns up later is cut off, too. At a router that nobody has registered there is nobody to ask: that is
 *       said (`unreached`), and tried again with the next that is heard of it.
 *   H3  The time lost by moving to another device is none.
 */
import { assign, emit, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import type { AppliedAccess } from '../live-access.ts'
import {
  isNews,
  newSession,
  RESENDS_MAX,
  totalsOf,
  usageOf,
  withAccount,
  withStart,
  type DisconnectRequest,
  type EndReason,
  type SessionContext,
  type SessionFact,
} from './context.ts'
import type { SessionEvent, SessionInput } from './events.ts'

/** Late accounting of the last login still finds the session for this long. */
const SETTLING_TIME_MS = 60 * 60 * 1_000

/** So long a router that nobody has registered may still become one that can be asked. */
const REGISTRATION_TIME_MS = 30 * 24 * 60 * 60 * 1_000

const reasonOf = (event: SessionEvent): string => ('reason' in event ? event.reason : '')

const base = setup({
  types: {
    context: {} as SessionContext,
    input: {} as SessionInput,
    events: {} as SessionEvent,
    emitted: {} as SessionFact,
    output: {} as { reason: EndReason },
    tags: {} as 'usable' | 'settled' | 'attention',
  },
  actors: {
    disconnectDevices: durable<AppliedAccess, DisconnectRequest>(),
  },
  delays: {
    paidTime: ({ context, event }) => Math.max(0, context.expiresAt - timeOf(event)),
    settlingTime: SETTLING_TIME_MS,
    registrationTime: REGISTRATION_TIME_MS,
  },
  guards: {
    canRevealCredentials: ({ context }) => context.credentialsShownAt === null,
    canResend: ({ context }) => context.resends < RESENDS_MAX,
    isNews: ({ context, event }) => isNews(context, event),
    isStillOnline: ({ context, event }) => isNews(context, event) && event.online.some(({ id }) => context.online.some((known) => known.id === id)),
    isOnlineNow: ({ context, event }) => isNews(context, event) && event.online.length > 0,
    isOfflineNow: ({ context, event }) => isNews(context, event) && event.online.length === 0,
    hasUsedUpData: ({ context, event }) =>
      isNews(context, event) && context.package.dataBytes !== null && event.uploadBytes + event.downloadBytes >= context.package.dataBytes,
    hasUnreached: (_, { unknown }: AppliedAccess) => unknown > 0,
    isRoutersWord: ({ event }) => event.type === 'session.close' && event.by === 'nas',
  },
  actions: {
    recordStart: assign(({ context, event }) => withStart(context, timeOf(event))),
    recordReveal: assign(({ event }) => ({ credentialsShownAt: timeOf(event) })),
    recordResend: assign(({ context }) => ({ resends: context.resends + 1 })),
    recordAccount: assign(({ event }) => withAccount(event, timeOf(event))),
    releaseDevices: assign(({ context }) => ({ deviceGeneration: context.deviceGeneration + 1 })),
    recordEnd: assign(({ event }, endReason: EndReason) => ({
      endReason,
      endedAt: timeOf(event),
      endNote: event.type === 'session.close' || event.type === 'session.revoke' ? event.reason : null,
    })),
    recordUnreached: assign((_, { unknown }: AppliedAccess) => ({ unreached: unknown })),

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
    announceResend: emit(({ context, event }) => ({
      type: 'session.resendWanted' as const,
      number: context.resends,
      phone: context.phone,
      package: context.package,
      expiresAt: context.expiresAt,
      credentialVersion: context.credentialVersion,
      at: timeOf(event),
    })),
    announceOnline: emit(({ context, event }) => ({ type: 'session.online' as const, devices: context.online.length, at: timeOf(event) })),
    announceOffline: emit(({ context, event }) => ({ type: 'session.offline' as const, ...usageOf(context), at: timeOf(event) })),
    announceDeviceChange: emit(({ event }) => ({ type: 'session.deviceChanged' as const, reason: reasonOf(event), at: timeOf(event) })),
    announceKick: emit(({ event }) => ({ type: 'session.kicked' as const, reason: reasonOf(event), at: timeOf(event) })),
    announceExpired: emit(({ context, event }) => ({
      type: 'session.expired' as const,
      reason: context.endReason ?? 'time',
      note: context.endNote,
      source: context.source,
      phone: context.phone,
      packageId: context.package.id,
      startsAt: context.startsAt,
      ...totalsOf(context),
      at: timeOf(event),
    })),
    announceClosed: emit(({ context, event }) => ({
      type: 'session.closed' as const,
      reason: context.endReason ?? 'time',
      source: context.source,
      phone: context.phone,
      packageId: context.package.id,
      ...totalsOf(context),
      at: timeOf(event),
    })),
  },
})

/** What ends the access, the same wherever it can be used. */
const ends = {
  usedUp: { guard: 'hasUsedUpData', target: 'disconnecting', actions: ['recordAccount', { type: 'recordEnd', params: 'data' }, 'announceExpired'] },
  close: [
    { guard: 'isRoutersWord', target: 'disconnecting', actions: [{ type: 'recordEnd', params: 'nas' }, 'announceExpired'] },
    { target: 'disconnecting', actions: [{ type: 'recordEnd', params: 'admin' }, 'announceExpired'] },
  ],
  revoke: { target: 'disconnecting', actions: [{ type: 'recordEnd', params: 'refund' }, 'announceExpired'] },
  paidTime: { target: 'disconnecting', actions: [{ type: 'recordEnd', params: 'time' }, 'announceExpired'] },
} as const

const credentials = {
  reveal: { guard: 'canRevealCredentials', actions: ['recordReveal', 'announceReveal'] },
  resend: { guard: 'canResend', actions: ['recordResend', 'announceResend'] },
} as const

const disconnected = ({ event }: { event: { output: AppliedAccess } }): AppliedAccess => event.output

const goneOffline = { guard: 'isOfflineNow', target: 'ready', actions: ['recordAccount', 'announceOffline'] } as const
const news = { guard: 'isNews', actions: 'recordAccount' } as const

export const hotspotSessionMachine = base.createMachine({
  id: 'hotspot-session',
  context: ({ input }) => newSession(input),
  entry: ['recordStart', 'announceReady'],
  initial: 'ready',
  states: {
    ready: {
      tags: 'usable',
      after: { paidTime: ends.paidTime },
      on: {
        'session.account': [ends.usedUp, { guard: 'isOnlineNow', target: 'online', actions: ['recordAccount', 'announceOnline'] }, news],
        'session.revealCredentials': credentials.reveal,
        'session.resend': credentials.resend,
        'session.changeDevice': { actions: ['releaseDevices', 'announceDeviceChange'] },
        'session.close': ends.close,
        'session.revoke': ends.revoke,
      },
    },
    online: {
      tags: 'usable',
      after: { paidTime: ends.paidTime },
      on: {
        'session.account': [ends.usedUp, goneOffline, news],
        'session.revealCredentials': credentials.reveal,
        'session.resend': credentials.resend,
        'session.changeDevice': { target: 'kicking', actions: ['releaseDevices', 'announceDeviceChange'] },
        'session.kick': { target: 'kicking', actions: 'announceKick' },
        'session.close': ends.close,
        'session.revoke': ends.revoke,
      },
    },
    kicking: {
      tags: 'usable',
      invoke: {
        src: 'disconnectDevices',
        id: 'disconnectDevices',
        input: ({ context }) => ({ credentialVersion: context.credentialVersion }),
        onDone: 'online',
        onError: 'online',
      },
      after: { paidTime: ends.paidTime },
      on: {
        'session.account': [
          ends.usedUp,
          goneOffline,
          // A router that speaks again is back, as below; whoever has come instead is left alone.
          { guard: 'isStillOnline', target: 'kicking', reenter: true, actions: 'recordAccount' },
          news,
        ],
        'session.revealCredentials': credentials.reveal,
        'session.resend': credentials.resend,
        'session.changeDevice': { actions: ['releaseDevices', 'announceDeviceChange'] },
        'session.close': ends.close,
        'session.revoke': ends.revoke,
      },
    },
    disconnecting: {
      tags: 'settled',
      invoke: {
        src: 'disconnectDevices',
        id: 'disconnectDevices',
        input: ({ context }) => ({ credentialVersion: context.credentialVersion }),
        onDone: [
          { guard: { type: 'hasUnreached', params: disconnected }, target: 'unreached', actions: { type: 'recordUnreached', params: disconnected } },
          { target: 'expired', actions: { type: 'recordUnreached', params: disconnected } },
        ],
        onError: 'expired',
      },
      on: {
        // A router that speaks again is back: it is asked now, not when its turn would come.
        'session.account': { guard: 'isNews', target: 'disconnecting', reenter: true, actions: 'recordAccount' },
      },
    },
    /** Over, but somebody may still be online at a router that is not registered (H2). */
    unreached: {
      tags: ['settled', 'attention'],
      after: { registrationTime: 'closed' },
      on: {
        'session.account': { guard: 'isNews', target: 'disconnecting', actions: 'recordAccount' },
      },
    },
    expired: {
      tags: 'settled',
      after: { settlingTime: 'closed' },
      on: {
        'session.account': [{ guard: 'isOnlineNow', target: 'disconnecting', actions: 'recordAccount' }, news],
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
