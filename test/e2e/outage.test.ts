/** The database goes away and comes back: nobody is told lies meanwhile, and everything goes on by itself. */
import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../db/embedded/index.ts'
import { removeDataDir, scratchFolder } from '../support/postgres.ts'
import { successCallback } from '../support/callbacks.ts'
import { callBack, startWorld, type World } from '../support/system-outside.ts'
import { accessOf, advance, atRest, buy, newPhone, smsOf, startPayment, untilState, type Bought, type ProblemAnswer } from '../support/system-shop.ts'
import type { Answer } from '../support/system.ts'

const FAST = { fsync: 'off' }

let scratch: string
let server: EmbeddedPostgres
let world: World
beforeAll(async () => {
  scratch = await scratchFolder()
  server = await startEmbeddedPostgres({ dataDir: join(scratch, 'db'), settings: FAST })
  world = await startWorld({ database: { url: server.url }, daraja: { delivery: { attemptsMax: 9, retryAfterMs: 100 } } })
})
afterAll(async () => {
  await world.end()
  await server.stop()
  await removeDataDir(join(scratch, 'db'))
  await rm(scratch, { recursive: true, force: true })
})

const port = () => Number(new URL(server.url).port)

/** It may have been read before the outage was noticed; then it is asked again. */
async function overloaded(ask: () => Promise<Answer<ProblemAnswer>>): Promise<void> {
  await vi.waitFor(async () => {
    const answer = await ask()
    expect([answer.status, answer.body?.code], answer.text).toEqual([503, 'overloaded'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(answer.text).not.toMatch(/ECONN|postgres|127\.0\.0\.1/)
  }, { timeout: 15_000, interval: 250 })
}

test('without its database the system says so, keeps nobody waiting, and loses nothing', async () => {
  const { system } = world
  const waiting = await buy(system)
  const paid = await buy(system)

  await server.stop()
  await vi.waitFor(async () => {
    const { status, body } = await system.ask<{ code: string; checks: Record<string, string> }>('/readyz', { anonymous: true })
    expect([status, body.code, body.checks['database']]).toEqual([503, 'not-ready', 'out of reach'])
  }, { timeout: 15_000, interval: 100 })
  expect((await system.ask('/healthz', { anonymous: true })).status).toBe(200)
  expect((await system.ask('/metrics', { anonymous: true })).status).toBe(200)

  const phone = newPhone()
  await overloaded(() => startPayment<ProblemAnswer>(system, { phone_number: phone, package_id: 'hour-1' }))
  await overloaded(() => system.ask(`/api/v1/actors/payment/${waiting.id}/events`, { body: { type: 'payment.cancel' } }))
  await overloaded(() => system.ask('/api/v1/actors/payment'))
  // Not stored, so not accepted: Safaricom must come again.
  await overloaded(() => callBack(system, successCallback(paid.checkout, 'OUTAGE0001', 10, Number(paid.phone))) as unknown as Promise<Answer<ProblemAnswer>>)
  const callback = world.daraja.control.answer(paid.checkout, 0)

  server = await startEmbeddedPostgres({ dataDir: join(scratch, 'db'), settings: FAST, port: port() })
  await system.ready()
  expect(await callback).toMatchObject({ httpStatus: 200 })
  await expectGranted(paid)

  await world.daraja.control.answer(waiting.checkout, 0)
  await expectGranted(waiting)
  const later = await buy(system, { phone })
  await world.daraja.control.answer(later.checkout, 0)
  await expectGranted(later)
  await advance(system, 'PT1H')
  expect(await accessOf(system, later.id)).toEqual({ check: [], reply: [] })
  await atRest(system)
})

async function expectGranted({ id }: Bought): Promise<void> {
  await untilState(world.system, 'hotspot-session', id, 'ready')
  await untilState(world.system, 'notification', smsOf(id), 'delivered')
  expect((await accessOf(world.system, id)).check).toHaveLength(3)
}
