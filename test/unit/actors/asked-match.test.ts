/** What a reconciliation does with days that it is asked to match: in parts, beside whatever else it does, and after failures. */
import { describe, expect, it } from 'vitest'
import { LANES, ONCE } from '../../../actors/lanes.ts'
import { defineReconciliation } from '../../../actors/reconciliation/definition.ts'
import { beginLooking } from '../../../actors/reconciliation/looking.ts'
import type { StatementRows } from '../../../actors/reconciliation/matching.ts'
import { receiptPaymentIds } from '../../../actors/payment/received-money.ts'
import { withAsked, type ReconciliationContext } from '../../../machines/reconciliation/context.ts'
import { createRuntime, isStandingError, manualClock, memoryStore, TerminalError } from '../../../runtime/index.ts'
import { fakeMpesa } from '../../support/fake-mpesa.ts'

const ADDRESS = { type: 'reconciliation', id: 'mpesa' }
const DAY_MS = 86_400_000
const START = Date.parse('2027-06-01T12:00:00Z')
const MINUTE_MS = 60_000

async function world(input: object, countUnexplained: StatementRows['countUnexplained'], pull = async () => Promise.resolve([])) {
  const clock = manualClock(START)
  const counted: string[] = []
  const statements: StatementRows = {
    addPulled: async () => undefined,
    countUnexplained: async (tenant, span) => {
      counted.push(new Date(span.from).toISOString().slice(0, 10))
      return countUnexplained(tenant, span)
    },
  }
  const actor = defineReconciliation({ mpesa: fakeMpesa({ pullTransactions: pull }), receiptIds: receiptPaymentIds('an application key of good length'), directory: { search: async () => [], get: async () => undefined }, providerNow: () => clock.now(), statements, timeZone: 'UTC' })
  const runtime = createRuntime({ store: memoryStore(), clock, actors: [actor], lanes: { ...LANES, reconciliation: { ...LANES.reconciliation, retry: ONCE } } })
  await runtime.start()
  await runtime.create(ADDRESS, input)
  await runtime.settled()
  const look = async () => {
    const view = await runtime.get(ADDRESS)
    return { state: view?.states[0], tags: view?.tags, context: view?.context as ReconciliationContext }
  }
  const match = (from: string, until: string) => runtime.send(ADDRESS, { type: 'reconciliation.match', from: `${from}T06:00:00Z`, until: `${until}T18:00:00Z` })
  const pass = async (ms: number) => {
    await clock.advance(ms)
    await runtime.settled()
  }
  return { runtime, counted, look, match, pass }
}

const nothing = async () => Promise.resolve({ provider: 0, ours: 0 })

it('takes a long time in parts, oldest first, each day once and as a whole', async () => {
  const spans: { from: number; until: number }[] = []
  const { runtime, counted, look, match } = await world({ looks: false }, async (_tenant, span) => {
    spans.push(span)
    return { provider: 0, ours: 0 }
  })
  await match('2027-01-10', '2027-03-30')
  await runtime.settled()
  expect(counted).toHaveLength(80)
  expect(new Set(counted).size).toBe(80)
  expect([counted[0], counted.at(-1)]).toEqual(['2027-01-10', '2027-03-30'])
  expect(new Set(spans.map(({ from, until }) => until - from))).toEqual(new Set([DAY_MS]))
  expect(await look()).toMatchObject({ state: 'resting', context: { asked: [], matchedUntil: null, unexplained: [] } })
  await runtime.stop()
})

it('asked while it matches, it matches anew: what is under way may not have seen the statement', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  let isFirst = true
  const { runtime, look, match } = await world({ looks: false }, async () => {
    if (!isFirst) return { provider: 2, ours: 0 }
    isFirst = false
    await gate
    return { provider: 1, ours: 0 }
  })
  await match('2027-05-10', '2027-05-10')
  await match('2027-05-10', '2027-05-10')
  open()
  await runtime.settled()
  expect((await look()).context.unexplained).toMatchObject([{ day: '2027-05-10', provider: 2 }])
  await runtime.stop()
})

it('a refused list stays refused, and files are matched all the same', async () => {
  let isExplained = false
  const refused = async () => Promise.reject(new TerminalError('register it', { code: 'shortcode-not-registered' }))
  const { runtime, look, match, pass } = await world({}, async () => ({ provider: isExplained ? 0 : 1, ours: 0 }), refused)
  const before = await look()
  expect(before).toMatchObject({ state: 'idle', tags: ['attention'] })
  await match('2027-05-10', '2027-05-10')
  await runtime.settled()
  expect(await look()).toMatchObject({ state: 'idle', tags: ['attention'], context: { lastError: before.context.lastError, unexplained: [{ day: '2027-05-10' }] } })
  isExplained = true
  await pass(60 * MINUTE_MS)
  expect(await look()).toMatchObject({ state: 'idle', context: { unexplained: [] } })
  await runtime.stop()
})

