import { createHash } from 'node:crypto'
import { mkdtemp, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKnex, keepSecret, openBusiness, openDatabase, type Business } from '../../db/index.ts'
import { failure } from '../support/store-fixtures.ts'
import { createTestDatabase } from '../support/template-database.ts'

const CREDITED = { tenant: 'main', receipt: 'NLJ7RT61SV', payment_id: 'pay_1' }
const T0 = Date.UTC(2026, 0, 1)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('the business tables', () => {
  let business: Business
  let close: () => Promise<void>
  beforeAll(async () => {
    const database = await createTestDatabase()
    const knex = createKnex(database.url, { max: 4, applicationName: 'test' })
    business = openBusiness(knex)
    const { tenant, receipt, payment_id } = CREDITED
    await knex.raw('insert into business.payment_receipts (tenant, receipt, payment_id, amount, currency, paid_at) values (?, ?, ?, 1000, ?, now())', [tenant, receipt, payment_id, 'KES'])
    close = async () => {
      await knex.destroy()
      await database.drop()
    }
  })
  afterAll(() => close())

  const hour = { id: 'hour', name: 'One hour', description: null, amount: 1_000, currency: 'KES', durationSeconds: 3_600, dataBytes: 5 * 2 ** 30, uploadKbps: 2_048, downloadKbps: null, devices: 2 }

  it('keep a price list per tenant', async () => {
    const { packages } = business
    await packages.addMissing('main', [hour, { ...hour, id: 'day', amount: 5_000 }])
    await packages.addMissing('main', [{ ...hour, amount: 1 }])
    await packages.addMissing('main', [])
    expect(await packages.list('main')).toEqual([hour, { ...hour, id: 'day', amount: 5_000 }])
    expect(await packages.list('other')).toEqual([])
    expect(await packages.find('main', 'day')).toEqual({ ...hour, id: 'day', amount: 5_000 })
    expect(await packages.find('main', 'week')).toBeUndefined()
    expect(await failure(packages.addMissing('main', [{ ...hour, id: 'odd', amount: -1 }]))).toBeInstanceOf(Error)
  })

  it('know API keys by their hash only', async () => {
    const { apiKeys } = business
    const key = { id: 'key_1', tenant: 'main', name: 'till', roles: ['agent', 'viewer'], expiresAt: T0 }
    await apiKeys.create({ ...key, hash: sha256('secret') })
    expect(await apiKeys.findByHash(sha256('secret'))).toEqual(key)
    expect(await apiKeys.findByHash(sha256('other'))).toBeUndefined()
    expect(await failure(apiKeys.create({ ...key, id: 'key_2', hash: 'secret in plain' }))).toBeInstanceOf(Error)
    await apiKeys.touch('key_1', T0 + 5)
    expect(await apiKeys.list()).toMatchObject([{ ...key, revokedAt: null }])
    expect(await apiKeys.revoke('key_1')).toBe(true)
    expect(await apiKeys.revoke('key_1')).toBe(false)
    expect(await apiKeys.findByHash(sha256('secret'))).toBeUndefined()
    expect(await apiKeys.list()).toMatchObject([{ id: 'key_1', revokedAt: expect.any(Number) as number }])
  })

  it('keep the sums of days as they were written first', async () => {
    const { dashboardDays } = business
    await dashboardDays.save('main', [{ day: '2026-01-02', sums: { facts: 2 } }, { day: '2026-01-01', sums: { facts: 1 } }])
    await dashboardDays.save('main', [{ day: '2026-01-02', sums: { facts: 9 } }])
    await dashboardDays.save('main', [])
    expect(await dashboardDays.list('main')).toEqual([{ day: '2026-01-01', sums: { facts: 1 } }, { day: '2026-01-02', sums: { facts: 2 } }])
    expect(await dashboardDays.list('other')).toEqual([])
    await dashboardDays.clear('main')
    expect(await dashboardDays.list('main')).toEqual([])
  })

  it('take every web hook once, and give it back until it is processed', async () => {
    const { hookInbox } = business
    const hook = (text: string, change: object = {}) => ({
      provider: 'daraja', kind: 'stk', contentHash: sha256(text), body: text, headers: { 'content-type': 'application/json' }, remoteIp: '::1',
      receivedAt: T0, nextAttemptAt: T0 + 10, outcome: null, ...change,
    })
    const [a, b, twin, forged] = await hookInbox.storeMany([hook('a'), hook('b', { nextAttemptAt: T0 }), hook('a'), hook('f', { outcome: 'forged' })])
    expect([a, b, twin, forged]).toMatchObject([{ fresh: true, outcome: null }, { fresh: true }, { id: a?.id, fresh: false }, { fresh: true, outcome: 'forged' }])
    expect(await hookInbox.storeMany([hook('a'), hook('a', { provider: 'sms' })])).toMatchObject([{ id: a?.id, fresh: false, outcome: null }, { fresh: true }])
    expect(await hookInbox.storeMany([])).toEqual([])

    const due = async (dueBefore: number) => (await hookInbox.unprocessed({ dueBefore, limit: 10 })).map(({ body }) => body)
    expect(await due(T0 + 9)).toEqual(['b'])
    expect(await due(T0 + 10)).toEqual(['b', 'a', 'a'])
    expect((await hookInbox.unprocessed({ dueBefore: T0, limit: 1 }))[0]).toEqual({ id: b?.id, provider: 'daraja', kind: 'stk', contentHash: sha256('b'), body: 'b', receivedAt: T0, attempts: 0 })

    const id = a?.id ?? ''
    await hookInbox.markProcessed([{ id, outcome: 'unmatched', note: 'nobody yet' }, { id: b?.id ?? '', outcome: 'applied' }])
    expect(await due(T0)).toEqual([])
    await hookInbox.reschedule([{ id, nextAttemptAt: T0 }])
    expect(await hookInbox.unprocessed({ dueBefore: T0, limit: 10 })).toMatchObject([{ id, attempts: 1 }])
    expect(await hookInbox.storeMany([hook('b')])).toMatchObject([{ fresh: false, outcome: 'applied' }])
  })

  it('know which phone has a prompt open', async () => {
    expect(await business.openPrompts.find('main', '254700')).toBeUndefined()
  })

  it('know which payment a receipt has credited, in its own tenant', async () => {
    const { receipts } = business
    expect(await receipts.creditedTo('main', ['NLJ7RT61SV', 'NLJ7RT61SW'])).toEqual(new Map([['NLJ7RT61SV', 'pay_1']]))
    expect(await receipts.creditedTo('other', ['NLJ7RT61SV'])).toEqual(new Map())
    expect(await receipts.creditedTo('main', [])).toEqual(new Map())
  })
})

describe('opening', () => {
  it('answers for a database that is named, and says when it is gone', async () => {
    const named = await createTestDatabase()
    const database = await openDatabase({ url: named.url, dataDir: '/nonexistent' })
    await database.ping()
    await named.drop()
    expect(await failure(database.ping())).toBeInstanceOf(Error)
    await database.close()
  })

  it('makes a secret once, also when many ask at once, for its owner only', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'standing-test-')), 'data')
    const secrets = await Promise.all([1, 2, 3, 4].map((n) => keepSecret(folder, 'key', () => `secret ${n}`)))
    expect(new Set(secrets).size).toBe(1)
    expect(await keepSecret(folder, 'key', () => 'another')).toBe(secrets[0])
    expect((await stat(join(folder, 'key'))).mode & 0o077).toBe(0)
  })
})
