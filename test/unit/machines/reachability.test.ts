/** Walks each machine from its first state by every event it could meet: no state is dead, and success absorbs on every path. */
import { describe, expect, it } from 'vitest'
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, AnyTransitionDefinition, EventObject, StateValue } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { notificationMachine } from '../../../machines/notification/machine.ts'
import { paymentMachine } from '../../../machines/payment/machine.ts'
import type { RouterContext } from '../../../machines/router/context.ts'
import { routerMachine } from '../../../machines/router/machine.ts'
import { voucherBatchMachine } from '../../../machines/voucher-batch/machine.ts'
import { voucherMachine } from '../../../machines/voucher/machine.ts'
import { ACCEPTED, callback, failure, HOUR_PACKAGE, INPUT, refused, UNCERTAIN } from './payment.fixture.ts'
import { configure, DONE, ENROL, ROUTER, silent, STALE, WELL } from './router.fixture.ts'

interface Walk {
  name: string
  machine: AnyStateMachine
  input: unknown
  events: EventObject[]
  /** What tells two situations apart besides the state; the rest of the context is left out so that the walk ends. */
  detail?: (context: never) => unknown
  /** States that none of these events leaves. */
  absorbing: string[]
  /** These events also lead over every transition there is. */
  isComplete?: boolean
}

const done = (call: string, output: unknown) => ({ type: `xstate.done.actor.${call}`, output })
const error = (call: string) => ({ type: `xstate.error.actor.${call}`, error: { name: 'Error', message: 'x' } })

const walks: Walk[] = [
  {
    name: 'payment',
    machine: paymentMachine,
    input: INPUT,
    events: [
      ...[ACCEPTED, UNCERTAIN, refused(1_000), refused(null)].map((output) => done('promptPayer', output)),
      ...['0', '1032', '15', '4999'].map((resultCode) => done('queryPayment', { outcome: 'answered', resultCode, resultDesc: '' })),
      done('queryPayment', { outcome: 'pending', resultDesc: '' }),
      error('promptPayer'),
      error('queryPayment'),
      callback(),
      callback({ amount: 1 }),
      callback({ checkoutRequestId: 'ws_CO_other' }),
      callback({ receipt: 'NLJ7RT61SW', receiptUsedBy: 'pay_2' }),
      failure('1032'),
      failure('15'),
      failure('4999'),
      { type: 'payment.cancel' },
      { type: 'payment.approve', reason: 'x', receipt: 'NLJ7RT61SV' } as EventObject,
      { type: 'payment.reject', reason: 'x' } as EventObject,
      ...['promptRetryGap.payment.deferred', 'uncertainWindow.payment.uncertain', 'queryGap.payment.awaiting', 'queryGap.payment.cancelled.waiting', 'uncertainWindow.payment.cancelled.uncertain'].map((timer) => ({ type: `xstate.after.${timer}` })),
    ],
    detail: ({ queries, attempts, review, receipt }: { queries: number; attempts: number; review: { reason: string } | null; receipt: string | null }) => [
      queries,
      attempts,
      review?.reason,
      receipt,
    ],
    absorbing: ['completed'],
  },
  {
    name: 'hotspot-session',
    machine: hotspotSessionMachine,
    input: { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: HOUR_PACKAGE, macAddress: null, paidAt: 0 },
    events: [
      { type: 'session.start', acctSessionId: 'a' } as EventObject,
      { type: 'session.stop', acctSessionId: 'a' } as EventObject,
      { type: 'session.revealCredentials' },
      { type: 'session.close', reason: 'x' } as EventObject,
      { type: 'session.revoke', reason: 'x' } as EventObject,
      ...['paidTime.hotspot-session.ready', 'paidTime.hotspot-session.online', 'settlingTime.hotspot-session.expired'].map((timer) => ({ type: `xstate.after.${timer}` })),
    ],
    absorbing: ['closed'],
  },
  {
    name: 'notification',
    machine: notificationMachine,
    input: {
      channel: 'sms',
      to: '254708374149',
      template: 'hotspot-credentials',
      locale: 'en',
      about: { tenant: 'main', type: 'hotspot-session', id: 'pay_1' },
      credentialVersion: 1,
      details: { packageName: '1 hour', expiresAt: 1_000_000_000 },
    },
    events: [
      done('sendSms', { outcome: 'accepted', providerId: 'p', cost: null, segments: 1 }),
      done('sendSms', { outcome: 'refused', code: 'x', detail: '', retryAfterMs: 1_000 }),
      done('sendSms', { outcome: 'refused', code: 'x', detail: '', retryAfterMs: null }),
      done('sendSms', { outcome: 'uncertain', code: 'x', detail: '' }),
      error('sendSms'),
      ...['sent', 'buffered', 'delivered', 'failed', 'expired'].map((status) => ({ type: 'notification.report', providerId: 'p', status }) as EventObject),
      ...['retryGap.notification.queued', 'deliveryWindow.notification.sent'].map((timer) => ({ type: `xstate.after.${timer}` })),
    ],
    detail: ({ attempts, uncertainSends, lastReport }: { attempts: number; uncertainSends: number; lastReport: { status: string } | null }) => [
      attempts,
      uncertainSends,
      lastReport?.status,
    ],
    absorbing: ['delivered'],
  },
  {
    name: 'router',
    machine: routerMachine,
    // Far off: this walk has no clock of its own.
    input: { ...ROUTER, enrolment: { ...ROUTER.enrolment, expiresAt: Number.MAX_SAFE_INTEGER } },
    events: [
      ENROL,
      { ...ENROL, version: '6.49' } as EventObject,
      { type: 'router.reissue', ...ROUTER.enrolment, expiresAt: Number.MAX_SAFE_INTEGER, reason: 'x' } as EventObject,
      { type: 'router.heartbeat' },
      { type: 'router.poll', reason: 'x' } as EventObject,
      configure(['a.example']),
      { type: 'router.rollback', version: 1, reason: 'x' } as EventObject,
      { type: 'router.reapply', reason: 'x' } as EventObject,
      { type: 'router.retire', reason: 'x' } as EventObject,
      ...[WELL, STALE, silent(), silent(null, 'unauthorised')].map((output) => done('probeRouter', output)),
      done('applyConfiguration', DONE),
      done('applyConfiguration', { outcome: 'failed', code: 'x', detail: '', isFinal: false }),
      done('applyConfiguration', { outcome: 'failed', code: 'x', detail: '', isFinal: true }),
      error('probeRouter'),
      error('applyConfiguration'),
      ...['enrolmentWindow.router.enrolling.invited', 'watchGap.router.online.watching', 'recheckGap.router.degraded.waiting', 'returnGap.router.offline.waiting'].map((timer) => ({ type: `xstate.after.${timer}` })),
    ],
    detail: ({ misses, goods, signs, outage, desired, applied, applyFailure, enrolment }: RouterContext) => [
      Math.min(misses, 4),
      Math.min(goods, 3),
      Math.min(signs, 3),
      outage !== null,
      desired === null,
      applied === null,
      applyFailure?.isFinal,
      enrolment === null,
    ],
    absorbing: ['retired'],
    isComplete: true,
  },
  {
    name: 'voucher',
    machine: voucherMachine,
    input: { batchId: 'vb_1', number: 1, package: HOUR_PACKAGE, expiresAt: Number.MAX_SAFE_INTEGER },
    events: [{ type: 'voucher.redeem', phone: '254708374149', macAddress: null } as EventObject, { type: 'voucher.revoke', reason: 'x' } as EventObject, { type: 'xstate.after.validity.voucher.issued' }],
    absorbing: ['expired', 'revoked'],
    isComplete: true,
  },
  {
    name: 'voucher-batch',
    machine: voucherBatchMachine,
    input: { name: 'x', package: HOUR_PACKAGE, count: 10, expiresAt: 1 },
    events: [{ type: 'batch.show', form: 'csv', by: 'x' } as EventObject, { type: 'batch.revoke', reason: 'x' } as EventObject, { type: 'xstate.after.validity.voucher-batch.open' }],
    detail: ({ shown }: { shown: number }) => Math.min(shown, 1),
    absorbing: ['expired', 'revoked'],
    isComplete: true,
  },
]

