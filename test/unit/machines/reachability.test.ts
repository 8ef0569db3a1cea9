/** Walks each machine from its first state by every event it could meet: no state is dead, and success absorbs on every path. */
import { describe, expect, it } from 'vitest'
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject, StateValue } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { approvalMachine } from '../../../machines/approval/machine.ts'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { notificationMachine } from '../../../machines/notification/machine.ts'
import type { PaymentContext } from '../../../machines/payment/context.ts'
import { paymentMachine } from '../../../machines/payment/machine.ts'
import type { ReconciliationContext } from '../../../machines/reconciliation/context.ts'
import { reconciliationMachine } from '../../../machines/reconciliation/machine.ts'
import type { RouterContext } from '../../../machines/router/context.ts'
import { routerMachine } from '../../../machines/router/machine.ts'
import { voucherBatchMachine } from '../../../machines/voucher-batch/machine.ts'
import { voucherMachine } from '../../../machines/voucher/machine.ts'
import { watchEventless } from './eventless.ts'
import { ACCEPTED, approveRefund, brought, C2B_INPUT, callback, CASH_INPUT, failure, FOREIGN_INPUT, HOUR_PACKAGE, INPUT, PARTED_INPUT, refund, refused, returnResult, SECOND_MONEY, TAKEN, UNCERTAIN, UNMATCHED_INPUT } from './payment.fixture.ts'
import { configure, DONE, ENROL, ROUTER, silent, STALE, WELL } from './router.fixture.ts'

type AnyTransition = ReturnType<AnyStateMachine['getTransitionData']>[number]

interface Walk {
  name: string
  machine: AnyStateMachine
  /** One for each way to begin. */
  inputs: unknown[]
  /** Situations that only older versions of the machine have left. */
  stored?: { value: string; context: unknown }[]
  events: EventObject[]
  /** What tells two situations apart besides the state; the rest of the context is left out so that the walk ends. */
  detail?: (context: never) => unknown
  /** States that none of these events leaves. */
  absorbing: string[]
  /** Where every transition is taken, which needs a clock that this walk has not. */
  modelledIn?: string
}

const done = (call: string, output: unknown) => ({ type: `xstate.done.actor.${call}`, output })
const error = (call: string) => ({ type: `xstate.error.actor.${call}`, error: { name: 'Error', message: 'x' } })