it('while the list cannot be read, files are matched all the same, and the list is asked every ten minutes, no more often', async () => {
  let pulls = 0
  let isDown = true
  const down = async () => {
    pulls++
    return isDown ? Promise.reject(new Error('a gateway timed out')) : Promise.resolve([])
  }
  const { runtime, counted, look, match, pass } = await world({}, async () => ({ provider: 1, ours: 0 }), down)
  const failed = (await look()).context.lastError
  expect(await look()).toMatchObject({ state: 'unread', context: { lastError: { code: 'unknown' } } })
  await pass(4 * MINUTE_MS)
  await match('2027-05-10', '2027-05-10')
  await runtime.settled()
  expect(counted).toEqual(['2027-05-10'])
  expect(await look()).toMatchObject({ state: 'unread', context: { asked: [], lastError: failed, unexplained: [{ day: '2027-05-10' }] } })
  await pass(5 * MINUTE_MS)
  expect(pulls).toBe(1)
  await pass(MINUTE_MS)
  expect(pulls).toBe(2)
  expect((await look()).state).toBe('unread')

  isDown = false
  await pass(10 * MINUTE_MS)
  expect((await look()).context).toMatchObject({ lastError: null, pulls: 1 })
  await pass(MINUTE_MS)
  expect((await look()).state).toBe('waiting')
  await runtime.stop()
})

it('asked while the list is asked in vain, it matches after that', async () => {
  let fail = () => {}
  let isFirst = true
  const hanging = async () => (isFirst ? new Promise<never[]>((_, reject) => (fail = () => ((isFirst = false), reject(new TypeError('down'))))) : Promise.reject(new TypeError('down')))
  const { runtime, counted, look, match } = await world({ looks: false }, nothing, hanging)
  await runtime.send(ADDRESS, { type: 'reconciliation.pull' })
  await match('2027-05-10', '2027-05-10')
  expect(await look()).toMatchObject({ state: 'pulling', context: { asked: [{}] } })
  fail()
  await runtime.settled()
  expect(counted).toEqual(['2027-05-10'])
  expect(await look()).toMatchObject({ state: 'unread', context: { asked: [] } })
  await runtime.stop()
})

it('begins to look whatever it does, where only files were matched until then; one that looks is asked for nothing', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  let pulls = 0
  const { runtime, look, match } = await world(
    { looks: false },
    async () => {
      await gate
      return { provider: 0, ours: 0 }
    },
    async () => {
      pulls++
      return Promise.resolve([])
    },
  )
  const to = { tenant: 'main', ...ADDRESS }
  // While it matches.
  await match('2027-05-10', '2027-05-10')
  expect((await look()).state).toBe('matching')
  await beginLooking(runtime, to)
  open()
  await runtime.settled()
  expect([(await look()).context.looking, pulls]).toEqual(['hourly', 1])
  await beginLooking(runtime, to)
  await runtime.settled()
  expect(pulls).toBe(1)
  await runtime.stop()

  // While it waits to try a match again.
  const other = await world({ looks: false }, async () => Promise.reject(new TerminalError('no database', { code: 'down' })))
  await other.match('2027-05-10', '2027-05-10')
  await other.runtime.settled()
  expect(await other.look()).toMatchObject({ state: 'troubled', context: { looking: 'never' } })
  await beginLooking(other.runtime, to)
  await other.runtime.settled()
  expect((await other.look()).context).toMatchObject({ looking: 'hourly', pulls: 1 })
  await other.runtime.stop()
})

it('a match that fails is tried again in ten minutes, and nobody looks at the list because of it', async () => {
  let isDown = true
  const { runtime, look, match, pass } = await world({ looks: false }, async () => {
    if (isDown) throw new TerminalError('no database', { code: 'down' })
    return { provider: 1, ours: 0 }
  })
  await match('2027-05-10', '2027-05-10')
  await runtime.settled()
  expect(await look()).toMatchObject({ state: 'troubled', context: { lastError: { code: 'down' } } })
  isDown = false
  await pass(10 * MINUTE_MS)
  expect(await look()).toMatchObject({ state: 'resting', context: { pulls: 0, lastError: null, unexplained: [{ day: '2027-05-10', provider: 1 }] } })
  await runtime.stop()
})

it('asked while it looks, it matches when it has looked', async () => {
  const { runtime, counted, look, match, pass } = await world({}, nothing)
  await pass(MINUTE_MS)
  expect((await look()).state).toBe('waiting')
  counted.length = 0
  await match('2027-05-10', '2027-05-11')
  await runtime.settled()
  expect(counted).toEqual(['2027-05-10', '2027-05-11'])
  expect((await look()).state).toBe('waiting')
  await runtime.stop()
})

it('time that is none, or more than ten years, is refused', async () => {
  const { runtime, match } = await world({ looks: false }, nothing)
  const codeOf = async (sent: Promise<unknown>) => sent.then(() => 'taken', (error: unknown) => isStandingError(error, 'invalid-event'))
  expect(await codeOf(match('2027-05-11', '2027-05-10'))).toBe(true)
  expect(await codeOf(match('2007-05-11', '2027-05-10'))).toBe(true)
  await runtime.stop()
})

describe('what is asked for', () => {
  it('is one where it touches', () => {
    expect(withAsked([{ from: 10, until: 20 }, { from: 40, until: 50 }], { from: 20, until: 30 })).toEqual([{ from: 10, until: 30 }, { from: 40, until: 50 }])
    expect(withAsked([{ from: 10, until: 90 }], { from: 20, until: 30 })).toEqual([{ from: 10, until: 90 }])
  })

  it('is bounded (R9): of very many spans one is made', () => {
    const many = Array.from({ length: 31 }, (_, index) => ({ from: index * 10, until: index * 10 + 5 }))
    expect(withAsked(many.slice(1), many[0] ?? { from: 0, until: 1 })).toHaveLength(31)
    expect(withAsked(many, { from: 1_000, until: 1_001 })).toEqual([{ from: 0, until: 1_001 }])
  })
})
