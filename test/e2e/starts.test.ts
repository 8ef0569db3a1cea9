/** Several starts at once, and starts after a death, on one database: it is made once and stays whole. */
import { migrations } from '../../db/migrations/index.ts'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { dataOf, openHome } from '../../db/embedded/home.ts'
import { startEmbeddedPostgres } from '../../db/embedded/index.ts'
import { findPostmaster } from '../../db/embedded/postmaster.ts'
import { removeDataDir, scratchFolder, withClient } from '../support/postgres.ts'
import { createSystem, type System } from '../support/system.ts'
import { createEmptyDatabase } from '../support/template-database.ts'
import { actorOf, buy, paymentOf, untilState } from '../support/system-shop.ts'

async function purchase(system: System): Promise<string> {
  const { id } = await buy(system)
  expect((await paymentOf(system, id)).status).toBe('completed')
  await untilState(system, 'hotspot-session', id, 'ready')
  return id
}

const MIGRATIONS = 'select name from standing.knex_migrations order by name'

test('on an empty database: migrated once, and either serves alone', async () => {
  const database = await createEmptyDatabase()
  const systems = await Promise.all([createSystem({ database: { url: database.url } }), createSystem({ database: { url: database.url } })])
  onTestFinished(async () => {
    for (const system of systems) await system.dispose()
    await database.drop()
  })
  const [one, other] = systems
  await Promise.all([one.start(), other.start()])
  expect((await one.rows<{ name: string }>(MIGRATIONS)).map(({ name }) => name)).toEqual(migrations.map(({ name }) => name))
  expect(await one.rows("select count(*)::int as count from business.packages")).toEqual([{ count: 6 }])

  await other.stop()
  const id = await purchase(one)
  await one.stop()
  await other.start()
  expect((await actorOf(other, 'hotspot-session', id)).states).toEqual(['ready'])
  await purchase(other)
})

test('on an empty data dir: one server, one key, one application key; it outlives kill -9 and is found again', async () => {
  const scratch = await scratchFolder()
  const dataDir = join(scratch, 'data')
  const env = { STANDING_API_KEY: 'sk_the-same-for-both' }
  const systems = await Promise.all([createSystem({ database: 'embedded', dataDir, env }), createSystem({ database: 'embedded', dataDir, env })])
  onTestFinished(async () => {
    for (const system of systems) await system.dispose()
    await removeDataDir(dataDir)
    await rm(scratch, { recursive: true, force: true })
  })
  const [one, other] = systems
  await Promise.all([one.start(), other.start()])
  expect(`${one.logs()}${other.logs()}`).toMatch(/embedded Postgres was running already, joined/)

  // The last one out stops the server, so the first one must not.
  expect(await other.stop()).toMatchObject({ code: 0 })
  const id = await purchase(one)
  await one.kill9()
  await one.start()
  expect(one.logs().slice(one.logs().lastIndexOf('embedded Postgres'))).toContain('was running already, joined')
  expect((await actorOf(one, 'hotspot-session', id)).states).toEqual(['ready'])
  await purchase(one)

  const server = await startEmbeddedPostgres({ dataDir })
  const rows = await withClient(server.url, async (client) => (await client.query<{ name: string }>(MIGRATIONS)).rows)
  await server.stop()
  expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name))
  expect(await one.stop()).toMatchObject({ code: 0 })
})

/** A system with a server of its own, and a look at whether that runs. */
async function embedded() {
  const scratch = await scratchFolder()
  const dataDir = join(scratch, 'data')
  await mkdir(dataDir)
  const system = await createSystem({ database: 'embedded', dataDir })
  onTestFinished(async () => {
    await system.dispose()
    await removeDataDir(dataDir)
    await rm(scratch, { recursive: true, force: true })
  })
  const home = await openHome(dataDir)
  return { system, server: () => findPostmaster(dataOf(home)) }
}

test('the server goes with its last user after a kill -9, also when the end comes twice, as npm hands it on', async () => {
  const { system, server } = await embedded()
  await system.start()
  await system.kill9()
  expect(await server()).toBeDefined()
  await system.start()
  system.signal('SIGINT')
  expect(await system.stop()).toMatchObject({ code: 0, signal: null })
  expect(await server()).toBeUndefined()
})

test('the server goes with a start that is stopped half-way', async () => {
  const { system, server } = await embedded()
  const start = system.start().then(() => 'started', (error: unknown) => String(error))
  await vi.waitFor(async () => expect(await server()).toBeDefined(), { timeout: 30_000, interval: 5 })
  expect(await system.stop()).toMatchObject({ code: 0, signal: null })
  expect(await start).toContain('the system ended with code 0')
  expect(await server()).toBeUndefined()
})
