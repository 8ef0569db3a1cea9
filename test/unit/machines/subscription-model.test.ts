/**
 * The model of a subscription, walked by xstate/graph: the state of the model is a whole life (snapshot, clock and timers), its events
 * are what people, payments, routers and time do. Every state is reached, every transition is taken, by an event, a timer
 * or neither, and every guard has said both yes and no.
 */
import { describe, expect, it } from 'vitest'
import { fromTransition, type AnyStateNode, type EventObject } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { accessOf } from '../../../machines/subscription/access.ts'
import { balanceOf } from '../../../machines/subscription/context.ts'
import { subscriptionMachine } from '../../../machines/subscription/machine.ts'
import { withStepTime } from '../../../runtime/step/step-time.ts'
import { begin, contextOf, DAY_MS, dueTimer, inputOf, iso, START, statesOf, told, WEEK, type Life } from './subscription.fixture.ts'
import { watchEventless } from './eventless.ts'
import type { Message } from './play.ts'

const GIB = 2 ** 30
const PLAN = { ...WEEK, reminderSeconds: [86_400], dataBytes: GIB }
const FAST = { ...PLAN, id: 'fast', downloadKbps: 50_000 }
const CHEAP = { ...PLAN, id: 'cheap', amount: 7_000 }

/** Made for the moment at which each happens. */
const EVENTS: Record<string, (life: Life) => Message> = {
  'the price is paid': (life) => ({ type: 'subscription.pay', paymentId: `pay_${contextOf(life).payments.length}`, amount: 70_000, currency: 'KES', receipt: null, paidAt: 0 }),
  'little is paid': (life) => ({ type: 'subscription.pay', paymentId: `pay_${contextOf(life).payments.length}`, amount: 7_000, currency: 'KES', receipt: null, paidAt: 0 }),
  'other money is paid': () => ({ type: 'subscription.pay', paymentId: 'pay_x', amount: 1, currency: 'USD', receipt: null, paidAt: 0 }),
  'a payment comes again': () => ({ type: 'subscription.pay', paymentId: 'pay_0', amount: 70_000, currency: 'KES', receipt: null, paidAt: 0 }),
  'a payment goes back': () => ({ type: 'subscription.revokePayment', paymentId: 'pay_0', amount: 7_000, reason: 'x' }),
  'more goes back than came': () => ({ type: 'subscription.revokePayment', paymentId: 'pay_0', amount: 80_000, reason: 'x' }),
  'a debt': () => ({ type: 'subscription.charge', amount: 5_000, reason: 'x' }),
  'a block': () => ({ type: 'subscription.suspend', block: 'abuse', reason: 'x' }),
  'a block with an end': (life) => ({ type: 'subscription.suspend', block: 'holiday', reason: 'x', until: iso(life.now + DAY_MS) }),
  'a block for an hour': (life) => ({ type: 'subscription.suspend', block: 'visit', reason: 'x', until: iso(life.now + 3_600_000) }),
  'a block that is over': (life) => ({ type: 'subscription.suspend', block: 'past', reason: 'x', until: iso(life.now) }),
  'a block is lifted': () => ({ type: 'subscription.unsuspend', block: 'abuse', reason: 'x' }),
  'a block is lifted before its end': () => ({ type: 'subscription.unsuspend', block: 'holiday', reason: 'x' }),
  'another package': () => ({ type: 'subscription.changePackage', package: FAST, at: 'term-end' }),
  'another package now': () => ({ type: 'subscription.changePackage', package: CHEAP, at: 'now' }),
  'another package since yesterday': (life) => ({ type: 'subscription.changePackage', package: CHEAP, at: iso(life.now - DAY_MS) }),
  'a package in other money': () => ({ type: 'subscription.changePackage', package: { ...FAST, currency: 'USD' }, at: 'term-end' }),
  'no other package': () => ({ type: 'subscription.cancelChange' }),
  'more time': (life) => ({ type: 'subscription.changeExpiry', expiresAt: iso(life.now + 2 * DAY_MS), reason: 'x' }),
  'an hour more': (life) => ({ type: 'subscription.changeExpiry', expiresAt: iso(life.now + 3_600_000), reason: 'x' }),
  'no more time': (life) => ({ type: 'subscription.changeExpiry', expiresAt: iso(life.now), reason: 'x' }),
  'another phone': () => ({ type: 'subscription.changeContact', phone: '254711111111' }),
  'another password': () => ({ type: 'subscription.renewPassword', reason: 'x' }),
  'data is used': (life) => account(life, GIB),
  'little is used': (life) => account(life, 1),
  // Accounting is the whole of it: what was counted twice, or is kept no longer, is missing from the next.
  'less was used': (life) => account(life, -contextOf(life).usage.downloadBytes),
  'nobody is online': (life) => account(life, 0),
  'old accounting': () => ({ type: 'subscription.account', revision: 0, online: [], uploadBytes: 0, downloadBytes: 0, logins: 1 }),
  'other devices': () => ({ type: 'subscription.changeDevice', reason: 'x' }),
  'the end': () => ({ type: 'subscription.terminate', reason: 'x' }),
  'the router answers': (life) => ({ type: `xstate.done.actor.${life.call?.id ?? ''}`, output: { sessions: 1, gone: 0, refused: 0 } }),
  'the router refuses': (life) => ({ type: `xstate.done.actor.${life.call?.id ?? ''}`, output: { sessions: 0, gone: 0, refused: 1 } }),
  'the router fails': (life) => ({ type: `xstate.error.actor.${life.call?.id ?? ''}`, error: { name: 'Error', message: 'x' } }),
}

