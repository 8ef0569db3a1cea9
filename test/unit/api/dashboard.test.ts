/** The dashboard's sums: counted as facts come, they are what the journal says, whatever happens in between. */
import fc from 'fast-check'
import { createMachine, emit } from 'xstate'
import { describe, expect, it } from 'vitest'
import { added, calendar, sumsOf } from '../../../actors/dashboard/sums.ts'
import type { Hub } from '../../../api/channels/hub.ts'
import { createDashboard, type DashboardDelta, type DashboardParts } from '../../../api/dashboard/dashboard.ts'
import { readSums, rebuildSums } from '../../../api/dashboard/reading.ts'
import { defineActor, type Runtime } from '../../../runtime/index.ts'
import { memoryDashboardDays } from '../../support/api-ports.ts'
import { FakeNetwork } from '../../support/fake-network.ts'
import { rig, type Rig } from '../engine/rig.ts'

const DAY_MS = 86_400_000
const dayOf = calendar('Africa/Nairobi')

/** Says whatever fact it is told to say. */
const machine = createMachine({ on: { say: { actions: emit(({ event }) => (event as unknown as { fact: { type: string } }).fact) } } })
const actors = ['payment', 'hotspot-session', 'notification', 'subscription', 'voucher', 'other'].map((type) => defineActor({ type, version: '1', machine }))

const FACTS = [
  { type: 'payment.completed', amount: 1_000, currency: 'KES' },
  { type: 'payment.completed', amount: 250, currency: 'USD' },
  { type: 'payment.failed' },
  { type: 'payment.refunded', amount: 400, currency: 'KES' },
  { type: 'session.ready' },
  { type: 'session.expired', reason: 'time' },
  { type: 'notification.sent' },
  { type: 'subscription.renewed', price: 2_500, currency: 'KES' },
  { type: 'voucher.redeemed' },
  { type: 'nothing.counted' },
]

type Step = { do: 'say'; fact: number } | { do: 'crash' | 'advance' | 'look' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(FACTS.length - 1).map((fact): Step => ({ do: 'say', fact })) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'crash' }, { do: 'advance' }, { do: 'look' }) },
)

function typeOf(fact: { type: string }): string {
  return fact.type.startsWith('payment') ? 'payment' : fact.type.startsWith('session') ? 'hotspot-session' : fact.type.startsWith('notification') ? 'notification' : /^(subscription|voucher)\./.exec(fact.type)?.[1] ?? 'other'
}

function board(runtime: Runtime, clock: () => number, more: Partial<DashboardParts> = {}) {
  const deltas: DashboardDelta[] = []
  const hub: Hub = { join: () => undefined, leave: () => undefined, onFirst: () => undefined, tell: (_tenant, { text }) => deltas.push(JSON.parse(text) as DashboardDelta) }
  const parts: DashboardParts = { runtime, hub, days: memoryDashboardDays(), dayOf, clock, log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }, gatherMs: 0, ...more }
  return { dashboard: createDashboard(parts), deltas, days: parts.days }
}

async function say(r: Rig, fact: { type: string }): Promise<void> {
  const type = typeOf(fact)
  if ((await r.runtime.get({ type, id: 'a' })) === undefined) await r.runtime.create({ type, id: 'a' })
  await r.runtime.send({ type, id: 'a' }, { type: 'say', fact })
}

describe('the sums', () => {
  it('count what happened and how much it was, by currency', () => {
    const sums = FACTS.map((fact) => sumsOf({ address: { tenant: 'main', type: typeOf(fact), id: 'a' }, type: fact.type, data: fact })).reduce<Record<string, number>>((all, one) => added(all, one ?? {}), {})
    expect(sums).toMatchObject({ facts: 9, 'subscriptions.renewed': 1, 'subscriptions.revenue.KES': 2_500, 'vouchers.redeemed': 1, 'payments.completed': 2, 'payments.revenue.KES': 1_000, 'payments.revenue.USD': 250, 'payments.refunds.KES': 400, 'sessions.ended.time': 1 })
    expect(sumsOf({ address: { tenant: 'main', type: 'other', id: 'a' }, type: 'payment.completed', data: {} })).toBeUndefined()
  })

  it('days begin at midnight of the shop', () => {
    expect([dayOf(Date.parse('2026-01-31T20:59:59Z')), dayOf(Date.parse('2026-01-31T21:00:00Z'))]).toEqual(['2026-01-31', '2026-02-01'])
  })
})

