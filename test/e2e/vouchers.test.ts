/** Vouchers in the whole system, over Postgres: a big batch, the race for one code, a kill in between, and what a thief of the database finds. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { hashApiKey } from '../../api/auth/api-key.ts'
import { startWorld, type World } from '../support/system-outside.ts'
import { accessOf, actorOf, newPhone, untilState } from '../support/system-shop.ts'

let world: World
let codes: string[]
let batch: string
beforeAll(async () => {
  world = await startWorld()
  const expires_at = new Date(Date.now() + 86_400_000).toISOString()
  // Worth a hundred thousand shillings: one key asks, another approves.
  const { body: asked } = await world.system.ask<{ id: string; context: { to: { id: string } } }>('/api/v1/approvals', { body: { batch: { name: 'Kiosk', package_id: 'hour-1', count: 10_000, expires_at }, reason: 'for the fair' } })
  const second = `sk_${randomBytes(16).toString('hex')}`
  await world.system.rows('insert into business.api_keys (id, tenant, name, hash, roles) values ($1, $2, $3, $4, $5)', ['key_second', 'main', 'the second', hashApiKey(second), ['billing']])
  const approve = `/api/v1/actors/approval/${asked.id}/events`
  const alone = await world.system.ask<{ code: string }>(approve, { body: { type: 'approval.approve' } })
  if (alone.body.code !== 'event-not-accepted') throw new Error(alone.text)
  await world.system.ask(approve, { body: { type: 'approval.approve' }, headers: { authorization: `Bearer ${second}` } })
  batch = asked.context.to.id
  await untilState(world.system, 'voucher-batch', batch, 'open')
  const shown = await world.system.ask<{ data: { code: string }[] }>(`/api/vouchers/batches/${batch}/codes`)
  codes = shown.body.data.map(({ code }) => code)
})
afterAll(() => world.end())

const redeem = (code: string | undefined, phone = newPhone()) =>
  world.system.ask<{ voucher_id: string; code: string; credentials?: { username: string; password: string } }>('/api/vouchers/redeem', { body: { code, phone_number: phone }, anonymous: true })

test('two at once: one gets the access, the other is told', async () => {
  const answers = await Promise.all([redeem(codes[0]), redeem(codes[0])])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  const winner = answers.find(({ status }) => status === 200)
  expect(answers.find(({ status }) => status === 409)?.body.code).toBe('voucher-used')
  const id = winner?.body.voucher_id ?? ''
  await untilState(world.system, 'hotspot-session', id, 'ready')
  const access = await accessOf(world.system, id)
  expect(access.check).toHaveLength(3)
  expect(winner?.body.credentials?.username).toBeTypeOf('string')
  await untilState(world.system, 'notification', `${id}-credentials`, 'delivered')
})

test('a batch of ten thousand is one actor; only used vouchers are more', async () => {
  const [counts] = await world.system.rows<{ vouchers: number | string; hashes: number | string; timers: number | string }>(
    `select (select count(*) from standing.actors where type = 'voucher') as vouchers, (select count(*) from business.voucher_codes) as hashes,
       (select count(*) from standing.timers where type = 'voucher-batch') as timers`,
  )
  expect(Object.values(counts ?? {}).map(Number)).toEqual([1, 10_000, 1])
})

test('a thief of the database finds no code', async () => {
  const tables = await world.system.rows<{ name: string }>(`select schemaname || '.' || tablename as name from pg_tables where schemaname in ('standing', 'business', 'radius')`)
  for (const { name } of tables) {
    // Whatever else it holds, not one of those that were made; a few are enough to know.
    const found = await world.system.rows<{ row: string }>(`select t::text as row from ${name} t where t::text ~ $1 limit 1`, [codes.slice(0, 50).flatMap((code) => [code, code.replaceAll('-', '')]).join('|')])
    expect(found, name).toEqual([])
  }
})

test('killed in the middle, a voucher gives one access all the same', async () => {
  const phones = [newPhone(), newPhone(), newPhone()]
  const underWay = phones.map((phone) => redeem(codes[1], phone).catch(() => undefined))
  await world.system.kill9()
  await Promise.all(underWay)
  await world.system.restart()
  const later = await Promise.all(phones.map((phone) => redeem(codes[1], phone)))
  expect(later.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1)
  const id = `${batch}-00002`
  await untilState(world.system, 'hotspot-session', id, 'ready')
  expect((await actorOf(world.system, 'voucher', id)).states).toEqual(['redeemed'])
  expect((await accessOf(world.system, id)).check).toHaveLength(3)
})

test('who asked for the batch, who approved it, and who saw its codes is in the audit', async () => {
  interface Row { by: { key: string; name: string | null; roles: string[] | null }; what: string; action: string; reason: string | null; unmasked: boolean | null; seq: number | null }
  const audit = async (query: string) => (await world.system.ask<{ data: Row[] }>(`/api/v1/audit?${query}`)).body.data
  const [row] = await world.system.rows<{ id: string }>("select id from standing.actors where type = 'approval'")
  const decided = await audit(`type=approval&id=${row?.id ?? ''}&what=command`)
  expect(decided.filter(({ seq }) => seq !== null)).toMatchObject([{ by: { key: 'key_second', name: 'the second', roles: ['billing'] }, action: 'approval.approve' }, { seq: 1 }])
  // One key alone was refused, which no journal has.
  expect(decided).toContainEqual(expect.objectContaining({ action: 'POST /api/v1/actors/:type/:id/events', status: 409, seq: null }))
  await vi.waitFor(async () => expect(await audit(`type=voucher-batch&id=${batch}&what=read`)).toContainEqual(expect.objectContaining({ action: 'GET /api/vouchers/batches/:id/codes', unmasked: true })))
  await vi.waitFor(async () => expect((await audit('what=read')).some(({ action }) => action === 'GET /api/v1/audit')).toBe(true))
})
