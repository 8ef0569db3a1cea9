/** Migrations that carry data over, on databases as the version before left them. */
import type pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { phoneHash } from '../../actors/gateways/mpesa/phone-hash.ts'
import { migrate } from '../../db/migrate.ts'
import { migrations } from '../../db/migrations/index.ts'
import { withClient } from '../support/postgres.ts'
import { createEmptyDatabase, type TestDatabase } from '../support/template-database.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await createEmptyDatabase()
})
afterEach(() => database.drop())

/** Brings the database to what it was before that migration, and then through it. */
async function across(name: string, before: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const index = migrations.findIndex((one) => one.name === name)
  await migrate(database.url, migrations.slice(0, index))
  await withClient(database.url, before)
  expect(await migrate(database.url, migrations.slice(0, index + 1))).toEqual({ applied: [name] })
}

const rows = async (query: string): Promise<unknown[]> => (await withClient(database.url, (client) => client.query<Record<string, unknown>>(query))).rows
const insert = (client: pg.Client, table: string, row: Record<string, unknown>) =>
  client.query(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1) as r`, [JSON.stringify(row)])

const PHONE = '254708374149'

/** As version 1 of the subscription stored it. */
function actor(type: string, id: string, context: object, tenant = 'main'): Record<string, unknown> {
  const at = '2026-01-01T00:00:00Z'
  return { tenant, type, id, slice: 1, seq: 3, version: '1', status: 'active', value: '{}', context: JSON.stringify(context), states: [], tags: [], created_at: at, updated_at: at }
}

test('0011: subscriptions of before are known to accounting, found by the hash of their phone, and lose their fixed data limit', async () => {
  await across('0011-subscription-usage', async (client) => {
    await insert(client, 'standing.actors', actor('subscription', 'sub_1', { accountNumber: '12345674', phone: PHONE, plan: { devices: 5, dataBytes: 1_000 } }))
    await insert(client, 'standing.actors', actor('subscription', 'sub_1', { accountNumber: '23456783', phone: PHONE, plan: { devices: 1, dataBytes: null } }, 'other'))
    await insert(client, 'standing.actors', actor('hotspot-session', 'pay_1', { phone: PHONE }))
    for (const [tenant, type, id] of [['main', 'subscription', 'sub_1'], ['other', 'subscription', 'sub_1'], ['main', 'hotspot-session', 'pay_1']]) await insert(client, 'standing.identifiers', { tenant, type, id, kind: 'phone', value: PHONE })
    await client.query(`insert into radius.access (username, tenant, actor_type, actor_id, devices) values ('guest', 'main', 'hotspot-session', 'pay_1', 1)`)
    for (const username of ['12345674', 'guest']) {
      await client.query(`insert into radius.radcheck (username, attribute, op, value) values ($1, 'Cleartext-Password', ':=', 'x'), ($1, 'Expiration', ':=', '1')`, [username])
      await client.query(`insert into radius.radreply (username, attribute, op, value) values ($1, 'Mikrotik-Rate-Limit', '=', '5M/10M'), ($1, 'Mikrotik-Total-Limit', '=', '1000'), ($1, 'Mikrotik-Total-Limit-Gigawords', '=', '0')`, [username])
    }
    await client.query(`insert into business.dashboard_days values ('main', '2026-01-01', '{"facts": 3}')`)
  })
  expect(await rows('select username, tenant, actor_type, actor_id, devices, device_generation from radius.access order by username')).toEqual([
    { username: '12345674', tenant: 'main', actor_type: 'subscription', actor_id: 'sub_1', devices: 5, device_generation: 1 },
    { username: '23456783', tenant: 'other', actor_type: 'subscription', actor_id: 'sub_1', devices: 1, device_generation: 1 },
    { username: 'guest', tenant: 'main', actor_type: 'hotspot-session', actor_id: 'pay_1', devices: 1, device_generation: 1 },
  ])
  expect(await rows(`select tenant, type, id, value from standing.identifiers where kind = 'phoneHash' order by tenant`)).toEqual([
    { tenant: 'main', type: 'subscription', id: 'sub_1', value: phoneHash(PHONE) },
    { tenant: 'other', type: 'subscription', id: 'sub_1', value: phoneHash(PHONE) },
  ])
  // One that has no access now, such as the second, gets no reply; a guest keeps his.
  expect(await rows('select username, attribute, value from radius.radreply order by username, attribute')).toEqual([
    { username: '12345674', attribute: 'Acct-Interim-Interval', value: '300' },
    { username: '12345674', attribute: 'Mikrotik-Rate-Limit', value: '5M/10M' },
    { username: 'guest', attribute: 'Mikrotik-Rate-Limit', value: '5M/10M' },
    { username: 'guest', attribute: 'Mikrotik-Total-Limit', value: '1000' },
    { username: 'guest', attribute: 'Mikrotik-Total-Limit-Gigawords', value: '0' },
  ])
  expect(await rows('select * from business.dashboard_days')).toEqual([])
})

test('0016: whoever has opted out before stays so', async () => {
  await across('0016-opt-ins', (client) => client.query(`insert into business.opt_outs (tenant, phone, reason, source) values ('main', $1, 'asked', 'key:1')`, [PHONE]))
  expect(await rows('select phone, reason, opted_in_at from business.opt_outs')).toEqual([{ phone: PHONE, reason: 'asked', opted_in_at: null }])
})

test('0033: receipts of further money that is in no book are free for the payment that it becomes', async () => {
  await across('0033-receipts-of-money', async (client) => {
    const paid = { tenant: 'main', payment_id: 'pay_1', amount: 1_000, currency: 'KES', paid_at: '2026-01-01T00:00:00Z' }
    for (const [receipt, credited] of [['CREDITED01', true], ['HELD000002', false], ['UNTOLD0003', false]] as const) await insert(client, 'business.payment_receipts', { ...paid, receipt, credited })
    const line = { tenant: 'main', entry_ref: 'main/payment/pay_1/4/0', currency: 'KES', at: '2026-01-01T00:00:00Z', description: 'x', actor_type: 'payment', actor_id: 'pay_1', receipt: 'HELD000002' }
    await client.query('begin')
    for (const [number, account, amount] of [[1, 'mpesa', 500], [2, 'unmatched', -500]] as const) {
      const row: Record<string, unknown> = { ...line, line: number, account, amount_minor: amount }
      const names = Object.keys(row)
      await client.query(`insert into business.ledger_entries (${names.join()}) values (${names.map((_name, index) => `$${index + 1}`).join()})`, Object.values(row))
    }
    await client.query('commit')
  })
  expect(await rows('select receipt from business.payment_receipts order by receipt')).toEqual([{ receipt: 'CREDITED01' }, { receipt: 'HELD000002' }])
})

test('0034: what may still be told of a payment finds it, and a parted receipt finds only what it has become', async () => {
  const receipts: [string, string][] = [['pay_1', 'PAID000001'], ['pay_1', 'TWICE00002'], ['pay_2', 'TWICE00002'], ['pay_3', 'MASKED0003'], ['pay_4', 'PROMPT0004']]
  const payment = (id: string, states: string[], context: object) => ({ ...actor('payment', id, context), states })
  await across('0034-what-completes-a-payment', async (client) => {
    const callback = { source: 'callback', doubt: 'paid-twice' }
    await insert(client, 'standing.actors', payment('pay_1', ['completed'], { method: 'stk', receipt: 'PAID000001', received: null, parted: ['twice00002'], lastResult: { source: 'callback' } }))
    await insert(client, 'standing.actors', payment('pay_2', ['review'], { method: 'c2b', receipt: 'TWICE00002', phone: PHONE, received: callback, parted: [] }))
    await insert(client, 'standing.actors', payment('pay_3', ['review'], { method: 'c2b', receipt: 'MASKED0003', phone: null, received: { source: 'c2b' }, parted: [] }))
    await insert(client, 'standing.actors', payment('pay_4', ['awaiting'], { method: 'stk', receipt: null, received: null, parted: [] }))
    await insert(client, 'standing.actors', payment('pay_5', ['refunded'], { method: 'c2b', receipt: 'GONE000005', received: callback, parted: [] }))
    for (const [id, value] of receipts) await insert(client, 'standing.identifiers', { tenant: 'main', type: 'payment', id, kind: 'receipt', value })
    await insert(client, 'standing.identifiers', { tenant: 'main', type: 'payment', id: 'pay_3', kind: 'unknownPayer', value: 'payer of MASKED0003' })
  })
  expect(await rows(`select id, value from standing.identifiers where kind = 'receipt' order by id, value`)).toEqual(receipts.filter((_one, index) => index !== 1).map(([id, value]) => ({ id, value })))
  expect(await rows(`select id, kind, value from standing.identifiers where kind <> 'receipt' order by id`)).toEqual([
    { id: 'pay_2', kind: 'incomplete', value: 'more of TWICE00002' },
    { id: 'pay_3', kind: 'incomplete', value: 'more of MASKED0003' },
  ])
})
