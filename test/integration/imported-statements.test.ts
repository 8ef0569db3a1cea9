/** Statements that are imported, on a real Postgres: their days are matched though nobody pulls, and though the node is killed in between. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { importFeed } from '../../api/statements/import-feed.ts'
import { createLogger } from '../../api/logger.ts'
import { defineReconciliation } from '../../actors/reconciliation/definition.ts'
import { beginLooking, reconciliationOf } from '../../actors/reconciliation/looking.ts'
import type { PulledTransaction } from '../../actors/gateways/mpesa/port.ts'
import { receiptPaymentIds } from '../../actors/payment/received-money.ts'
import type { ReconciliationContext } from '../../machines/reconciliation/context.ts'
import { createKnex, openBusiness, postgresStore, type Business } from '../../db/index.ts'
import { createRuntime, manualClock, type Runtime } from '../../runtime/index.ts'
import { fakeMpesa } from '../support/fake-mpesa.ts'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'

const HOUR_MS = 3_600_000
const ZONE = 'Africa/Nairobi'
const START = Date.parse('2027-03-27T12:30:00+03:00')
const ADDRESS = reconciliationOf('main')

let database: TestDatabase
let knex: ReturnType<typeof createKnex>
let business: Business
let clock: ReturnType<typeof manualClock>
let runtime: Runtime
let store: ReturnType<typeof postgresStore>
let list: PulledTransaction[]
let pulls: number
let facts: unknown[]
/** What counts wait for. */
let counting: Promise<void>

beforeEach(async () => {
  database = await createTestDatabase()
  knex = createKnex(database.url, { max: 4, applicationName: 'test' })
  business = openBusiness(knex)
  clock = manualClock(START)
  list = []
  pulls = 0
  facts = []
  counting = Promise.resolve()
  await startNode()
})
afterEach(async () => {
  await runtime.stop()
  await store.stop()
  await knex.destroy()
  await database.drop()
})

async function startNode(): Promise<void> {
  const mpesa = fakeMpesa({
    pullTransactions: async () => {
      pulls++
      return list
    },
  })
  const statements = {
    ...business.statements,
    countUnexplained: async (tenant: string, span: { from: number; until: number }) => {
      await counting
      return business.statements.countUnexplained(tenant, span)
    },
  }
  const matching = defineReconciliation({ mpesa, receiptIds: receiptPaymentIds('an application key of good length'), directory: { search: async () => [], get: async () => undefined }, providerNow: () => clock.now(), statements, timeZone: ZONE })
  store = postgresStore({ url: database.url, engineConnections: 3, queryConnections: 2 })
  // What is found is announced, and nobody books it: it stays unexplained.
  runtime = createRuntime({ store, clock, actors: [{ ...matching, reactions: {} }] })
  runtime.onFact(({ type, data }) => {
    const { day, provider, ours } = data as { day: string; provider: number; ours: number }
    if (type === 'reconciliation.dayMatched') facts.push([day, provider, ours])
  })
  await runtime.start()
}

/** As a crash leaves it: what is not committed is gone. */
async function killNode(): Promise<void> {
  runtime.kill()
  await store.stop()
}

const feed = () => importFeed({ statements: business.statements, runtime, log: createLogger({ level: 'silent' }) })
const row = (receipt: string, amount: number, at: string) => ({ receipt, kind: amount > 0 ? ('paid-in' as const) : ('withdrawn' as const), amount, currency: 'KES', at, accountReference: null, details: null })
const upload = (...rows: ReturnType<typeof row>[]) => business.statements.add('main', rows, { source: 'csv', by: 'key:k', at: clock.now() })
const waiting = async () => (await business.setAside.count()).unexplainedMoney
const stateOf = async () => (await runtime.get(ADDRESS))?.states[0]

async function book(ref: string, amount: number, receipt: string, at: string): Promise<void> {
  const line = { tenant: 'main', entry_ref: `main/${ref}`, currency: 'KES', at: new Date(at), description: 'x', actor_type: 'payment', actor_id: ref, receipt }
  await knex('business.ledger_entries').insert([{ ...line, line: 1, account: 'mpesa', amount_minor: amount }, { ...line, line: 2, account: 'unmatched', amount_minor: -amount }])
}

async function told(): Promise<void> {
  await feed().sweep()
  await runtime.settled()
}

