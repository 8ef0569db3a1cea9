/** How long each table's rows are kept: none is forgotten, and what goes is what may go. */
import type { Knex } from 'knex'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createKnex, RETENTION, startTidying, tidy } from '../../db/index.ts'
import { createTestDatabase } from '../support/template-database.ts'

const NOW = Date.UTC(2028, 1, 29)
const ago = (days: number): Date => new Date(NOW - days * 86_400_000)

let knex: Knex
let close: () => Promise<void>
beforeAll(async () => {
  const database = await createTestDatabase()
  knex = createKnex(database.url, { max: 2, applicationName: 'test' })
  close = async () => {
    await knex.destroy()
    await database.drop()
  }
})
afterAll(() => close())

const left = async (table: string, column: string): Promise<string[]> => (await knex(table).orderBy('id').pluck<unknown[]>(column)).map(String)

async function login(username: string, stoppedDaysAgo: number | null): Promise<void> {
  const [start, stop] = [ago(500), stoppedDaysAgo === null ? null : ago(stoppedDaysAgo)]
  await knex.raw(`insert into radius.radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctstoptime) values ('s', ?, ?, '10.8.0.2', ?, ?)`, [`${username}-${stoppedDaysAgo}`, username, start, stop])
}

describe('the policy', () => {
  it('names every table there is, once', async () => {
    const { rows } = await knex.raw<{ rows: { name: string }[] }>(
      `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('standing', 'business', 'radius') and tablename not like 'knex%' order by 1`,
    )
    expect(RETENTION.map(({ table }) => table).sort()).toEqual(rows.map(({ name }) => name))
  })

  it('deletes what is older than it is kept, and nothing that is needed', async () => {
    const hook = (id: number, days: number, processed: boolean) => ({ provider: 'sms', kind: 'delivery', received_at: ago(days), content_hash: `h${id}`, headers: '{}', body: String(id), next_attempt_at: ago(days), processed_at: processed ? ago(days) : null })
    await knex('business.hook_inbox').insert([hook(1, 91, true), hook(2, 91, false), hook(3, 89, true)])
    await knex('business.opt_outs').insert([
      { tenant: 'main', phone: '1', source: 'x', created_at: ago(5_000), opted_in_at: null },
      { tenant: 'main', phone: '2', source: 'x', created_at: ago(5_000), opted_in_at: ago(2_000) },
      { tenant: 'main', phone: '3', source: 'x', created_at: ago(5_000), opted_in_at: ago(100) },
    ])
    await knex.raw(`insert into radius.access (username, tenant, actor_type, actor_id) values ('guest', 'main', 'hotspot-session', 'a'), ('online', 'main', 'hotspot-session', 'b'), ('12345674', 'main', 'subscription', 's')`)
    await knex.raw(`insert into radius.radcheck (username, attribute, op, value) values ('online', 'Cleartext-Password', ':=', 'x')`)
    for (const username of ['guest', 'online', '12345674']) await login(username, 401)
    await login('guest', 399)
    await login('guest', null)
    await knex('radius.radpostauth').insert([{ username: 'a', authdate: ago(31) }, { username: 'b', authdate: ago(29) }])

    expect(await tidy(knex, NOW)).toEqual({ 'business.hook_inbox': 1, 'business.opt_outs': 1, 'radius.radacct': 1, 'radius.radpostauth': 1 })
    expect(await left('business.hook_inbox', 'body')).toEqual(['2', '3'])
    expect((await knex('business.opt_outs').orderBy('phone').pluck<string[]>('phone'))).toEqual(['1', '3'])
    expect((await knex('radius.radacct').orderBy('acctuniqueid').pluck<string[]>('acctuniqueid'))).toEqual(['12345674-401', 'guest-399', 'guest-null', 'online-401'])
    expect(await left('radius.radpostauth', 'username')).toEqual(['b'])
    expect(await tidy(knex, NOW)).toEqual({})
  })

  it('is carried out beside a running server, and said in the log', async () => {
    await knex('radius.radpostauth').insert({ username: 'c', authdate: new Date(Date.now() - 31 * 86_400_000) })
    const log = { info: vi.fn(), warn: vi.fn() }
    const stop = startTidying({ knex, daysOf: {}, firstMs: 0, log })
    await vi.waitFor(() => expect(log.info).toHaveBeenCalledWith({ rows: { 'radius.radpostauth': expect.any(Number) as number } }, expect.any(String)))
    await stop()
    expect([await left('radius.radpostauth', 'username'), log.warn.mock.calls]).toEqual([['b'], []])
    const broken = createKnex('postgres://nobody@127.0.0.1:1/none', { max: 1, applicationName: 'test' })
    const stopBroken = startTidying({ knex: broken, daysOf: {}, firstMs: 0, log })
    await vi.waitFor(() => expect(log.warn).toHaveBeenCalledOnce())
    await stopBroken()
    await broken.destroy()
  })

  it('keeps for as long as the operator says', async () => {
    expect(await tidy(knex, NOW, { 'business.hook_inbox': 88, 'radius.radpostauth': 30 })).toEqual({ 'business.hook_inbox': 1 })
  })
})