/** `cancelled.waiting` of `{cancelled: 'waiting'}`. */
function pathOf(value: StateValue | undefined): string {
  if (typeof value !== 'object') return value ?? ''
  return Object.entries(value).map(([name, inner]) => `${name}.${pathOf(inner)}`).join()
}

function innermost(node: AnyStateNode): string[] {
  const inner = Object.values(node.states)
  return inner.length === 0 ? [node.path.join('.')] : inner.flatMap(innermost)
}

/** Those of a node and of all within, but for eventless ones: whether they were taken is seen by the states reached. */
function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...Object.values(node.states).flatMap(transitionsOf)]
}

const nameOf = ({ source, eventType, target, guard }: AnyTransitionDefinition): string =>
  `${source.id} --${eventType}${guard === undefined ? '' : `[${typeof guard === 'object' ? (guard as { type: string }).type : String(guard)}]`}--> ${target?.map(({ id }) => id).join() ?? '(itself)'}`

describe.each(walks)('$name', ({ machine, input, events, detail, absorbing, isComplete }) => {
  const value = (snapshot: AnyMachineSnapshot): string => pathOf(snapshot.value as StateValue)
  const situations = Object.values(
    getAdjacencyMap(machine, {
      input: input,
      events,
      limit: 100_000,
      serializeState: (snapshot) => JSON.stringify([value(snapshot), detail?.(snapshot.context as never)]),
    }),
  ).map((situation) => {
    const { state, transitions } = situation as { state: AnyMachineSnapshot; transitions: Record<string, { state: AnyMachineSnapshot }> }
    return { state, next: Object.values(transitions).map((transition) => transition.state) }
  })

  it('reaches every state', () => {
    expect([...new Set(situations.map(({ state }) => value(state)))].sort()).toEqual(innermost(machine.root).sort())
  })

  if (isComplete === true) it('takes every transition', () => {
    const taken = new Set(situations.filter(({ state }) => state.status === 'active').flatMap(({ state }) => events.flatMap((event) => machine.getTransitionData(state as never, event))).map(nameOf))
    const all = transitionsOf(machine.root).map(nameOf)
    expect(all.length).toBeGreaterThan(2)
    expect(all.filter((name) => !taken.has(name))).toEqual([])
  })

  it('never ends in error, whatever comes in whatever order', () => {
    expect(situations.filter(({ state }) => state.status === 'error')).toEqual([])
    expect(situations.every(({ next }) => next.length > 0)).toBe(true)
  })

  it(`never leaves ${absorbing.join(', ')}`, () => {
    const inside = situations.filter(({ state }) => absorbing.includes(value(state)))
    expect(inside.length).toBeGreaterThan(0)
    for (const { state, next } of inside) expect(new Set(next.map(value))).toEqual(new Set([value(state)]))
  })
})
