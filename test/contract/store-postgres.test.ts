import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import pg from 'pg'
import * as actors from '../../db/store/actors.ts'
import { Catalogue, UnknownTableError } from '../../db/store/catalogue.ts'
import { Committer } from '../../db/store/commit.ts'
import { Database, ENGINE_OPTIONS, type Query } from '../../db/store/connections.ts'
import * as effects from '../../db/store/effects.ts'
import { postgresStore } from '../../db/store/index.ts'
import * as journal from '../../db/store/journal.ts'
import * as outbox from '../../db/store/outbox.ts'
import { rowStatements } from '../../db/store/rows.ts'
import * as timers from '../../db/store/timers.ts'
import { InvalidBatchError } from '../../runtime/store/batch-rules.ts'
import { StoreUnavailableError } from '../../runtime/ports/store.ts'
import { addressKey } from '../../runtime/model/address.ts'
import { address, batch, commit, effect, failure, journalRow, message, T0, timer } from '../support/store-fixtures.ts'
import { createTestDatabase } from '../support/template-database.ts'
import { storeContract } from './store.contract.ts'

const CLEAR = `
  alter table standing.journal disable trigger journal_append_only;
  truncate standing.actors, standing.journal, standing.timers, standing.effects, standing.outbox, standing.parked, standing.identifiers,
    standing.machines, radius.radcheck, business.open_prompts;
  alter table standing.journal enable trigger journal_append_only;
  update standing.slices set owner = null, lease_until = null;
  truncate standing.nodes`

async function open() {
  const database = await createTestDatabase()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const store = postgresStore({ url: database.url })
  await store.start()
  return {
    database,
    client,
    store,
    rowsOf: async (table: string) =>
      (await client.query<Record<string, unknown>>(`select * from ${table}`)).rows.map(({ id: _, opened_at: __, ...row }) => row),
    clear: async () => void (await client.query(CLEAR)),
    dispose: async () => {
      await client.end()
      await database.drop()
    },
  }
}

storeContract('Postgres', open)

