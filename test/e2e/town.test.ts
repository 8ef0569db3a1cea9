/** The town of the sandbox: filled by a first start, also by one that was killed in the middle; a later start changes nothing. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createSystem, type System } from '../support/system.ts'
import { actorOf, advance, atRest, untilState } from '../support/system-shop.ts'

let system: System
beforeAll(async () => {
  system = await createSystem({ env: { STANDING_SANDBOX_TOWN: 'on', STANDING_QUIET_HOURS: 'off' } })
})
afterAll(() => system.dispose())

const counts = async (type: string): Promise<Record<string, number>> => {
  const rows = await system.rows<{ state: string; count: number }>(`select coalesce(value::jsonb->>'service', value) as state, count(*)::int as count from standing.actors where type = $1 group by 1`, [type])
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}
const isFilled = () => vi.waitFor(async () => expect((await system.ask('/api/v1/actors/voucher/vb_town-00001')).status).toBe(200), { timeout: 60_000, interval: 100 })
/** Routers are looked at by a timer of their own. */
const journaled = async () => Number((await system.rows<{ count: string }>(`select count(*) from standing.journal where type <> 'router'`))[0]?.count)
const made = async () => Number((await system.rows<{ count: string }>('select count(*) from standing.actors'))[0]?.count)
const paid = async () => (await system.rows<{ sum: string }>(`select sum(amount_minor) from business.ledger_entries where account = 'mpesa'`))[0]?.sum

test('is filled beside a quick start, and goes on after a kill in the middle without paying anything twice', async () => {
  await system.start()
  await vi.waitFor(async () => expect(await counts('subscription')).toHaveProperty('active'), { timeout: 30_000, interval: 20 })
  await system.kill9()
  expect((await system.rows(`select 1 from standing.actors where type = 'voucher'`))).toEqual([])
  await system.start()
  await isFilled()
  await vi.waitFor(async () => expect(await counts('subscription')).toEqual({ active: 14, pending: 4, grace: 4, suspended: 4, terminated: 2 }), { timeout: 10_000 })
  const accounts = await system.rows<{ n: number; payments: number }>(`select count(*)::int as n, max(jsonb_array_length(context::jsonb->'payments'))::int as payments from standing.actors where type = 'subscription' and value::jsonb->>'service' <> 'pending'`)
  expect(accounts).toEqual([{ n: 24, payments: 1 }])
})

test('has routers that are there, guests at every stage, and vouchers', async () => {
  const routers = await system.ask<{ data: { id: string }[] }>('/api/v1/actors/router')
  expect(routers.body.data).toHaveLength(5)
  for (const { id } of routers.body.data) await untilState(system, 'router', id, 'online.watching')
  // Accounting is brought to the sessions by a sweep.
  await atRest(system)
  const states = (await system.ask<{ data: { states: string[] }[] }>('/api/v1/actors/hotspot-session?limit=100')).body.data.flatMap((one) => one.states)
  expect(states.filter((state) => state === 'online').length).toBeGreaterThanOrEqual(1)
  expect(states.filter((state) => state === 'ready').length).toBeGreaterThanOrEqual(3)
  const payments = (await system.ask<{ data: { states: string[] }[] }>('/api/v1/actors/payment?limit=100')).body.data.flatMap((one) => one.states)
  expect(payments).toEqual(expect.arrayContaining(['awaiting', 'failed', 'completed']))
  expect((await system.ask<{ redeemed: number }>('/api/vouchers/batches/vb_town')).body).toMatchObject({ count: 50, redeemed: 1, unused: 49 })
  await advance(system, 'PT2M')
  await atRest(system)
  const expired = (await system.ask<{ data: unknown[] }>('/api/v1/actors/hotspot-session?state=expired')).body.data
  expect(expired.length).toBeGreaterThanOrEqual(1)
})

test('is left as it is by the next start; its routers are found where they were', async () => {
  await advance(system, 'P1D')
  await atRest(system)
  expect((await system.stop()).code).toBe(0)
  const before = [await made(), await journaled(), await paid()]
  await system.start()
  const [market] = (await system.ask<{ data: { id: string }[] }>('/api/v1/actors/router')).body.data
  await system.ask(`/api/v1/actors/router/${market?.id}/events`, { body: { type: 'router.poll' } })
  await untilState(system, 'router', market?.id ?? '', 'online.watching')
  await atRest(system)
  expect((await actorOf(system, 'router', market?.id ?? '')).context).toMatchObject({ misses: 0 })
  expect([await made(), await journaled(), await paid()]).toEqual(before)
})