describe('the dashboard', () => {
  it('counted as they come or anew from the journal: the sums are the same, after random runs, crashes and days', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const r = await rig(actors)
        const clock = () => r.clock.now()
        let current = board(r.runtime, clock)
        await current.dashboard.snapshot('main')
        for (const one of steps) {
          if (one.do === 'say') await say(r, FACTS[one.fact] as { type: string })
          else if (one.do === 'advance') await r.clock.advance(DAY_MS / 2)
          else if (one.do === 'look') await current.dashboard.snapshot('main')
          else {
            await r.crash()
            // The days that are over are known from before.
            current = board(r.runtime, clock, { days: current.days })
            await current.dashboard.snapshot('main')
          }
        }
        await r.runtime.settled()
        const counted = await current.dashboard.snapshot('main')
        const anew = await board(r.runtime, clock).dashboard.snapshot('main')
        expect(counted).toEqual(anew)
        const { days } = await rebuildSums({ journal: r.runtime, days: current.days, dayOf, clock }, 'main')
        expect([...days.values()].reduce(added, {})).toEqual(counted.total)
        r.runtime.kill()
      }),
      { numRuns: 25 },
    )
  }, 30_000)

  it('tells what changes after a snapshot, so that whoever applies it has the next one', async () => {
    const r = await rig(actors)
    const { dashboard, deltas } = board(r.runtime, () => r.clock.now())
    const first = await dashboard.snapshot('main')
    for (const fact of FACTS) await say(r, fact)
    await expect.poll(() => deltas.at(-1)?.version).toBe(9)
    let [version, total] = [first.version, first.total]
    for (const delta of deltas) {
      expect(delta.previous).toBe(version)
      version = delta.version
      total = { ...total, ...delta.total }
    }
    expect({ version, total }).toEqual({ version: 9, total: (await dashboard.snapshot('main')).total })
  })

  it('counts once what is committed while it reads, and what comes again', async () => {
    const r = await rig(actors)
    for (const fact of FACTS) await say(r, fact)
    let listener: Parameters<Runtime['follow']>[0]['onFact'] = () => undefined
    const runtime: DashboardParts['runtime'] = {
      follow: ({ onFact }) => {
        listener = onFact
        return r.runtime.follow({ tenant: 'main', onFact, onLost: () => undefined })
      },
      journaledFacts: async (query) => {
        const page = await r.runtime.journaledFacts(query)
        // Committed and published after this page was read.
        await say(r, { type: 'session.ready' })
        return page
      },
      unsentFacts: () => r.runtime.unsentFacts(),
      factsBegun: (signal) => r.runtime.factsBegun(signal),
    }
    const { dashboard } = board(r.runtime, () => r.clock.now(), { runtime })
    expect((await dashboard.snapshot('main')).version).toBe(10)
    const { facts } = await r.runtime.journaledFacts({ tenant: 'main', from: 0, limit: 1_000 })
    for (const fact of facts) listener({ position: '', order: 0, fact })
    expect((await dashboard.snapshot('main')).version).toBe(10)
  })

  it('several nodes have the same sums under the same version', async () => {
    const network = new FakeNetwork()
    const r = await rig(actors, { node: 'one', bus: network.bus('one') })
    const other = await rig(actors, { node: 'two', store: r.store, clock: r.clock, bus: network.bus('two') })
    const boards = [r.runtime, other.runtime].map((runtime) => board(runtime, () => r.clock.now()).dashboard)
    await boards[0]?.snapshot('main')
    for (const fact of FACTS) await say(r, fact)
    await boards[1]?.snapshot('main')
    for (const fact of FACTS) await say(r, fact)
    await r.runtime.settled()
    const [a, b] = await Promise.all(boards.map((one) => one.snapshot('main')))
    expect(a?.version).toBe(18)
    expect(b).toEqual(a)
  })

  it('days that are over are counted once: the next start reads only what came later', async () => {
    const r = await rig(actors)
    const days = memoryDashboardDays()
    const clock = () => r.clock.now()
    for (let day = 0; day < 3; day++) {
      for (const fact of FACTS) await say(r, fact)
      await r.clock.advance(DAY_MS)
    }
    const { dashboard } = board(r.runtime, clock, { days })
    const whole = await dashboard.snapshot('main')
    expect(days.rows.get('main')?.map(({ day }) => day)).toEqual(['1970-01-01', '1970-01-02', '1970-01-03'])
    const from: number[] = []
    const journal = { journaledFacts: (query: Parameters<Runtime['journaledFacts']>[0]) => (from.push(query.from), r.runtime.journaledFacts(query)) }
    const again = await readSums({ journal, days, dayOf, clock }, 'main')
    expect(from.every((at) => at > DAY_MS)).toBe(true)
    expect([...again.days.values()].reduce(added, {})).toEqual(whole.total)
  })
})