function account(life: Life, more: number): Message {
  const { revision, downloadBytes } = contextOf(life).usage
  const login = { id: 's', device: null, nas: '10.8.0.2', ip: null, since: 0 }
  return { type: 'subscription.account', revision: revision + 1, online: more > 0 ? [login] : [], uploadBytes: 0, downloadBytes: downloadBytes + more, logins: 1 }
}

const answers = new Map<string, Set<boolean>>()
const taken = new Set<string>()

const { machine, untaken } = watchEventless(subscriptionMachine)
const watched = machine.provide({
  guards: Object.fromEntries(
    Object.entries(subscriptionMachine.implementations.guards).map(([name, guard]) => [
      name,
      (...args: unknown[]) => {
        const answer = (guard as (...args: unknown[]) => boolean)(...args)
        answers.set(name, (answers.get(name) ?? new Set()).add(answer))
        return answer
      },
    ]),
  ),
})

function happen(life: Life, what: string): Life {
  const timer = what === 'time' ? dueTimer(life) : undefined
  if (what === 'time' && timer === undefined) return life
  const now = timer === undefined ? life : { ...life, now: Math.max(life.now, timer.dueAt), timers: new Map([...life.timers].filter(([id]) => id !== timer.id)) }
  const event = timer === undefined ? EVENTS[what]?.(life) : life.timers.get(timer.id)?.event
  if (event === undefined || (what.startsWith('the router') && life.call === undefined)) return life
  for (const transition of withStepTime(now.now, () => watched.getTransitionData(now.snapshot as never, event as never))) taken.add(idOf(transition))
  const ready = what.startsWith('the router') ? { ...now, call: undefined } : now
  return told(ready, event, watched) ?? now
}

function idOf({ source, eventType, target, guard }: { source: AnyStateNode; eventType: string; target?: readonly AnyStateNode[] | undefined; guard?: unknown }): string {
  return [source.id, eventType, (target ?? []).map(({ id }) => id).join(), JSON.stringify(guardNames(guard))].join(' ')
}

function guardNames(guard: unknown): unknown {
  if (guard === undefined || typeof guard === 'string') return guard ?? null
  const { type, guards } = guard as { type?: string; guards?: unknown[] }
  return guards === undefined ? (type ?? 'guard') : guards.map(guardNames)
}

/** What tells two lives apart; the rest is left out so that the walk ends. */
function situation(life: Life): string {
  const { graceUsed, payments, terms, debts, change } = contextOf(life)
  return JSON.stringify([statesOf(life), graceUsed, payments.length, terms.some(({ isNext }) => isNext === true), debts.length > 0, change === null])
}

/** More than two things out of the ordinary at once, or a long story: nothing new comes of it. */
function isFar(life: Life): boolean {
  const { payments, debts, end } = contextOf(life)
  const [, blocks, change, , access, data] = statesOf(life)
  const oddities = [blocks !== 'blocks.none', change !== 'change.none', access !== 'access.settled', data === 'data.usedUp', debts.length > 0, end !== null].filter(Boolean)
  return oddities.length > 2 || payments.length > 2 || life.now - START > 25 * DAY_MS
}

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)]
}

const logic = fromTransition((life: Life, { type }: EventObject) => happen(life, type), () => begin(inputOf({ plan: PLAN }), START, watched))

describe('the model', () => {
  const walk = getAdjacencyMap(logic, {
    events: [...Object.keys(EVENTS), 'time'].map((type) => ({ type })),
    serializeState: (state) => situation(state.context),
    stopWhen: (state) => isFar(state.context),
    limit: 40_000,
  })
  const lives = Object.values(walk as unknown as Record<string, { state: { context: Life } }>).map(({ state }) => state.context)

  it('has every state', () => {
    const reached = new Set(lives.flatMap(statesOf))
    const leaves = nodesOf(subscriptionMachine.root as unknown as AnyStateNode).filter(({ states, path }) => Object.keys(states).length === 0 && path.length > 0)
    expect(leaves.map(({ path }) => path.join('.')).filter((leaf) => !reached.has(leaf))).toEqual([])
  })

  it('takes every transition of an event, of a timer, and of neither', () => {
    const all = nodesOf(watched.root as unknown as AnyStateNode).flatMap((node) => [...node.transitions.values()].flat().map((transition) => idOf(transition as never)))
    expect(all.length).toBeGreaterThan(40)
    expect(all.filter((id) => !taken.has(id))).toEqual([])
    expect(untaken()).toEqual([])
  })

  it('has heard yes and no of every guard', () => {
    const oneSided = Object.keys(subscriptionMachine.implementations.guards).filter((name) => answers.get(name)?.size !== 2)
    expect(oneSided).toEqual([])
  })

  it('never grants what was not paid or given, and never loses sight of an access', () => {
    expect(lives.length).toBeGreaterThan(200)
    for (const life of lives) {
      const context = contextOf(life)
      const isGranted = accessOf(context).level !== 'none'
      if (isGranted) expect(Object.keys(context.blocks)).toEqual([])
      if (isGranted) expect(Math.max(context.expiresAt ?? 0, context.graceEndsAt ?? 0)).toBeGreaterThan(life.now)
      if (balanceOf(context) > 0) expect(context.debts).toEqual([])
      if (statesOf(life).includes('access.settled')) expect(context.access.applied).toEqual(accessOf(context))
      expect((life.snapshot as { status: string }).status).toBe('active')
    }
  })
})
