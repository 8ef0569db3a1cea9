/** Live channels, dashboard and shared counters of whole processes: on several nodes with NATS and Redis, and on one alone. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { natsServer, type NatsServer } from '../../sandbox/nats-server.ts'
import { echo, eventsClient, type EventsClient } from '../support/live-client.ts'
import { redisServer, type RedisServer } from '../support/redis-server.ts'
import { runToEnd, startSystem, type System } from '../support/system.ts'
import { buy } from '../support/system-shop.ts'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'

const KEY = 'sk_test_live_channels_0123456789'
const WAIT = { timeout: 20_000, interval: 20 }

interface Sums {
  version: number
  total: Record<string, number>
}

function stream(system: System, headers: Record<string, string> = {}): Promise<EventsClient> {
  return eventsClient(`${system.url}/api/v1/stream?channels=private-dashboard-stats`, { authorization: `Bearer ${system.key}`, ...headers })
}

const paymentsIn = ({ events }: EventsClient): string[] => events.flatMap(({ event, data }) => (event === 'PaymentCompleted' ? [(data.data?.['payment'] as { id: string }).id] : []))

async function paid(system: System): Promise<string> {
  const { id } = await buy(system)
  await vi.waitFor(async () => expect((await system.ask<{ status: string }>(`/api/payments/${id}?wait=10s`)).body.status).toBe('completed'), WAIT)
  return id
}

describe('two nodes with NATS and Redis', () => {
  let nats: NatsServer
  let redis: RedisServer
  let database: TestDatabase
  let one: System
  let other: System

  beforeAll(async () => {
    const parts = await Promise.all([natsServer(), redisServer(), createTestDatabase()])
    nats = parts[0]
    redis = parts[1]
    database = parts[2]
    const env = { STANDING_API_KEY: KEY, STANDING_APP_KEY: 'application-key-of-two-nodes', NATS_URL: nats.url, REDIS_URL: redis.url }
    one = await startSystem({ database: { url: database.url }, env })
    other = await startSystem({ database: { url: database.url }, env })
  })
  afterAll(async () => {
    await Promise.all([one.dispose(), other.dispose()])
    await Promise.all([nats.dispose(), redis.stop(), database.drop()])
  })

  it('whoever listens at one hears what happens at the other', async () => {
    const { key } = (await other.ask<{ key: string }>('/api/channels', { anonymous: true })).body
    const Echo = echo({ url: other.url, key })
    const heard: unknown[] = []
    let isReady = false
    Echo.channel('payments')
      .listen('PaymentCompleted', (e: { payment: object }) => heard.push(e.payment))
      .subscribed(() => (isReady = true))
    await vi.waitFor(() => expect(isReady).toBe(true), WAIT)
    await paid(one)
    await vi.waitFor(() => expect(heard).toMatchObject([{ currency: 'KES', status: 'completed' }]), WAIT)
    Echo.disconnect()
  })

  it('whoever was cut off from one goes on at the other, without a gap and without a repetition', async () => {
    const [first, whole] = [await stream(other), await stream(one)]
    const before = await paid(one)
    await vi.waitFor(() => expect([paymentsIn(first), paymentsIn(whole)]).toEqual([[before], [before]]), WAIT)
    const at = first.lastId()
    first.stop()
    const missed = await paid(one)
    const again = await stream(one, { 'last-event-id': at })
    const after = await paid(one)
    await vi.waitFor(() => expect(paymentsIn(again)).toEqual([missed, after]), WAIT)
    const ids = (client: EventsClient) => client.events.map(({ id, event }) => `${id} ${event}`)
    await vi.waitFor(() => expect(ids(whole).slice(-again.events.length)).toEqual(ids(again)), WAIT)
    for (const client of [again, whole]) client.stop()
  })

  it('both show the same sums under the same version, and so does the journal', async () => {
    const sums = async (system: System) => (await system.ask<Sums>('/api/v1/metrics/dashboard')).body
    await sums(other)
    await paid(one)
    await vi.waitFor(async () => {
      const [a, b] = [await sums(one), await sums(other)]
      expect(a.total).toMatchObject({ 'payments.completed': 5, 'sessions.started': 5, 'messages.sent': 5 })
      expect([b.version, b.total]).toEqual([a.version, a.total])
    }, WAIT)
    const { code, output } = await runToEnd('cli.ts', ['rebuild', 'dashboard'], one.environment())
    expect(code).toBe(0)
    expect(output).toContain('payments.completed  5\n')
  })

  it('both go on while Redis is away, and say so', async () => {
    expect((await one.ask<{ checks: object }>('/readyz')).body.checks).toMatchObject({ redis: 'ok', nats: 'ok' })
    await redis.stop()
    await vi.waitFor(async () => expect((await one.ask('/readyz')).body).toMatchObject({ status: 'degraded', checks: { redis: expect.stringMatching(/^degraded: out of reach/) as string } }), WAIT)
    await paid(one)
    await redis.start()
    await vi.waitFor(async () => expect((await one.ask('/readyz')).body).toMatchObject({ status: 'ready' }), WAIT)
  })
})

describe('one node without a broker', () => {
  it('tells after kill -9 what a reader has missed, from the journal', async () => {
    const system = await startSystem()
    try {
      const first = await stream(system)
      const known = await paid(system)
      await vi.waitFor(() => expect(paymentsIn(first)).toEqual([known]), WAIT)
      const at = first.lastId()
      first.stop()
      const missed = await paid(system)
      await system.kill9()
      await system.restart()
      const again = await stream(system, { 'last-event-id': at })
      await vi.waitFor(() => expect(new Set(paymentsIn(again))).toEqual(new Set([known, missed])), WAIT)
      again.stop()
    } finally {
      await system.dispose()
    }
  })
})
