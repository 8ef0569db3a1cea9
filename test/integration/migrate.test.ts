import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKnex } from '../../db/connection.ts'
import { migrate, MigrationRefusedError, type Migration } from '../../db/migrate.ts'
import { migrations } from '../../db/migrations/index.ts'
import { runScript, withClient } from '../support/postgres.ts'
import { createEmptyDatabase, type TestDatabase } from '../support/template-database.ts'

let database: TestDatabase

beforeEach(async () => {
  database = await createEmptyDatabase()
})

afterEach(() => database.drop())

/** A migration that leaves a row each time it runs. The first also makes the table. */
function counting(name: string): Migration {
  return {
    name,
    async up(knex) {
      if (name === '0001-first') await knex.raw('create table public.ran (name text)')
      await knex.raw('select pg_sleep(0.02)') // room for others to come in between
      await knex.raw('insert into public.ran values (?)', [name])
    },
  }
}

const NAMES = ['0001-first', '0002-second', '0003-third', '0004-fourth', '0005-fifth']
const MIGRATIONS = NAMES.map(counting)

async function ran(): Promise<string[]> {
  const { rows } = await withClient(database.url, (client) => client.query<{ name: string }>('select name from public.ran'))
  return rows.map(({ name }) => name)
}

test('applies what is missing, in order, and says what it applied', async () => {
  expect(await migrate(database.url, MIGRATIONS.slice(0, 2))).toEqual({ applied: NAMES.slice(0, 2) })
  expect(await migrate(database.url, MIGRATIONS)).toEqual({ applied: NAMES.slice(2) })
  expect(await migrate(database.url, MIGRATIONS)).toEqual({ applied: [] })
  expect(await ran()).toEqual(NAMES)
})

test('takes a Knex of the caller and leaves it open', async () => {
  const knex = createKnex(database.url, { max: 2, applicationName: 'test' })
  expect(await migrate(knex, MIGRATIONS)).toEqual({ applied: NAMES })
  expect((await knex.raw<{ rows: unknown[] }>('select from standing.knex_migrations')).rows).toHaveLength(5)
  await knex.destroy()
})

test('M1: ten migrators at once apply each migration once', async () => {
  const results = await Promise.all(Array.from({ length: 10 }, () => migrate(database.url, MIGRATIONS)))
  expect(await ran()).toEqual(NAMES)
  expect(results.flatMap(({ applied }) => applied).sort()).toEqual(NAMES)
})

test('M1: a migrator killed in the middle leaves no lock and no half migration', async () => {
  const script = runScript(`
    import { migrate } from './db/migrate.ts'
    await migrate(${JSON.stringify(database.url)}, [
      { name: '0001-first', up: (knex) => knex.raw('create table public.ran (name text)') },
      { name: '0002-second', up: async (knex) => {
        await knex.raw("insert into public.ran values ('half')")
        process.stdout.write('in the middle\\n')
        await new Promise(() => setInterval(() => undefined, 1000))
      } },
    ])`)
  expect(await script.nextLine()).toBe('in the middle')
  await script.kill()

  expect(await migrate(database.url, MIGRATIONS)).toEqual({ applied: NAMES.slice(1) })
  expect(await ran()).toEqual(NAMES.slice(1))
})

test('M1: a lock left by another Knex migrator does not hold us up', async () => {
  await migrate(database.url, MIGRATIONS.slice(0, 1))
  await withClient(database.url, (client) => client.query('update standing.knex_migrations_lock set is_locked = 1'))
  expect(await migrate(database.url, MIGRATIONS)).toEqual({ applied: NAMES.slice(1) })
})

test('a migration that fails is undone, those before it stay', async () => {
  const failing: Migration = {
    name: '0002-second',
    async up(knex) {
      await knex.raw("insert into public.ran values ('half')")
      await knex.raw('select * from no_such_table')
    },
  }
  await expect(migrate(database.url, [counting('0001-first'), failing])).rejects.toThrow('no_such_table')
  expect(await ran()).toEqual(['0001-first'])
  expect(await migrate(database.url, MIGRATIONS)).toEqual({ applied: NAMES.slice(1) })
})

test('M2: a database that is ahead is refused, by the names of what is unknown', async () => {
  await migrate(database.url, MIGRATIONS)
  const refusal = await migrate(database.url, MIGRATIONS.slice(0, 3)).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(MigrationRefusedError)
  expect(refusal).toMatchObject({ code: 'database-ahead', message: expect.stringContaining('0004-fourth, 0005-fifth') as unknown })
})

test('routers of before are reached as their actors say: one that has joined with its secrets, one that has not without', async () => {
  await migrate(database.url, migrations.filter(({ name }) => name < '0014'))
  const rows = await withClient(database.url, async (client) => {
    for (const [id, enrolledAt, secretVersion] of [['rtr_1', 1, 3], ['rtr_2', null, 1]] as const) {
      const context = JSON.stringify({ apiUrl: `http://${id}.example`, enrolledAt, secretVersion })
      await client.query(
        `insert into standing.actors (tenant, type, id, slice, seq, version, status, value, context, states, tags, children, history, created_at, updated_at)
         values ('main', 'router', $1, 0, 1, '1', 'active', '"online"', $2, '{online}', '{}', '{}', '{}', now(), now())`,
        [id, context],
      )
      await client.query("insert into business.routers (tenant, id, name, tunnel_address, state) values ('main', $1, 'Market', $1, 'online')", [id])
    }
    await migrate(database.url, migrations)
    // Two of one name were let in then: the first has it.
    expect((await client.query('select name_key, router_id from business.router_names')).rows).toEqual([{ name_key: 'market', router_id: 'rtr_1' }])
    return (await client.query('select id, provisioning, api_url, secret_version from business.routers order by id')).rows as unknown[]
  })
  expect(rows).toEqual([
    { id: 'rtr_1', provisioning: 'radius', api_url: 'http://rtr_1.example', secret_version: 3 },
    { id: 'rtr_2', provisioning: 'radius', api_url: 'http://rtr_2.example', secret_version: null },
  ])
})