it('matches the days of a file where nobody pulls, counts what is unexplained, and what is explained later leaves within the hour', async () => {
  await book('known', 300, 'RKTQDM7W6A', '2027-03-25T08:00:00+03:00')
  // Within the last day of the file, but after its end: nothing says that it is not there.
  await book('later', 900, 'RKTQDM7W6Z', '2027-03-26T20:00:00+03:00')
  await upload(row('RKTQDM7W6A', 300, '2027-03-25T07:59:00+03:00'), row('RKTQDM7W6B', 500, '2027-03-25T09:00:00+03:00'), row('RKTQDM7W6C', -200, '2027-03-26T18:00:00+03:00'))
  await told()
  expect(facts).toEqual([['2027-03-25', 1, 0], ['2027-03-26', 1, 0]])
  expect(await waiting()).toBe(2)
  expect([await stateOf(), pulls]).toEqual(['resting', 0])
  expect(await knex('business.imported_statements')).toEqual([])

  await book('payout', -200, 'RKTQDM7W6C', '2027-03-27T13:00:00+03:00')
  await clock.advance(HOUR_MS)
  await runtime.settled()
  expect(facts.slice(2)).toEqual([['2027-03-26', 0, 0]])
  expect(await waiting()).toBe(1)

  // The same file again tells no news; what it tells of is matched all the same.
  await book('found', 500, 'RKTQDM7W6B', '2027-03-27T14:00:00+03:00')
  await upload(row('RKTQDM7W6B', 500, '2027-03-25T09:00:00+03:00'))
  await told()
  expect(facts.slice(3)).toEqual([['2027-03-25', 0, 0]])
  expect(await waiting()).toBe(0)
  expect(pulls).toBe(0)
})

it('a node that is killed after the import, and after the match was asked for, matches when it is back', async () => {
  await upload(row('RKTQDM7W6B', 500, '2027-03-25T09:00:00+03:00'))
  await killNode()
  await startNode()
  expect(await waiting()).toBe(0)
  await told()
  expect(await waiting()).toBe(1)

  // Asked for, and the match has begun: what it finds is never told.
  let finish = () => {}
  counting = new Promise((resolve) => (finish = resolve))
  await upload(row('RKTQDM7W6C', 500, '2027-03-24T09:00:00+03:00'))
  await feed().sweep()
  expect([await stateOf(), await knex('business.imported_statements')]).toEqual(['matching', []])
  await killNode()
  finish()
  expect(await waiting()).toBe(1)
  await startNode()
  await runtime.settled()
  expect(facts.at(-1)).toEqual(['2027-03-24', 1, 0])
  expect(await waiting()).toBe(2)
})

it('asks once, however often it is found', async () => {
  await upload(row('RKTQDM7W6B', 500, '2027-03-25T09:00:00+03:00'))
  const [first] = await business.statements.imported(10)
  const forgetful = importFeed({ statements: { imported: async () => (first === undefined ? [] : [first]), forgetImported: async () => undefined }, runtime, log: createLogger({ level: 'silent' }) })
  await forgetful.sweep()
  await forgetful.sweep()
  await runtime.settled()
  expect((await runtime.history(ADDRESS)).filter(({ event }) => event.type === 'reconciliation.match')).toHaveLength(1)
})

it('a node that is killed between the pull and the match of its days matches them when it is back', async () => {
  await runtime.create(ADDRESS, {})
  await runtime.settled()
  list = [{ receipt: 'RKTQDM7W6D', at: '2027-03-27T20:00:00+03:00', amount: 700, currency: 'KES', phone: null, accountReference: 'rent' }]
  // The look at half past one is the first that covers the day.
  while (clock.now() < Date.parse('2027-03-28T01:30:00+03:00')) {
    await clock.advance(HOUR_MS)
    await runtime.settled()
  }
  expect([await stateOf(), await waiting()]).toEqual(['settling', 0])
  const before = facts.length
  await killNode()
  await startNode()
  await clock.advance(60_000)
  await runtime.settled()
  expect(facts.slice(before)).toEqual([['2027-03-27', 1, 0]])
  expect(await waiting()).toBe(1)
})

it('who begins to look where only files were matched looks every hour from then on', async () => {
  await upload(row('RKTQDM7W6B', 500, '2027-03-25T09:00:00+03:00'))
  await told()
  await beginLooking(runtime, ADDRESS)
  await runtime.settled()
  await clock.advance(2 * HOUR_MS)
  await runtime.settled()
  expect(pulls).toBeGreaterThan(2)
  expect(((await runtime.get(ADDRESS))?.context as ReconciliationContext).looking).toBe('hourly')
  // Once it looks, a start of the node asks for nothing.
  const soFar = pulls
  await beginLooking(runtime, ADDRESS)
  await runtime.settled()
  expect(pulls).toBe(soFar)
})