describe('the store on Postgres', () => {
  let world: Awaited<ReturnType<typeof open>>
  const at = address()
  beforeAll(async () => {
    world = await open()
  })
  afterAll(async () => {
    await world.store.stop()
    await world.dispose()
  })
  beforeEach(() => world.clear())

  it('takes the settings of a pool and leaves the pool alone', async () => {
    const pool = new pg.Pool({ connectionString: world.database.url, password: 'ignored, the address has one' })
    const store = postgresStore(pool)
    await store.start()
    await store.commit(batch(commit(at, 0)))
    await store.stop()
    expect((await pool.query('select 1')).rowCount).toBe(1)
    await pool.end()
  })

  it('looks everything up by index, however small the tables are', async () => {
    const plans = await plansOf(world.database.url, async (database) => {
      const committer = new Committer(database, new Catalogue([]))
      const step = { timersSet: [timer('t', T0)], timersCleared: ['u'], outbox: [message(at, 2)], identifiers: [{ kind: 'k', value: 'v' }] }
      await committer.commit(batch(commit(at, 0, { effectsAdded: [effect(at, 0)] })))
      await committer.commit({ actors: [commit(at, 1, { ...step, effectsRemoved: ['k'], unparked: ['e'] })], relayed: ['k'] })
      await actors.load(database, [at])
      await journal.storedEvents(database, [{ address: at, eventId: 'x' }])
      await journal.history(database, at, { limit: 1, order: 'desc' })
      await timers.dueTimers(database, { until: T0, limit: 1, after: { ...timer('t', T0), address: at, slice: 1 } })
      await timers.nextDueAt(database)
      await outbox.unsentOutbox(database, { afterPosition: 0, limit: 1 })
      await outbox.removeOutbox(database, ['x'])
      await effects.removeEffects(database, ['x'])
      await outbox.unsentOf(database, [at])
      await effects.dueEffects(database, { until: T0, limit: 1 })
      await effects.dueEffects(database, { until: T0, limit: 1, lane: 'x' })
      await effects.progressEffects(database, [{ key: 'x', status: 'running', attempts: 1, nextAttemptAt: T0, lastError: null }])
    })
    expect(plans).toHaveLength(14)
    for (const plan of plans) expect(plan).not.toMatch(/Seq Scan|Hash Join|Merge Join/)
    expect(plans.filter((plan) => plan.startsWith('Limit') && plan.includes('Incremental Sort')).map((plan) => /using (\w+)/.exec(plan)?.[1])).toEqual(['timers_due', 'effects_due', 'effects_lane'])
    // A cold load looks an actor's timers up by its own key, and never walks through all due times.
    const load = plans.find((plan) => plan.includes('SubPlan') && plan.includes('timers_pkey') && !plan.includes('Update on actors'))
    expect(load).toContain('actors_pkey')
    expect(load).not.toContain('timers_due')
    const change = plans.find((plan) => plan.includes('Update on actors'))
    for (const index of ['actors_pkey', 'timers_pkey', 'outbox_key', 'identifiers_actor']) expect(change).toContain(index)
  })

  it('says that it is out of reach when its connection is cut in the middle of a commit, and recovers', async () => {
    const { store, client } = world
    await store.commit(batch(commit(at, 0)))
    await client.query('begin')
    await client.query('select from standing.actors for update')
    const cut = failure(store.commit(batch(commit(at, 1))))
    await until(async () => (await waiting(client)) > 0)
    await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'standing engine' and datname = current_database()`)
    expect(await cut).toBeInstanceOf(StoreUnavailableError)
    await client.query('rollback')
    // Its other connections were cut too, and each tells when it is next used.
    while ((await failure(store.commit(batch(commit(at, 1))))) instanceof StoreUnavailableError);
    expect((await store.load([at])).get(addressKey(at))?.actor.seq).toBe(2)
  })

  it('says that it is out of reach when nobody listens', async () => {
    const store = postgresStore({ url: 'postgres://nobody@127.0.0.1:1/none' })
    expect(await failure(store.start())).toBeInstanceOf(StoreUnavailableError)
    expect(await failure(store.commit(batch(commit(at, 0))))).toBeInstanceOf(StoreUnavailableError)
    await store.stop()
  })

  it('keeps its connections after a conflict', async () => {
    const { store, client } = world
    await store.commit(batch(commit(at, 0)))
    const before = await backends(client)
    for (let i = 0; i < 5; i++) await failure(store.commit(batch(commit(at, 0))))
    expect(await backends(client)).toEqual(before)
  })

  it('refuses values that would break the separated text', async () => {
    const odd = commit(at, 0, { journal: [journalRow(at, 1, { source: 'a\u001eb' })] })
    expect(await failure(world.store.commit(batch(odd)))).toBeInstanceOf(InvalidBatchError)
  })

  it('lets projections write nothing but existing tables of their schemas', async () => {
    const rows = [{ a: 1 }]
    for (const table of ['standing.actors', 'pg_catalog.pg_class', 'radius.nothing', 'radius.radcheck; drop schema standing']) {
      expect(await failure(world.store.commit(batch(commit(at, 0, { rows: [{ table, key: { a: 1 }, rows }] }))))).toBeInstanceOf(UnknownTableError)
    }
    const column = { table: 'radius.radcheck', key: { 'username"': 'x' }, rows: [] }
    expect(await failure(world.store.commit(batch(commit(at, 0, { rows: [column] }))))).toBeInstanceOf(UnknownTableError)
  })

  it.each(PROJECTED_KEYS)('finds rows of %s by their key, one key after the other, also with a plan made while the table was empty', async (table, key, by) => {
    await world.client.query(`truncate ${table}`)
    await world.client.query(`vacuum analyze ${table}`)
    const pool = new pg.Pool({ connectionString: world.database.url })
    const catalogue = new Catalogue(['business', 'radius'])
    await catalogue.read(new Database(pool))
    await pool.end()
    const [plan] = await plansOf(world.database.url, async (database) => void (await database.run(rowStatements([{ table, key, rows: [key] }], catalogue)[0] as Query)))
    expect(plan).toMatch(/Function Scan on json_to_recordset k\b[^]*Index (?:Only )?Scan using [^]*Index Cond: [^]*k\./)
    const condition = /Index Cond: (.*)/.exec(plan ?? '')?.[1] ?? ''
    for (const column of by ?? Object.keys(key).filter((one) => one !== 'tenant' && one !== 'payment_id')) expect(condition).toContain(`k.${column}`)
  })

  it('has a look at the plans of all tables that definitions write', () => {
    const sources = readdirSync('actors', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => readFileSync(join('actors', file), 'utf8'))
    const written = new Set(sources.flatMap((source) => [...source.matchAll(/\btable(?:: | = )'([^']+)'/g)].map(([, table]) => table)))
    expect([...new Set(PROJECTED_KEYS.map(([table]) => table))].sort()).toEqual([...written].sort())
  })

  it('R3: the journal can be neither changed nor emptied', async () => {
    await world.store.commit(batch(commit(at, 0)))
    for (const sql of ['update standing.journal set source = $$x$$', 'delete from standing.journal', 'truncate standing.journal']) {
      expect(await failure(world.client.query(sql))).toMatchObject({ code: 'ST002' })
    }
  })

  it('shows staff the stored JSON as such', async () => {
    await world.store.commit(batch(commit(at, 0, { timersSet: [timer('t', T0)] })))
    for (const view of ['v_actors', 'v_journal', 'v_timers']) expect((await world.client.query(`select * from standing.${view}`)).rowCount).toBe(1)
  })
})

/** Keys of rows that definitions keep, and what an index can find of each. */
const PROJECTED_KEYS: readonly [table: string, key: Record<string, string | number>, by?: readonly string[]][] = [
  ['radius.radcheck', { username: 'u' }],
  ['radius.radreply', { username: 'u' }],
  ['radius.held_back', { username: 'u' }],
  ['business.open_prompts', { tenant: 't', phone: 'p', payment_id: 'i' }],
  ['business.payment_receipts', { tenant: 't', payment_id: 'i', receipt: 'r' }, ['payment_id']],
  ['business.ledger_entries', { entry_ref: 'r' }],
  ['business.sms_sends', { tenant: 't', notification_id: 'i', send_number: 1 }],
  ['business.subscriptions', { tenant: 't', id: 'i' }],
  ['business.customers', { tenant: 't', phone: 'p' }],
  ['business.vouchers', { tenant: 't', id: 'i' }],
  ['business.voucher_codes', { tenant: 't', batch_id: 'b' }],
  ['business.routers', { tenant: 't', id: 'i' }],
  ['business.router_names', { tenant: 't', router_id: 'r' }],
  ['business.router_outages', { tenant: 't', router_id: 'r', since: '2026-01-01T00:00:00Z' }],
  ['business.unexplained_days', { tenant: 't', reconciliation_id: 'r' }],
  ['radius.access', { username: 'u' }],
  ['radius.nas', { shortname: 's' }],
]

/** The plans that the engine's connections would use for what `work` runs. */
async function plansOf(url: string, work: (database: Database) => Promise<void>): Promise<string[]> {
  const queries: Query[] = []
  const recorder = {
    run: async (query: Query) => {
      queries.push(query)
      return []
    },
  } as unknown as Database
  await work(recorder)
  const client = new pg.Client({ connectionString: url, options: ENGINE_OPTIONS })
  await client.connect()
  try {
    const plans: string[] = []
    for (const [index, { text, values = [] }] of queries.entries()) {
      await client.query(`prepare q${index} as ${text}`)
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain execute q${index}${values.length === 0 ? '' : `(${values.map(() => 'null').join()})`}`)
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
    }
    return plans
  } finally {
    await client.end()
  }
}

async function backends(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(`select pid from pg_stat_activity where application_name = 'standing engine' and datname = current_database() order by pid`)
  return rows.map(({ pid }) => pid)
}

async function waiting(client: pg.Client): Promise<number> {
  const { rowCount } = await client.query(`select from pg_stat_activity where application_name = 'standing engine' and datname = current_database() and wait_event_type = 'Lock'`)
  return rowCount ?? 0
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
