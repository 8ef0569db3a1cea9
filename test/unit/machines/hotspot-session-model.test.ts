/**
 * Walks the session by every event in every situation, and looks at what must hold in all of them: every transition that the machine
 * has is taken somewhere, rows in RADIUS are there exactly while access is, it ends once, and the end is what cuts people off.
 */
import { describe, expect, it } from 'vitest'
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { radiusAccess, radiusRows } from '../../../actors/hotspot-session/radius-rows.ts'
import type { SessionContext } from '../../../machines/hotspot-session/context.ts'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { change } from '../actors/change.ts'
import { watchEventless } from './eventless.ts'
import { HOUR_PACKAGE } from './payment.fixture.ts'

const login = { id: 'a', device: 'AA:BB:CC:DD:EE:FF', nas: '10.8.0.2', ip: null, since: 0 }
const account = (revision: number, isOnline: boolean, uploadBytes: number) => ({ type: 'session.account', revision, online: isOnline ? [login] : [], uploadBytes, downloadBytes: 0, logins: 1 })

const events: EventObject[] = [
  ...[1, 2, 3].flatMap((revision) => [account(revision, true, 1), account(revision, false, 1), account(revision, true, 100), { ...account(revision, true, 1), online: [{ ...login, id: 'b' }] }]),
  { type: 'session.revealCredentials' },
  { type: 'session.resend' },
  ...['kick', 'changeDevice', 'revoke'].map((name) => ({ type: `session.${name}`, reason: 'x' })),
  ...['admin', 'nas'].map((by) => ({ type: 'session.close', reason: 'x', by })),
  ...[0, 1].map((unknown) => ({ type: 'xstate.done.actor.disconnectDevices', output: { sessions: 1, gone: 0, refused: 0, unknown } }) as EventObject),
  { type: 'xstate.error.actor.disconnectDevices', error: { name: 'Error', message: 'x' } } as EventObject,
  ...['paidTime.hotspot-session.ready', 'paidTime.hotspot-session.online', 'paidTime.hotspot-session.kicking', 'settlingTime.hotspot-session.expired', 'registrationTime.hotspot-session.unreached'].map((timer) => ({ type: `xstate.after.${timer}` })),
]

const watched = watchEventless(hotspotSessionMachine)

interface Step {
  event: EventObject
  state: AnyMachineSnapshot
}

interface Situation {
  state: AnyMachineSnapshot
  transitions: Record<string, Step>
}

interface Transition {
  from: AnyMachineSnapshot
  event: EventObject
  to: AnyMachineSnapshot
}

const situations = Object.values<Situation>(
  getAdjacencyMap(watched.machine as AnyStateMachine, {
    input: { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: { ...HOUR_PACKAGE, dataBytes: 100 }, macAddress: null, paidAt: 0 },
    events,
    limit: 100_000,
    serializeState: ({ value, context }) => {
      const { accountRevision, online, endReason, resends, credentialsShownAt } = context as SessionContext
      // Generations grow without end, and no guard looks at them.
      return JSON.stringify([value, accountRevision, online.length, endReason, resends, credentialsShownAt !== null])
    },
  }) as unknown as Record<string, Situation>,
)
const steps: Transition[] = situations.flatMap(({ state: from, transitions }) => Object.values(transitions).map(({ event, state: to }) => ({ from, event, to })))

const contextOf = ({ context }: AnyMachineSnapshot): SessionContext => context as SessionContext
const hasAccess = (state: AnyMachineSnapshot): boolean => state.hasTag('usable')

/** Steps that break a rule. Thousands are tried: an `expect` for each takes longer than the walk. */
const breaking = (keeps: (step: Transition) => boolean): string[] =>
  steps.filter((step) => !keeps(step)).map(({ from, event, to }) => `${String(from.value)} by ${JSON.stringify(event)} to ${String(to.value)}`)

describe('the model of a session', () => {
  it('reaches every state, and takes every transition that there is', () => {
    const all = Object.values(watched.machine.root.states)
    expect(new Set(situations.map(({ state }) => String(state.value)))).toEqual(new Set(all.map(({ key }) => key)))
    const taken = new Set<unknown>(steps.flatMap(({ from, event }) => (from.status === 'active' ? watched.machine.getTransitionData(from as never, event as never) : [])))
    const missed = all.flatMap((node) => [...node.transitions.entries()].flatMap(([event, transitions]) => transitions.filter((one) => !taken.has(one)).map(({ guard }) => `${node.key} ${event} ${JSON.stringify(guard)}`)))
    expect(missed).toEqual([])
    expect(steps.length).toBeGreaterThan(1_000)
    expect(watched.untaken()).toEqual([])
  })

  it('rows for logins come with access and go with it', () => {
    const project = radiusRows(createCredentialIssuer('an application key of good length'))
    for (const { from, to } of steps) {
      const sets = project(change({ states: [String(to.value)], previousStates: [String(from.value)], context: contextOf(to), previousContext: contextOf(from) }))
      if (hasAccess(from) === hasAccess(to)) expect(sets).toEqual([])
      else expect(sets.map(({ rows }) => rows.length > 0)).toEqual([hasAccess(to), hasAccess(to)])
    }
  })

  it('rules for logins stay until it is closed', () => {
    const project = radiusAccess(createCredentialIssuer('an application key of good length'))
    const isKept = ({ from, to }: Transition): boolean => {
      const sets = project(change({ states: [String(to.value)], previousStates: [String(from.value)], context: contextOf(to), previousContext: contextOf(from) }))
      const isClosing = to.value === 'closed' && from.value !== 'closed'
      return sets.some(({ rows }) => rows.length === 0) === isClosing
    }
    expect(breaking(isKept)).toEqual([])
  })

  it('ends once and for all, by asking the routers first', () => {
    expect(breaking(({ from, to }) => hasAccess(from) || !hasAccess(to))).toEqual([])
    expect(breaking(({ from, to }) => !hasAccess(from) || hasAccess(to) || to.value === 'disconnecting')).toEqual([])
    expect(breaking(({ from, to }) => contextOf(from).endReason === null || contextOf(to).endReason === contextOf(from).endReason)).toEqual([])
    expect(breaking(({ to }) => (contextOf(to).endReason === null) === hasAccess(to))).toEqual([])
  })

  it('what is known of usage never goes back, and no time is given or taken', () => {
    expect(breaking(({ from, to }) => contextOf(to).accountRevision >= contextOf(from).accountRevision)).toEqual([])
    expect(breaking(({ from, to }) => contextOf(to).expiresAt === contextOf(from).expiresAt)).toEqual([])
  })
})
