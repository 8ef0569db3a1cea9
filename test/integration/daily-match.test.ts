/** The daily match on a real Postgres: what is pulled is kept, days are matched when the list covers them, and explanations empty the list. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../actors/credentials.ts'
import type { PulledTransaction } from '../../actors/gateways/mpesa/port.ts'
import { receiptPaymentIds, type Directory } from '../../actors/payment/received-money.ts'
import { defineReconciliation } from '../../actors/reconciliation/definition.ts'
import { createRegistry } from '../../actors/registry.ts'
import type { ReconciliationContext } from '../../machines/reconciliation/context.ts'
import { createKnex, openBusiness, postgresStore, type Business } from '../../db/index.ts'
import { createRuntime, manualClock, type Fact, type Runtime } from '../../runtime/index.ts'
import { fakeMpesa } from '../support/fake-mpesa.ts'
import { nobodyOnline } from '../support/live-access.ts'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'

const KEY = 'an application key of good length'
const HOUR_MS = 3_600_000
/** The clocks of this zone skip an hour in the night to 28 March 2027: that day has 23. */
const ZONE = 'Europe/Amsterdam'
const START = Date.parse('2027-03-27T12:30:00+01:00')
const ADDRESS = { type: 'reconciliation', id: 'mpesa' }

let database: TestDatabase
let knex: ReturnType<typeof createKnex>
let business: Business
let clock: ReturnType<typeof manualClock>
let runtime: Runtime
let store: ReturnType<typeof postgresStore>
let list: PulledTransaction[]
let facts: Pick<Fact, 'type' | 'data'>[]

beforeEach(async () => {
  database = await createTestDatabase()
  knex = createKnex(database.url, { max: 4, applicationName: 'test' })
  business = openBusiness(knex)
  clock = manualClock(START)
  list = []
  facts = []
  await startNode()
})
afterEach(async () => {
  await stopNode()
  await knex.destroy()
  await database.drop()
})

async function startNode(): Promise<void> {
  const mpesa = fakeMpesa({ pullTransactions: async ({ fromMs, toMs }) => list.filter(({ at }) => Date.parse(at ?? '') >= fromMs && Date.parse(at ?? '') <= toMs) })
  const receiptIds = receiptPaymentIds(KEY)
  const directory: Directory = { search: (query) => runtime.search(query), get: (address) => runtime.get(address) }
  const registry = createRegistry({ credentials: createCredentialIssuer(KEY), liveAccess: nobodyOnline(), sms: { send: async () => ({ providerId: 'p', status: 'sent', segments: 1 }) }, mpesa, config: { receiptIds, directory } })
  const matching = defineReconciliation({ mpesa, receiptIds, directory, providerNow: () => clock.now(), statements: business.statements, timeZone: ZONE })
  store = postgresStore({ url: database.url, engineConnections: 3, queryConnections: 2 })
  runtime = createRuntime({ store, clock, actors: registry.map((one) => (one.type === matching.type ? matching : one)) })
  runtime.onFact(({ type, data }) => void facts.push({ type, data }))
  await runtime.start()
}

async function stopNode(): Promise<void> {
  await runtime.stop()
  await store.stop()
}

const at = (text: string): number => Date.parse(text)
const paid = (receipt: string, when: string, amount = 1_000): PulledTransaction => ({ receipt, at: new Date(at(when)).toISOString(), amount, currency: 'KES', phone: null, accountReference: 'rent' })

async function until(when: string): Promise<void> {
  while (clock.now() < at(when)) {
    await clock.advance(Math.min(HOUR_MS / 4, at(when) - clock.now()))
    await runtime.settled()
  }
}

async function book(ref: string, amount: number, receipt: string | null, when: string): Promise<void> {
  const line = { tenant: 'main', entry_ref: `main/${ref}`, currency: 'KES', at: new Date(at(when)), description: 'x', actor_type: 'payment', actor_id: ref, receipt }
  await knex('business.ledger_entries').insert([{ ...line, line: 1, account: 'mpesa', amount_minor: amount }, { ...line, line: 2, account: 'unmatched', amount_minor: -amount }])
}

