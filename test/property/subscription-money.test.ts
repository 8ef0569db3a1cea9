/** The rules of money (machines/subscription/money.ts, S1-S8) hold whatever comes in whatever order, and whatever crashes in between. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../actors/credentials.ts'
import { createRegistry } from '../../actors/registry.ts'
import { balanceOf } from '../../machines/subscription/context.ts'
import { memoryStore } from '../../runtime/index.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { FaultPlan, type Fault } from '../support/faults/plan.ts'
import { Process } from '../support/faults/process.ts'
import { virtualTurns } from '../support/faults/turns.ts'
import { World, type OutsideCall } from '../support/faults/world.ts'
import { fakeMpesa } from '../support/fake-mpesa.ts'
import { nobodyOnline } from '../support/live-access.ts'
import { answered, begin, contextOf, DAY_MS, elapse, HOME, inputOf, iso, outage, serviceOf, START, told, WEEK, type Life } from '../unit/machines/subscription.fixture.ts'
import type { Message } from '../unit/machines/play.ts'
import { faults } from './faults.ts'
import { check, TIMEOUT_MS } from './runs.ts'

type Command =
  | { do: 'pay' | 'revoke' | 'charge'; amount: number; which: number }
  | { do: 'expiry'; days: number }
  | { do: 'change'; plan: number; days: number | null }
  | { do: 'wait' | 'outage'; hours: number }

const PLANS = [HOME, WEEK, { ...WEEK, id: 'odd', amount: 33_333, term: { unit: 'seconds', count: 100_000 } }, { ...HOME, id: 'dear', amount: 999_999 }]

const amount = fc.oneof(fc.constantFrom(70_000, 250_000, 500_000), fc.integer({ min: 1, max: 600_000 }))
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pay' as const), amount, which: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('revoke' as const), amount, which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('charge' as const), amount, which: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expiry' as const), days: fc.integer({ min: -3, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('change' as const), plan: fc.nat(3), days: fc.option(fc.integer({ min: 0, max: 30 })) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('wait' as const, 'outage' as const), hours: fc.integer({ min: 1, max: 40 * 24 }) }) },
)
const commands = fc.array(command, { minLength: 3, maxLength: 25, size: 'max' })

/** The n-th command as what is said at that moment. */
function eventOf(one: Command, index: number, now: number): Message | undefined {
  switch (one.do) {
    case 'pay':
      return { type: 'subscription.pay', paymentId: `pay_${index}`, amount: one.amount, currency: 'KES', receipt: null, paidAt: now }
    case 'revoke':
      return { type: 'subscription.revokePayment', paymentId: `pay_${Math.max(0, index - one.which)}`, amount: one.amount, reason: 'x' }
    case 'charge':
      return { type: 'subscription.charge', amount: one.amount, reason: 'x' }
    case 'expiry':
      return { type: 'subscription.changeExpiry', expiresAt: iso(now + one.days * DAY_MS), reason: 'x' }
    case 'change':
      return { type: 'subscription.changePackage', package: PLANS[one.plan], at: one.days === null ? 'term-end' : iso(now + one.days * DAY_MS) }
    case 'wait':
    case 'outage':
      return undefined
  }
}

function perform(life: Life, one: Command, index: number): Life {
  // Real timers fire some milliseconds late.
  if (one.do === 'wait') return elapse(life, one.hours * 3_600_000, 5 + (one.hours % 46))
  if (one.do === 'outage') return outage(life, one.hours * 3_600_000)
  const after = told(life, eventOf(one, index, life.now) as Message)
  return after === undefined ? life : answered(after)
}

/** What the ledger says of the customer: money in, less what went back, what was earned, and what was given back of it. */
function posted(facts: readonly Message[]): number {
  const sum = (type: string, field: string) => facts.filter((fact) => fact.type === `subscription.${type}`).reduce((total, fact) => total + Number(fact[field]), 0)
  return sum('paid', 'amount') - sum('paymentRevoked', 'amount') + sum('paymentRevoked', 'returned') - sum('renewed', 'price') - sum('charged', 'amount')
}

describe('whatever comes', () => {
  it('the money adds up, and nobody gets what was not paid', async () => {
    const property = fc.asyncProperty(commands, async (list) => {
      let life = begin(inputOf({ plan: WEEK }))
      for (const [index, one] of list.entries()) {
        const before = life
        life = perform(life, one, index)
        const [was, is] = [contextOf(before), contextOf(life)]
        const facts = life.story.slice(before.story.length)
        const bought = facts.filter(({ type }) => type === 'subscription.renewed')

        expect(balanceOf(is), 'S8').toBe(posted(life.story))
        if (is.credit > 0) expect(is.debts, 'S4').toEqual([])
        expect(is.credit).toBeGreaterThanOrEqual(0)
        if (one.do === 'pay') {
          expect(bought.length, 'S2').toBeLessThanOrEqual(1)
          if (facts.length > 0 && was.expiresAt !== null) expect(is.expiresAt ?? 0, 'S1').toBeGreaterThanOrEqual(was.expiresAt)
          for (const { from } of bought) expect(Number(from), 'S1').toBe(Math.max(life.now, was.expiresAt ?? 0))
        }
        const isMoved = facts.some(({ type }) => type === 'subscription.packageChanged')
        if (one.do === 'wait' && serviceOf(before) === 'active' && !isMoved) bought.forEach(({ from }, term) => expect(from, 'S2').toBe(term === 0 ? was.expiresAt : bought[term - 1]?.['to']))
        for (const { price } of bought) expect([was.plan.amount, was.change?.plan.amount, is.plan.amount], 'S5').toContain(price)
        for (const { from, to } of is.terms) expect(from).toBeLessThan(to)
        if (serviceOf(life) === 'active') expect(is.expiresAt ?? 0).toBeGreaterThan(life.now - (one.do === 'wait' ? 1 : 0))
      }
      expectGraceOnce(life.story)
      expectNoticesOnce(life.story)
    })
    await check(property, 200)
  }, TIMEOUT_MS)
})

