/** Several processes of the whole system on one database: they share the slices, and one that dies or stops holds nobody up. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startEmbeddedPostgres } from '../../db/embedded/index.ts'
import type { ClusterView } from '../../runtime/index.ts'
import { startSystem, type System } from '../support/system.ts'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'

const KEY = 'sk_test_several_nodes_0123456789'

let database: TestDatabase
let systems: System[]

beforeAll(async () => {
  database = await createTestDatabase()
  systems = []
  for (let i = 0; i < 3; i++) systems.push(await startSystem({ database: { url: database.url }, env: { STANDING_API_KEY: KEY } }))
})
afterAll(async () => {
  await Promise.all(systems.map((system) => system.dispose()))
  await database.drop()
})

async function cluster(system: System): Promise<ClusterView> {
  const { status, body } = await system.ask<ClusterView>('/api/v1/cluster')
  expect(status).toBe(200)
  return body
}

/** What each live node owns, by its address. */
async function shares(asked: System): Promise<Record<string, number>> {
  const { nodes } = await cluster(asked)
  return Object.fromEntries(nodes.filter(({ isLive }) => isLive).map(({ address, slices }) => [address ?? '', slices]))
}

/** Resolves with how long it took. */
async function untilShared(asked: System, among: readonly System[], timeout: number): Promise<number> {
  const began = Date.now()
  await vi.waitFor(
    async () => {
      const all = await shares(asked)
      expect(Object.keys(all).sort()).toEqual(among.map(({ url }) => url).sort())
      const counts = Object.values(all)
      expect(counts.reduce((a, b) => a + b)).toBe(64)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    },
    { timeout, interval: 50 },
  )
  return Date.now() - began
}

test('three processes share the slices, whichever is asked', async () => {
  const [a, b, c] = systems as [System, System, System]
  await untilShared(a, systems, 10_000)
  await untilShared(c, systems, 5_000)
  const { node, nodes, slices } = await cluster(b)
  expect(nodes.find((one) => one.node === node)?.address).toBe(b.url)
  expect(slices).toHaveLength(64)
  const { text } = await b.ask('/metrics')
  expect(text).toMatch(/^standing_slices_owned 2[12]$/m)
  expect(text).toMatch(/^standing_slice_moves_total\{direction="gained"\} \d+$/m)
})

test('kill -9: the others have its slices in less than 10 s, and it has its share again when it comes back', async () => {
  const [a, b, c] = systems as [System, System, System]
  await b.kill9()
  expect(await untilShared(a, [a, c], 10_000)).toBeLessThan(5_000)
  await b.restart()
  await untilShared(a, systems, 10_000)
})

test('SIGSTOP: the others go on in its place, and when it continues it takes part again', async () => {
  const [a, b, c] = systems as [System, System, System]
  c.signal('SIGSTOP')
  await untilShared(a, [a, b], 10_000)
  const { slices } = await cluster(a)
  c.signal('SIGCONT')
  await untilShared(a, systems, 10_000)
  // What it took back it took anew.
  const after = (await cluster(c)).slices
  expect(after.every(({ epoch }, i) => epoch >= (slices[i]?.epoch ?? 0))).toBe(true)
})

test('SIGTERM: it hands over at once', async () => {
  const [a, b, c] = systems as [System, System, System]
  const stopped = c.stop()
  await untilShared(a, [a, b], 3_000)
  expect((await stopped).code).toBe(0)
  expect((await cluster(a)).nodes.map(({ address }) => address)).not.toContain(c.url)
})

test('power loss, database and all: a node alone has everything again at once, and goes on having it', async () => {
  const system = await startSystem({ database: 'embedded' })
  try {
    await system.kill9()
    const server = await startEmbeddedPostgres({ dataDir: system.dataDir })
    await server.stop()
    await system.restart()
    // The list of sessions is as new as the server: the node of before must not pass for one that is only slow to return.
    for (const end = Date.now() + 4_000; Date.now() < end; await delay(200)) expect(await shares(system)).toEqual({ [system.url]: 64 })
  } finally {
    await system.dispose()
  }
})