const row = (receipt: string, kind: 'paid-in' | 'withdrawn', amount: number, when: string) => ({ receipt, kind, amount, currency: 'KES', at: when, accountReference: null, details: 'Pay bill' })
const matches = () => facts.filter(({ type }) => type === 'reconciliation.dayMatched').map(({ data }) => data as { day: string; provider: number; ours: number }).map(({ day, provider, ours }) => [day, provider, ours])
const waiting = async () => (await business.setAside.count()).unexplainedMoney
const unexplained = async () => business.statements.unexplained('main', { from: undefined, to: undefined, periodMs: 31 * 24 * HOUR_MS, limit: 10 })

it('keeps what is pulled once, known or not, and finds a day explained', async () => {
  list = [paid('RKTQDM7W6A', '2027-03-27T23:59:59+01:00'), paid('RKTQDM7W6B', '2027-03-28T00:00:01+01:00')]
  // Listed by two looks, as they overlap: the second knows it already.
  await runtime.create(ADDRESS, {})
  await until('2027-03-29T02:00:00+02:00')
  const rows = await knex('business.statement_rows').orderBy('receipt').select('receipt', 'kind', 'amount_minor', 'source', 'imported_by')
  expect(rows).toEqual(['RKTQDM7W6A', 'RKTQDM7W6B'].map((receipt) => ({ receipt, kind: 'paid-in', amount_minor: 1_000, source: 'pull', imported_by: 'actor:reconciliation/mpesa' })))
  expect(await knex('business.statement_periods').select('from_at', 'to_at')).toEqual([{ from_at: new Date(START - 48 * HOUR_MS), to_at: new Date(at('2027-03-29T01:30:00+02:00') - HOUR_MS) }])
  expect(matches().slice(1)).toEqual([['2027-03-27', 0, 0], ['2027-03-28', 0, 0]])
  expect(await waiting()).toBe(0)
})

it('lists both ways what is not explained, tells how much and no more, and empties when the explanation comes', async () => {
  await runtime.create(ADDRESS, {})
  await until('2027-03-27T20:00:00+01:00')
  // Ours, and not listed; money that left is never on this list.
  await book('ghost', 700, 'RKTQDM7W6C', '2027-03-27T18:00:00+01:00')
  await book('payout', -300, 'SKR9XXXXXX', '2027-03-27T18:00:00+01:00')
  // Theirs, of another amount than in the books.
  list = [paid('RKTQDM7W6D', '2027-03-27T19:00:00+01:00', 900)]
  await book('differs', 400, 'RKTQDM7W6D', '2027-03-27T19:00:00+01:00')
  await runtime.settled()
  await until('2027-03-28T01:45:00+01:00')
  // The list has 900; what found it made a payment of its own, so that the books have 1300.
  expect(matches().at(-1)).toEqual(['2027-03-27', 1, 1])
  expect(Object.keys((facts.findLast(({ type }) => type === 'reconciliation.dayMatched')?.data ?? {}) as object).sort()).toEqual(['at', 'day', 'from', 'ours', 'provider', 'until'])
  expect(await waiting()).toBe(2)
  expect(await unexplained()).toMatchObject({ provider: [{ receipt: 'RKTQDM7W6D', amount: 900 }], ours: [{ receipt: 'RKTQDM7W6C', amount: 700 }] })

  const excess = (await unexplained()).provider[0]?.ledgerAmount ?? 0
  await book('corrected', 900 - excess, 'RKTQDM7W6D', '2027-03-28T01:50:00+01:00')
  await business.statements.add('main', [row('RKTQDM7W6C', 'paid-in', 700, '2027-03-27T17:59:00+01:00')], { source: 'csv', by: 'key:k', at: clock.now() })
  expect(await unexplained()).toMatchObject({ provider: [], ours: [] })
  await until('2027-03-28T05:00:00+02:00')
  expect(await unexplained()).toMatchObject({ provider: [], ours: [] })
  expect(matches().at(-1)).toEqual(['2027-03-27', 0, 0])
  expect(await waiting()).toBe(0)
})