/** S11 */
function expectGraceOnce(story: readonly Message[]): void {
  let isEarned = false
  for (const { type } of story) {
    if (type === 'subscription.renewed') isEarned = true
    if (type !== 'subscription.graceStarted') continue
    expect(isEarned).toBe(true)
    isEarned = false
  }
}

/** S12 */
function expectNoticesOnce(story: readonly Message[]): void {
  let ends = 0
  const keys = story.flatMap((fact) => {
    // A moved end is reminded of anew, also when it is moved back to where it was.
    if (fact.type === 'subscription.expiryChanged' || fact.type === 'subscription.packageChanged' || fact.type === 'subscription.paymentRevoked') ends += 1
    return fact.type === 'subscription.reminderDue' ? [`${String(fact['key'])} ${ends}`] : []
  })
  expect(new Set(keys).size).toBe(keys.length)
}

describe('with crashes', () => {
  const credentials = createCredentialIssuer('an application key of good length')
  const address = { type: 'subscription', id: 'sub_1' }
  const ANSWERS: Record<string, unknown> = {
    applyAccess: { sessions: 1, gone: 0, refused: 0 },
    checkClearance: { outcome: 'clear' },
    sendSms: { outcome: 'accepted', provider: 'sms', providerId: '', cost: null, segments: 1 },
  }

  function definitions(call: OutsideCall): ActorDefinition[] {
    const inert = () => Promise.reject(new Error('not called'))
    return createRegistry({ mpesa: fakeMpesa({}), sms: { send: inert }, credentials, liveAccess: nobodyOnline() })
      .filter(({ type }) => ['subscription', 'notification'].includes(type))
      .map((definition) => ({
        ...definition,
        effects: Object.fromEntries(Object.keys(definition.effects ?? {}).map((name) => [name, { run: (input: unknown, context: Parameters<OutsideCall>[2]) => call(name, input, context) }])),
      }))
  }

  async function run(list: readonly Command[], planned: Fault[], within?: FaultPlan['calls']) {
    const turns = virtualTurns()
    const store = memoryStore()
    const plan = new FaultPlan(planned, within)
    const world = new World(plan, turns, { serial: true, answer: ({ name }) => ANSWERS[name] })
    const process = new Process({ definitions, store, world, plan, turns, startAt: START, turnsMax: 200_000 })
    try {
      await process.start()
      await process.ask((runtime) => runtime.create(address, inputOf({ plan: WEEK }), { eventId: 'create' }))
      for (const [index, one] of list.entries()) {
        if (one.do === 'wait' || one.do === 'outage') await process.advance(one.hours * 3_600_000)
        else await process.ask((runtime) => runtime.send(address, eventOf(one, index, process.now) as Message, { eventId: `c${index}` }))
      }
      await process.settle()
      const calls = { ...plan.calls }
      plan.end()
      const { runtime } = process
      const view = await runtime.get(address)
      const { data } = await runtime.list({ type: 'notification', limit: 1_000 })
      return {
        calls,
        subscription: { value: view?.value, context: view?.context, seq: view?.seq },
        notifications: data.map(({ id, value }) => [id, value]).sort(),
        ledger: [...(store.tables.rows.get('business.ledger_entries') ?? [])].map((row) => JSON.stringify(row)).sort(),
        radius: [...(store.tables.rows.get('radius.radcheck') ?? [])].map((row) => JSON.stringify(row)).sort(),
        facts: [...world.facts.keys()].sort(),
        zombies: process.zombies(),
      }
    } finally {
      await process.end()
      turns.end()
    }
  }

  it('the record, the ledger, the access and the messages are those of a run without', async () => {
    const few = fc.array(command, { minLength: 2, maxLength: 8, size: 'max' })
    const property = fc.asyncProperty(few, faults(5), async (list, planned) => {
      const calm = await run(list, [])
      const { calls: _calls, ...disturbed } = await run(list, planned, calm.calls)
      const { calls: _calm, ...expected } = calm
      expect(disturbed).toEqual(expected)
    })
    await check(property, 40)
  }, TIMEOUT_MS)
})
