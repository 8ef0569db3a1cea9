/** Registering a router again under one Idempotency-Key: the first answer, with its script, whatever has happened since. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { routerWorld, type RouterWorld } from '../../support/router-world.ts'

const HOUR_MS = 3_600_000

let world: RouterWorld
beforeEach(async () => {
  world = await routerWorld()
})
afterEach(() => world.stop())

type Answer = { id: string; script: string; expires_at: string; state: string; code?: string }

async function register(body: object, key: string, headers: Record<string, string> = world.admin) {
  const response = await fetch(`${world.url}/api/routers`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': key }, body: JSON.stringify(body) })
  return { status: response.status, isReplay: response.headers.get('idempotency-replayed') === 'true', cache: response.headers.get('cache-control'), body: (await response.json()) as Answer }
}
const routers = async () => (await world.runtime.list({ type: 'router', limit: 10 })).data
const tokenIn = (script: string) => /Bearer (re\.[\w.-]+)/.exec(script)?.[1] ?? ''
const enrol = (id: string, script: string) => world.call('POST', `/api/routers/${id}/enrol`, { version: '7.16.1 (stable)', public_key: Buffer.alloc(32, 7).toString('base64') }, { authorization: `Bearer ${tokenIn(script)}` })

it('is one router, and the same script, which works', async () => {
  const order = { name: 'market', site: 'the hall', api_url: world.routerOs.router('market').url }
  const first = await register(order, 'order-1')
  expect([first.status, first.isReplay]).toEqual([201, false])
  await world.clock.advance(HOUR_MS)
  const again = await register(order, 'order-1')
  expect(again).toEqual({ ...first, isReplay: true })
  expect(again.cache).toBe('no-store')
  expect(await routers()).toHaveLength(1)
  expect((await world.routerOs.router('market').paste(again.body.script)).fetched).toMatchObject([{ status: 200 }])
  await world.runtime.settled()
  expect((await world.runtime.get({ type: 'router', id: first.body.id }))?.states).toContain('online')
})

it('is the first answer even when the router has joined, has another script, or is gone; its token is good for nothing then', async () => {
  const order = { name: 'market', api_url: world.routerOs.router('market').url }
  const first = await register(order, 'order-1')
  expect((await enrol(first.body.id, first.body.script)).status).toBe(200)
  await world.call('POST', `/api/routers/${first.body.id}/script`, { reason: 'leaked', rotate_secrets: true })
  expect((await register(order, 'order-1')).body).toEqual(first.body)
  await world.call('POST', `/api/v1/actors/router/${first.body.id}/events`, { type: 'router.retire', reason: 'sold' })
  const late = await register(order, 'order-1')
  expect([late.status, late.isReplay, late.body]).toEqual([201, true, first.body])
  expect(await enrol(first.body.id, late.body.script)).toMatchObject({ status: 401, body: { code: 'router-refused' } })
  expect(await routers()).toHaveLength(1)
})

it('is refused with another body', async () => {
  const first = await register({ name: 'market' }, 'order-1')
  for (const other of [{ name: 'harbour' }, { name: 'market', site: 'elsewhere' }, { name: 'market', poll_seconds: 60 }, { name: 'market', provisioning: 'rest' }]) {
    expect(await register(other, 'order-1')).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } })
  }
  expect((await routers()).map(({ id }) => id)).toEqual([first.body.id])
  // Another key is another request, and its name is taken.
  expect(await register({ name: 'market' }, 'order-2')).toMatchObject({ status: 409, body: { code: 'router-exists' } })
})

it('is one router for all who ask at once', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => register({ name: 'market' }, 'order-1')))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 201))
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  expect(await routers()).toHaveLength(1)
})

it('finds the router of the first request though its first address was taken', async () => {
  // Where the first attempt of this key would be.
  const first = await register({ name: 'market' }, 'order-1')
  const { tunnel_address } = first.body as Answer & { tunnel_address: string }
  const other = await routerWorld()
  try {
    other.store.tables.rows.set('business.routers', [{ tenant: 'main', id: 'rtr_x', tunnel_address }])
    const call = async () => {
      const response = await fetch(`${other.url}/api/routers`, { method: 'POST', headers: { ...other.admin, 'content-type': 'application/json', 'idempotency-key': 'order-1' }, body: JSON.stringify({ name: 'market' }) })
      return [response.status, ((await response.json()) as Answer).id] as const
    }
    const made = await call()
    expect(made).toEqual([201, expect.not.stringMatching(first.body.id)])
    // Free by now: the key means the router that it made, all the same.
    other.store.tables.rows.set('business.routers', (other.store.tables.rows.get('business.routers') ?? []).filter((row) => row['id'] !== 'rtr_x'))
    expect(await call()).toEqual(made)
  } finally {
    await other.stop()
  }
})

it('shows its script to nobody without the right, and its secrets stand nowhere', async () => {
  const first = await register({ name: 'market' }, 'order-1')
  expect(await register({ name: 'market' }, 'order-1', world.keys.add('key-of-agent', ['agent']))).toMatchObject({ status: 403 })
  const elsewhere = await register({ name: 'market' }, 'order-1', world.keys.add('key-of-other', ['admin'], 'other'))
  expect([elsewhere.status, elsewhere.isReplay]).toEqual([201, false])
  expect(tokenIn(elsewhere.body.script)).not.toBe(tokenIn(first.body.script))
  const stored = JSON.stringify([await world.runtime.history({ type: 'router', id: first.body.id }), [...world.store.tables.rows.values()], world.facts])
  expect(tokenIn(first.body.script)).toMatch(/^re\.main\.[\w-]{32}$/)
  expect(stored).not.toContain(tokenIn(first.body.script))
})