const walks: Walk[] = [
  {
    name: 'payment',
    machine: paymentMachine,
    inputs: [INPUT, C2B_INPUT, UNMATCHED_INPUT, PARTED_INPUT, FOREIGN_INPUT, CASH_INPUT],
    stored: [{ value: 'completed', context: { ...brought.completed().context, held: [SECOND_MONEY] } }],
    events: [
      ...[ACCEPTED, UNCERTAIN, refused(1_000), refused(null)].map((output) => done('promptPayer', output)),
      ...['0', '1032', '15', '4999'].map((resultCode) => done('queryPayment', { outcome: 'answered', resultCode, resultDesc: '' })),
      done('queryPayment', { outcome: 'pending', resultDesc: '' }),
      error('promptPayer'),
      error('queryPayment'),
      callback(),
      callback({ amount: 1 }),
      callback({ receipt: 'NLJ7RT61SX' }),
      callback({ receipt: 'NLJ7RT61SZ', amount: undefined }),
      { type: 'payment.part', reason: 'x' } as EventObject,
      ...[{}, { amount: 1 }, { subscriptionId: 'sub_1' }, { receiptUsedBy: 'pay_2' }].map((more: object): EventObject => ({ type: 'payment.confirmReceived', ...{ source: 'c2b', receipt: 'NLJ7RT61SV', ...more } })),
      { type: 'payment.namePayer', phone: '254708374149' } as EventObject,
      { type: 'payment.namePayer', phone: '254708374149', subscriptionId: 'sub_1' } as EventObject,
      callback({ checkoutRequestId: 'ws_CO_other' }),
      callback({ receipt: 'NLJ7RT61SW', receiptUsedBy: 'pay_2' }),
      failure('1032'),
      failure('15'),
      failure('4999'),
      { type: 'payment.cancel' },
      { type: 'payment.approve', reason: 'x', receipt: 'NLJ7RT61SV' } as EventObject,
      ...[true, false].map((moneyCame) => ({ type: 'payment.reject', reason: 'x', moneyCame }) as EventObject),
      { type: 'payment.claim', receipt: 'NLJ7RT61SV' } as EventObject,
      { type: 'payment.assign', reason: 'x', subscriptionId: 'sub_1' } as EventObject,
      { type: 'payment.assign', reason: 'x', package: HOUR_PACKAGE, phone: '254708374149' } as EventObject,
      refund(),
      refund({ way: 'cash' }),
      approveRefund('key:one'),
      approveRefund(),
      { type: 'payment.refuseRefund', by: 'key:two', reason: 'x' } as EventObject,
      ...[TAKEN, UNCERTAIN, refused(1_000), refused(null)].map((output) => done('requestReturn', output)),
      error('requestReturn'),
      done('askReturnStatus', { outcome: 'asked' }),
      error('askReturnStatus'),
      ...['0', '11', '99999'].map((resultCode) => returnResult({ resultCode })),
      returnResult({ originatorConversationId: 'other', conversationId: 'other' }),
      returnResult({ about: 'status', transactionStatus: 'Completed' }),
      { type: 'payment.returnTimedOut', about: 'return' } as EventObject,
      ...[true, false].map((returned) => ({ type: 'payment.settleRefund', by: 'key:two', reason: 'x', returned }) as EventObject),
      ...['returnRetryGap.payment.refunding.deferred', 'resultWindow.payment.refunding.awaiting', 'checkGap.payment.refunding.uncertain'].map((timer) => ({ type: `xstate.after.${timer}` })),
      ...['promptRetryGap.payment.deferred', 'uncertainWindow.payment.uncertain', 'queryGap.payment.awaiting', 'queryGap.payment.cancelled.waiting', 'uncertainWindow.payment.cancelled.uncertain'].map((timer) => ({ type: `xstate.after.${timer}` })),
    ],
    detail: ({ queries, attempts, review, phone, received, receipt, completedAt, refund, held }: PaymentContext) => [
      // What led to a credit or a refund makes no difference afterwards.
      completedAt === null && refund === null ? [queries, attempts] : null,
      review?.reason,
      [phone === null, received?.source],
      receipt !== null,
      held.map((money) => money.receipt),
      completedAt !== null,
      refund === null ? null : [refund.approvedBy, refund.refusedBy, refund.attempts, refund.checks, refund.originatorConversationId],
    ],
    absorbing: ['refunded'],
  },
  {
    name: 'hotspot-session',
    machine: hotspotSessionMachine,
    inputs: [{ source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: { ...HOUR_PACKAGE, dataBytes: 100 }, macAddress: null, paidAt: 0 }],
    events: [
      ...[1, 2].flatMap((revision) => [[], [{ id: 'a' }], [{ id: 'b' }]].map((online) => ({ type: 'session.account', revision, online, uploadBytes: 1, downloadBytes: 0, logins: 1 }) as EventObject)),
      { type: 'session.account', revision: 3, online: [{ id: 'a' }], uploadBytes: 1, downloadBytes: 99, logins: 1 } as EventObject,
      { type: 'session.revealCredentials' },
      { type: 'session.resend' },
      ...['kick', 'changeDevice', 'close', 'revoke'].map((name) => ({ type: `session.${name}`, reason: 'x' }) as EventObject),
      { type: 'session.close', reason: 'x', by: 'nas' } as EventObject,
      ...[0, 1].map((unknown) => done('disconnectDevices', { sessions: 1, gone: 0, refused: 0, unknown })),
      error('disconnectDevices'),
      ...['paidTime.hotspot-session.ready', 'paidTime.hotspot-session.online', 'paidTime.hotspot-session.kicking', 'settlingTime.hotspot-session.expired', 'registrationTime.hotspot-session.unreached'].map((timer) => ({ type: `xstate.after.${timer}` })),
    ],
    detail: ({ accountRevision, endReason, resends }: { accountRevision: number; endReason: string | null; resends: number }) => [accountRevision, endReason, resends],
    absorbing: ['closed'],
  },
  {
    name: 'notification',
    machine: notificationMachine,
    inputs: [{
      channel: 'sms',
      to: '254708374149',
      template: 'subscription-reminder',
      locale: 'en',
      about: { tenant: 'main', type: 'subscription', id: 'sub_1' },
      credentialVersion: 1,
      details: { packageName: 'Home', accountNumber: '10000009', amount: 1, currency: 'KES', expiresAt: 1_000_000_000 },
    }],
    events: [
      done('checkClearance', { outcome: 'clear' }),
      done('checkClearance', { outcome: 'held', reason: 'quiet-hours', until: 1_000 }),
      done('checkClearance', { outcome: 'suppressed', reason: 'opted-out' }),
      error('checkClearance'),
      { type: 'notification.cancel', reason: 'x' } as EventObject,
      { type: 'xstate.after.heldTime.notification.held' },
      done('sendSms', { outcome: 'accepted', provider: 'africas-talking', providerId: 'p', cost: null, segments: 1 }),
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
    absorbing: ['delivered', 'suppressed', 'cancelled'],
    modelledIn: 'notification-model.test.ts',
  },
  {
    name: 'router',
    machine: routerMachine,
    // Far off: this walk has no clock of its own.
    inputs: [{ ...ROUTER, enrolment: { ...ROUTER.enrolment, expiresAt: Number.MAX_SAFE_INTEGER } }],
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
  },
  {
    name: 'reconciliation',
    machine: reconciliationMachine,
    inputs: [{ looks: true }, { looks: false }],
    events: [
      ...[true, false].map((hasMore) => done('pullMoney', { pulledUntil: 1, listed: 1, found: [{ receipt: 'NLJ7RT61SV', amount: 1, currency: 'KES', paymentId: 'pay_1', event: { type: 'x' } }], hasMore, coveredUntil: 86_400_000 })),
      ...[0, 1].map((provider) => done('matchDays', { days: [{ day: '1970-01-01', from: 0, until: 86_400_000, provider, ours: 0 }], matchedUntil: 86_400_000, askedUntil: 172_800_000 })),
      done('matchDays', { days: [], matchedUntil: 86_400_000, askedUntil: 86_400_000 }),
      { type: 'reconciliation.match', from: '1970-01-01T00:00:00Z', until: '1970-01-03T00:00:00Z' } as EventObject,
      error('matchDays'),
      ...['TerminalError', 'Error'].map((name) => ({ type: 'xstate.error.actor.pullMoney', error: { name, code: 'x', message: 'x' } }) as EventObject),
      { type: 'reconciliation.pull' },
      ...['pullGap.reconciliation.waiting', 'settlingGap.reconciliation.settling', 'errorGap.reconciliation.troubled', 'errorGap.reconciliation.unread', 'rematchGap.reconciliation.idle', 'rematchGap.reconciliation.resting'].map((timer) => ({ type: `xstate.after.${timer}` })),
    ],
    detail: ({ looking, again, hasMore, lastError, matchedUntil, unexplained, asked }: ReconciliationContext) => [looking, again, hasMore, lastError === null, matchedUntil, unexplained.length, asked],
    // It looks again for ever (N1).
    absorbing: [],
  },
  {
    name: 'approval',
    machine: approvalMachine,
    inputs: [{ to: { type: 'payment', id: 'pay_1' }, act: { kind: 'event', event: { type: 'payment.assign' } }, worth: 100, currency: 'KES', reason: 'x', requestedBy: 'key:one' }],
    events: [
      ...['key:one', 'key:two'].flatMap((by) => [...[99, 101].map((worth) => ({ type: 'approval.approve', by, worth })), ...['refuse', 'withdraw'].map((name) => ({ type: `approval.${name}`, by, reason: 'x' }))]),
      { type: 'xstate.after.patience.approval.requested' },
    ],
    absorbing: ['approved', 'refused', 'withdrawn', 'expired'],
  },
  {
    name: 'voucher',
    machine: voucherMachine,
    inputs: [{ batchId: 'vb_1', number: 1, package: HOUR_PACKAGE, expiresAt: Number.MAX_SAFE_INTEGER }],
    events: [{ type: 'voucher.redeem', phone: '254708374149', macAddress: null } as EventObject, { type: 'voucher.revoke', reason: 'x' } as EventObject, { type: 'xstate.after.validity.voucher.issued' }],
    absorbing: ['expired', 'revoked'],
  },
  {
    name: 'voucher-batch',
    machine: voucherBatchMachine,
    inputs: [{ name: 'x', package: HOUR_PACKAGE, count: 10, expiresAt: 1 }],
    events: [{ type: 'batch.show', form: 'csv', by: 'x' } as EventObject, { type: 'batch.revoke', reason: 'x' } as EventObject, ...[-1, Number.MAX_SAFE_INTEGER].map((at) => ({ type: 'batch.redeemed', number: 1, at }) as EventObject), { type: 'xstate.after.validity.voucher-batch.open' }],
    detail: ({ shown }: { shown: number }) => Math.min(shown, 1),
    absorbing: ['expired', 'revoked'],
  },
]

/** `cancelled.waiting` of `{cancelled: 'waiting'}`. */
function pathOf(value: StateValue | undefined): string {
  if (typeof value !== 'object') return value ?? ''
  return Object.entries(value).map(([name, inner]) => `${name}.${pathOf(inner)}`).join()
}

function innermost(node: AnyStateNode): string[] {
  const inner = Object.values(node.states)
  // Left in the step that enters it: nobody rests there.
  if (node.always?.some(({ guard }) => guard === undefined) === true) return []
  return inner.length === 0 ? [node.path.join('.')] : inner.flatMap(innermost)
}

const value = (snapshot: AnyMachineSnapshot): string => pathOf(snapshot.value as StateValue)

function explore({ machine, inputs, stored = [], events, detail }: Walk) {
  const beginnings = [...inputs.map((input) => ({ input })), ...stored.map((one) => ({ fromState: machine.resolveState(one as never) }))]
  return beginnings.flatMap((beginning) =>
    Object.values(
      getAdjacencyMap(machine, {
        ...beginning,
        events,
        limit: 300_000,
        serializeState: (snapshot) => JSON.stringify([value(snapshot), detail?.(snapshot.context as never)]),
      }),
    ).map((situation) => {
      const { state, transitions } = situation as { state: AnyMachineSnapshot; transitions: Record<string, { state: AnyMachineSnapshot; event: EventObject }> }
      return { state, next: Object.values(transitions) }
    }),
  )
}

const watchedWalks = walks.map((walk) => {
  const { machine, untaken } = watchEventless(walk.machine)
  return { ...walk, machine, untaken, situations: explore({ ...walk, machine }) }
})

describe.each(watchedWalks)('$name', ({ name, absorbing, machine, situations }) => {
  it('reaches every state', () => {
    expect([...new Set(situations.map(({ state }) => value(state)))].sort()).toEqual(innermost(machine.root).sort())
  })

  it('never ends in error, whatever comes in whatever order', () => {
    expect(situations.filter(({ state }) => state.status === 'error')).toEqual([])
    expect(situations.every(({ next }) => next.length > 0)).toBe(true)
  })

  it(`never leaves ${absorbing.join(', ') || 'nothing: it goes on for ever'}`, () => {
    const inside = situations.filter(({ state }) => absorbing.includes(value(state)))
    expect(inside.length > 0, name).toBe(absorbing.length > 0)
    for (const { state, next } of inside) expect(new Set(next.map((one) => value(one.state)))).toEqual(new Set([value(state)]))
  })
})

it.each(watchedWalks.filter(({ modelledIn }) => modelledIn === undefined))('$name takes every transition there is', ({ machine, situations, untaken }) => {
  const taken = new Set<object>()
  for (const { state, next } of situations) for (const { event } of next) for (const transition of machine.getTransitionData(state as never, event)) taken.add(transition)
  expect(transitionsOf(machine.root).filter((transition) => !taken.has(transition)).map(describeTransition)).toEqual([])
  expect(untaken()).toEqual([])
})

/** Those that an event takes; those that no event takes are watched by themselves. */
function transitionsOf(node: AnyStateNode): AnyTransition[] {
  return [...[...node.transitions.values()].flat(), ...Object.values(node.states).flatMap(transitionsOf)]
}

function describeTransition({ source, eventType, target }: AnyTransition): string {
  return `${source.id} on ${eventType} to ${target?.map(({ id }) => id).join() ?? 'itself'}`
}

it('a payment leaves completed only for a refund that two people want', () => {
  const situations = getAdjacencyMap(paymentMachine as AnyStateMachine, {
    input: C2B_INPUT,
    events: [refund(), approveRefund('key:one'), approveRefund(), returnResult()],
    limit: 1_000,
    serializeState: (snapshot) => JSON.stringify([snapshot.value, (snapshot.context as PaymentContext).refund]),
  }) as Record<string, { state: AnyMachineSnapshot; transitions: Record<string, { state: AnyMachineSnapshot; event: EventObject }> }>
  const leaving = Object.values(situations)
    .filter(({ state }) => state.value === 'completed')
    .flatMap(({ transitions }) => Object.values(transitions).filter(({ state }) => state.value !== 'completed'))
  expect(leaving.map(({ event }) => event)).toEqual([approveRefund()])
})
