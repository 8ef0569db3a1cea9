import { createHash } from 'node:crypto'
import { mkdtemp, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKnex, keepSecret, openBusiness, openDatabase, type Business } from '../../db/index.ts'
import { failure } from '../support/store-fixtures.ts'
import { createTestDatabase, type TestDatabase } from '../support/template-database.ts'

const CREDITED = { tenant: 'main', receipt: 'NLJ7RT61SV', payment_id: 'pay_1' }
const T0 = Date.UTC(2026, 0, 1)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('the business tables', () => {
  let business: Business
  let knex: ReturnType<typeof createKnex>
  let close: () => Promise<void>
  beforeAll(async () => {
    const database = await createTestDatabase()
    knex = createKnex(database.url, { max: 4, applicationName: 'test' })
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

  it('keep packages as full objects, each with the number of its changes', async () => {
    const { packages, packageCatalogue: catalogue } = business
    const fields = {
      name: 'Home', description: 'At home', kind: 'subscription' as const, amount: 250_000, currency: 'KES', term: { unit: 'months' as const, count: 1 }, dataBytes: null, uploadKbps: 5_000, downloadKbps: 10_000,
      devices: 5, graceSeconds: 259_200, graceUploadKbps: 256, graceDownloadKbps: 512, reminderSeconds: [604_800, 86_400], position: 3,
    }
    const made = { id: 'home', ...fields, revision: 1, archivedAt: null }
    expect(await catalogue.create('main', 'home', fields)).toEqual(made)
    expect(await catalogue.create('main', 'home', fields)).toBeUndefined()
    expect(await catalogue.create('main', 'odd', { ...fields, kind: 'hotspot', term: { unit: 'seconds', count: 60 } })).toMatchObject({ term: { unit: 'seconds', count: 60 } })
    expect(await failure(catalogue.create('main', 'worse', { ...fields, kind: 'hotspot' }))).toBeInstanceOf(Error)
    expect(await packages.find('main', 'home')).toBeUndefined()
    expect((await packages.find('main', 'odd'))?.durationSeconds).toBe(60)
    expect(await catalogue.update('main', 'home', 1, { ...fields, amount: 300_000 })).toEqual({ ...made, amount: 300_000, revision: 2 })
    expect(await catalogue.update('main', 'home', 1, fields)).toBeUndefined()
    expect(await catalogue.update('other', 'home', 2, fields)).toBeUndefined()
    expect(await catalogue.listAll('main', { kind: 'subscription', archived: false })).toMatchObject([{ id: 'home', revision: 2 }])
    expect(await catalogue.archive('main', 'home', 2, T0)).toMatchObject({ revision: 3, archivedAt: T0 })
    expect(await catalogue.listAll('main', { kind: 'subscription', archived: false })).toEqual([])
    expect(await catalogue.listAll('main', { archived: true })).toMatchObject([{ id: 'home' }])
    expect(await catalogue.get('main', 'home')).toMatchObject({ amount: 300_000 })
    expect(await catalogue.get('other', 'home')).toBeUndefined()
  })

  it('know who does not want to be written to, and what was written', async () => {
    const { contacts, accounts } = business
    const optOut = { phone: '254708374149', reason: 'asked', source: 'key:1', at: T0 }
    expect(await contacts.optOut('main', optOut)).toEqual({ isNew: true, stored: optOut })
    expect(await contacts.optOut('main', { ...optOut, reason: 'again', at: T0 + 1 })).toEqual({ isNew: false, stored: optOut })
    expect(await contacts.listOptOuts('main', { limit: 5 })).toEqual([optOut])
    expect(await contacts.listOptOuts('main', { limit: 5, afterPhone: optOut.phone })).toEqual([])
    expect([await contacts.hasOptedOut('main', optOut.phone), await contacts.hasOptedOut('other', optOut.phone)]).toEqual([true, false])
    const optIn = { phone: optOut.phone, source: 'sms', at: T0 + 100 }
    expect(await contacts.optIn('main', { ...optIn, at: T0 - 1 }), 'an older wish').toBe(false)
    expect([await contacts.optIn('main', optIn), await contacts.optIn('main', optIn)]).toEqual([true, false])
    expect([await contacts.hasOptedOut('main', optOut.phone), await contacts.listOptOuts('main', { limit: 5 })]).toEqual([false, []])
    expect(await contacts.optOut('main', { ...optOut, at: T0 + 99 }), 'an older wish').toEqual({ isNew: false, stored: undefined })
    const later = { ...optOut, reason: 'once more', at: T0 + 101 }
    expect([await contacts.optOut('main', later), await contacts.hasOptedOut('main', optOut.phone)]).toEqual([{ isNew: true, stored: later }, true])
    expect(await contacts.lastSentAt({ tenant: 'main', phone: optOut.phone, template: 'subscription-reminder', exceptId: 'n' })).toBeUndefined()
    expect(await accounts.isTaken('12345674')).toBe(false)
  })

  it('know API keys by their hash only', async () => {
    const { apiKeys } = business
    const key = { id: 'key_1', tenant: 'main', name: 'till', roles: ['agent', 'viewer'], expiresAt: T0 }
    await apiKeys.create({ ...key, hash: sha256('secret') })
    expect(await apiKeys.findByHash(sha256('secret'))).toEqual(key)
    expect(await apiKeys.findByHash(sha256('other'))).toBeUndefined()
    expect([await apiKeys.findById('key_1'), await apiKeys.findById('key_9')]).toEqual([key, undefined])
    expect(await failure(apiKeys.create({ ...key, id: 'key_2', hash: 'secret in plain' }))).toBeInstanceOf(Error)
    await apiKeys.touch('key_1', T0 + 5)
    expect(await apiKeys.list()).toMatchObject([{ ...key, revokedAt: null }])
    expect(await apiKeys.revoke('key_1')).toBe(true)
    expect(await apiKeys.revoke('key_1')).toBe(false)
    expect(await apiKeys.findByHash(sha256('secret'))).toBeUndefined()
    expect(await apiKeys.findById('key_1')).toBeUndefined()
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
    await hookInbox.markProcessed([{ id, outcome: 'unmatched', note: 'nobody yet' }, { id: b?.id ?? '', outcome: 'applied', actor: { tenant: 'main', type: 'payment', id: 'pay_1' } }])
    expect(await hookInbox.ofActors('main', [{ type: 'payment', id: 'pay_1' }], 10)).toMatchObject([{ id: b?.id, provider: 'daraja', kind: 'stk', receivedAt: T0, outcome: 'applied', note: null, actor: { type: 'payment', id: 'pay_1' } }])
    expect(await hookInbox.find(id)).toMatchObject({ id, body: 'a', outcome: 'unmatched', note: 'nobody yet' })
    expect(await hookInbox.find('999999999999999999')).toBeUndefined()
    expect(await hookInbox.ofActors('other', [{ type: 'payment', id: 'pay_1' }], 10)).toEqual([])
    expect(await due(T0)).toEqual([])
    await hookInbox.reschedule([{ id, nextAttemptAt: T0 }])
    expect(await hookInbox.unprocessed({ dueBefore: T0, limit: 10 })).toMatchObject([{ id, attempts: 1 }])
    expect(await hookInbox.storeMany([hook('b')])).toMatchObject([{ fresh: false, outcome: 'applied' }])
  })

  it('take a copy of a web hook while somebody works on the first: neither waits for the other', async () => {
    const { hookInbox } = business
    const hook = (text: string) => ({ provider: 'daraja', kind: 'stk', contentHash: sha256(text), body: text, headers: {}, remoteIp: '::1', receivedAt: T0, nextAttemptAt: T0, outcome: null })
    const first = await hookInbox.storeMany([hook('copied 1'), hook('copied 2')])
    const work = await knex.transaction()
    try {
      await work.raw('select from business.hook_inbox where id = any (?::bigint[]) for update', [first.map(({ id }) => id)])
      expect(await hookInbox.storeMany([hook('copied 2'), hook('copied 3'), hook('copied 1')])).toMatchObject([{ id: first[1]?.id, fresh: false }, { fresh: true }, { id: first[0]?.id, fresh: false }])
    } finally {
      await work.rollback()
    }
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

describe('the ledger', () => {
  let database: TestDatabase
  let business: Business
  let post: (ref: string, lines: readonly [account: string, amount: number, currency?: string][], at?: number) => Promise<void>
  let knex: ReturnType<typeof createKnex>
  beforeAll(async () => {
    database = await createTestDatabase()
    knex = createKnex(database.url, { max: 4, applicationName: 'test' })
    business = openBusiness(knex)
    post = async (ref, lines, at = T0) => {
      const rows = lines.map(([account, amount_minor, currency = 'KES'], index) => ({
        tenant: 'main', entry_ref: `main/${ref}`, line: index + 1, account, amount_minor, currency, at: new Date(at), description: 'a payment', actor_type: 'payment', actor_id: 'pay_1', receipt: null,
      }))
      await knex.transaction(async (trx) => {
        // Line by line: only the whole must balance, and only at the commit.
        for (const row of rows) await trx('business.ledger_entries').insert(row)
      })
    }
  })
  afterAll(async () => {
    await knex.destroy()
    await database.drop()
  })

  it('takes entries that balance, and refuses the commit of every other', async () => {
    await post('a', [['mpesa', 1_000], ['revenue:hotspot', -1_000]])
    await post('b', [['mpesa', 500], ['customer:sub_1', -300], ['customer:sub_1', -200]], T0 + 60_000)
    for (const lines of [[['mpesa', 1_000]], [['mpesa', 1_000], ['cash', -999]], [['mpesa', 1_000, 'KES'], ['cash', -1_000, 'UGX']]] as [string, number, string?][][]) {
      expect(await failure(post('c', lines))).toMatchObject({ constraint: 'ledger_entry_balances' })
    }
    expect(await failure(post('c', [['mpesa', 0], ['cash', 0]]))).toBeInstanceOf(Error)
    expect(await business.ledger.lines('main', { account: undefined, since: undefined, limit: 10, afterPosition: undefined })).toHaveLength(5)
  })

  it('never changes a line, nor takes away half an entry', async () => {
    const ofA = () => knex('business.ledger_entries').where({ entry_ref: 'main/a' })
    expect(await failure(ofA().update({ amount_minor: 5 }))).toMatchObject({ constraint: 'ledger_line_stays' })
    expect(await failure(ofA().where({ line: 1 }).delete())).toMatchObject({ constraint: 'ledger_entry_balances' })
  })

  it('is read by account, from a moment on, and in pages', async () => {
    const { ledger } = business
    const all = { account: undefined, since: undefined, limit: 10, afterPosition: undefined }
    expect(await ledger.balances('main', { limit: 10, afterAccount: undefined })).toEqual([
      { account: 'customer:sub_1', currency: 'KES', amount: -500 },
      { account: 'mpesa', currency: 'KES', amount: 1_500 },
      { account: 'revenue:hotspot', currency: 'KES', amount: -1_000 },
    ])
    expect(await ledger.balances('main', { limit: 1, afterAccount: 'customer:sub_1' })).toMatchObject([{ account: 'mpesa' }])
    expect(await ledger.balances('other', { limit: 10, afterAccount: undefined })).toEqual([])
    const ofMpesa = await ledger.lines('main', { ...all, account: 'mpesa' })
    expect(ofMpesa).toMatchObject([{ ref: 'main/a', amount: 1_000, at: T0, actor: { type: 'payment', id: 'pay_1' } }, { ref: 'main/b', amount: 500 }])
    expect(await ledger.lines('main', { ...all, account: 'mpesa', afterPosition: ofMpesa[0]?.position })).toMatchObject([{ ref: 'main/b' }])
    expect(await ledger.lines('main', { ...all, since: T0 + 1 })).toHaveLength(3)
  })
})

describe('a statement against the ledger', () => {
  let database: TestDatabase
  let business: Business
  let knex: ReturnType<typeof createKnex>
  beforeAll(async () => {
    database = await createTestDatabase()
    knex = createKnex(database.url, { max: 4, applicationName: 'test' })
    business = openBusiness(knex)
  })
  afterAll(async () => {
    await knex.destroy()
    await database.drop()
  })
  const entry = (receipt: string, amount: number, change: object = {}) => ({ receipt, kind: 'paid-in' as const, amount, currency: 'KES', at: new Date(T0 + 1_000).toISOString(), accountReference: '12345674', details: null, ...change })
  const by = { source: 'csv', by: 'key:k', at: T0 }
  const unexplained = (query: object = {}) => business.statements.unexplained('main', { from: T0, to: T0 + 60_000, periodMs: 60_000, limit: 10, ...query })
  async function book(ref: string, lines: readonly [account: string, amount: number][], receipt: string | null, payment = 'pay_1'): Promise<void> {
    await knex('business.ledger_entries').insert(lines.map(([account, amount_minor], index) => ({ tenant: 'main', entry_ref: `main/${ref}`, line: index + 1, account, amount_minor, currency: 'KES', at: new Date(T0 + 2_000), description: 'x', actor_type: 'payment', actor_id: payment, receipt })))
  }

  it('says nothing while there is no statement', async () => {
    await book('a', [['mpesa', 1_000], ['revenue:hotspot', -1_000]], 'NLJ7RT61SV')
    expect(await unexplained()).toEqual({ period: null, covered: null, provider: [], ours: [], hasMore: false })
  })

  it('takes each row once', async () => {
    expect(await business.statements.add('main', [entry('NLJ7RT61SV', 1_000), entry('NLJ7RT61SV', -55, { kind: 'charge' })], by)).toEqual({ added: 2 })
    expect(await business.statements.add('main', [entry('NLJ7RT61SV', 1_000), entry('NLJ7RT61SW', 500), entry('NLJ7RT61SW', 500)], by)).toEqual({ added: 1 })
    expect(await business.statements.add('main', [], by)).toEqual({ added: 0 })
  })

  it('lists what only one of them knows, and where the amounts differ', async () => {
    await book('b', [['mpesa', 700], ['revenue:hotspot', -700]], 'NLJ7RT61SX')
    await book('c', [['mpesa', 300], ['revenue:hotspot', -300]], null, 'pay_3')
    await business.statements.add('main', [entry('NLJ7RT61SY', 900)], by)
    await book('d', [['mpesa', 100], ['revenue:hotspot', -100]], 'NLJ7RT61SY')
    expect(await unexplained()).toMatchObject({
      provider: [{ receipt: 'NLJ7RT61SW', amount: 500, ledgerAmount: null, accountReference: '12345674' }, { receipt: 'NLJ7RT61SY', amount: 900, ledgerAmount: 100 }],
      ours: [{ receipt: 'NLJ7RT61SX', amount: 700, actor: { type: 'payment', id: 'pay_1' } }, { receipt: null, amount: 300, actor: { id: 'pay_3' } }],
      hasMore: false,
    })
    const first = await unexplained({ limit: 1 })
    expect(first).toMatchObject({ provider: [{}], ours: [{}], hasMore: true })
    const [theirs, ours] = [first.provider[0], first.ours[0]]
    // The rest of both sides, and then of the side that is left.
    expect(await unexplained({ limit: 1, after: { provider: theirs, ours: ours?.position } })).toMatchObject({ provider: [{ receipt: 'NLJ7RT61SY' }], ours: [{ receipt: null, amount: 300 }], hasMore: false })
    expect(await unexplained({ limit: 1, after: { provider: null, ours: Number.MAX_SAFE_INTEGER } })).toMatchObject({ provider: [{ receipt: 'NLJ7RT61SW' }], ours: [], hasMore: true })
    expect(await unexplained({ from: T0 + 3_000 })).toMatchObject({ provider: [], ours: [] })
    expect(await business.statements.unexplained('other', { from: undefined, to: undefined, periodMs: 60_000, limit: 10 })).toMatchObject({ period: null })
  })

  it('finds the receipt that a payment learnt later', async () => {
    await knex.raw("insert into business.payment_receipts (tenant, receipt, payment_id, amount, currency, paid_at) values ('main', 'NLJ7RT61SZ', 'pay_3', 300, 'KES', now())")
    await business.statements.add('main', [entry('NLJ7RT61SZ', 300)], by)
    expect((await unexplained()).ours).toMatchObject([{ receipt: 'NLJ7RT61SX' }])
  })

  it('takes the receipt that was credited for the one that a payment learnt later, not that of further money', async () => {
    await knex.raw("insert into business.payment_receipts (tenant, receipt, payment_id, amount, currency, paid_at, credited) values ('main', 'NLJ7RT61T0', 'pay_3', 300, 'KES', now(), false)")
    await book('further', [['mpesa', 300], ['unmatched', -300]], 'NLJ7RT61T0', 'pay_3')
    await business.statements.add('main', [entry('NLJ7RT61T0', 300)], by)
    expect((await unexplained()).provider).toMatchObject([{ receipt: 'NLJ7RT61SW' }, { receipt: 'NLJ7RT61SY' }])
  })

  it('agrees with money that credits nobody yet, and forgets money that never came unless it is on the statement', async () => {
    const before = await unexplained()
    await business.statements.add('main', [entry('NLJ7RT61T1', 500)], by)
    await book('held', [['mpesa', 500], ['unmatched', -500]], 'NLJ7RT61T1', 'pay_4')
    await book('never', [['mpesa', 400], ['unmatched', -400]], 'NLJ7RT61T2', 'pay_5')
    await book('denied', [['unmatched', 400], ['mpesa', -400]], 'NLJ7RT61T2', 'pay_5')
    expect(await unexplained()).toEqual(before)
    await business.statements.add('main', [entry('NLJ7RT61T2', 400)], by)
    expect((await unexplained()).provider.find(({ receipt }) => receipt === 'NLJ7RT61T2')).toMatchObject({ amount: 400, ledgerAmount: 0 })
    // For the tests that follow: it came after all.
    await book('after all', [['mpesa', 400], ['unmatched', -400]], 'NLJ7RT61T2', 'pay_5')
  })

  it('compares money that went back, and leaves charges out', async () => {
    await business.statements.add('main', [entry('NLJ7RT61SX', 700), entry('SKR9XXXXXX', -700, { kind: 'withdrawn' })], by)
    await book('e', [['refunds:pending', 700], ['mpesa', -700]], 'SKR9XXXXXX')
    await book('f', [['fees', 5], ['mpesa', -5]], 'SKR9XXXXXX')
    expect(await unexplained()).toMatchObject({ provider: [{ receipt: 'NLJ7RT61SW' }, { receipt: 'NLJ7RT61SY' }], ours: [] })
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