it('catches up after an outage over midnight, each day once, and misses nothing in time that nothing covers', async () => {
  await runtime.create(ADDRESS, {})
  await until('2027-03-27T20:00:00+01:00')
  await stopNode()
  // Longer than the list looks back: what was paid on the 28th was not listed to us.
  await book('unlisted', 500, 'RKTQDM7W6E', '2027-03-28T12:00:00+02:00')
  await clock.advance(at('2027-03-31T10:00:00+02:00') - clock.now())
  await startNode()
  await until('2027-03-31T12:00:00+02:00')
  expect(matches().slice(1)).toEqual(['2027-03-27', '2027-03-28', '2027-03-29', '2027-03-30'].map((day) => [day, 0, 0]))
  expect(((await runtime.get(ADDRESS))?.context as ReconciliationContext).matchedUntil).toBe(at('2027-03-31T00:00:00+02:00'))
  expect(await knex('business.statement_periods').select('tenant')).toHaveLength(2)
})

it("takes the portal's file for what it covers, in place of what was pulled", async () => {
  list = [paid('RKTQDM7W6A', '2027-03-27T08:00:00+01:00')]
  await runtime.create(ADDRESS, {})
  await until('2027-03-27T14:00:00+01:00')
  await book('payout', -300, 'SKR9XXXXXX', '2027-03-27T09:00:00+01:00')
  expect((await unexplained()).ours).toEqual([])
  const file = [row('RKTQDM7W6A', 'paid-in', 1_000, '2027-03-27T08:00:00+01:00'), row('SKR9XXXXX2', 'withdrawn', -100, '2027-03-27T10:00:00+01:00')]
  expect(await business.statements.add('main', file, { source: 'csv', by: 'key:k', at: START })).toEqual({ added: 1 })
  expect(await knex('business.statement_rows').where({ source: 'csv' }).select('receipt')).toHaveLength(2)
  expect(await unexplained()).toMatchObject({ provider: [{ receipt: 'SKR9XXXXX2' }], ours: [{ receipt: 'SKR9XXXXXX' }] })
  await until('2027-03-27T16:00:00+01:00')
  expect(await knex('business.statement_rows').where({ source: 'csv' }).select('receipt')).toHaveLength(2)
})

it('takes no time for covered that lies between two files, or up to a date of long ago that was typed wrongly', async () => {
  await runtime.create(ADDRESS, {})
  await runtime.settled()
  await book('between', 700, 'RKTQDM7W6F', '2027-02-10T12:00:00+01:00')
  await book('within', 800, 'RKTQDM7W6G', '2027-03-05T12:00:00+01:00')
  const file = (...dates: string[]) => business.statements.add('main', dates.map((date, index) => row(`RKTQDM7X${date.slice(5, 7)}${index}`, 'withdrawn', -100, `${date}T10:00:00+01:00`)), { source: 'csv', by: 'key:k', at: START })
  await file('2016-03-04', '2027-01-30', '2027-01-31')
  await file('2027-03-01', '2027-03-04', '2027-03-08', '2027-03-12')
  const missed = async (from: string, to: string) => (await business.statements.unexplained('main', { from: at(`${from}T00:00:00Z`), to: at(`${to}T00:00:00Z`), periodMs: 0, limit: 10 })).ours.map(({ receipt }) => receipt)
  expect(await missed('2027-02-01', '2027-02-28')).toEqual([])
  expect(await missed('2027-03-01', '2027-03-20')).toEqual(['RKTQDM7W6G'])
})
