/** Who did or read what, of both halves: what the edge took down, and what the journal tells of people. */
import type { Knex } from 'knex'
import { createMachine } from 'xstate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKnex, openBusiness, postgresStore, type Business } from '../../db/index.ts'
import { createRuntime, defineActor, manualClock, type Runtime } from '../../runtime/index.ts'
import type { AuditEntry } from '../../api/ports/audit.ts'
import { createTestDatabase } from '../support/template-database.ts'

const lamp = defineActor({ type: 'lamp', version: '1', machine: createMachine({ initial: 'off', states: { off: { on: { toggle: 'on' }, after: { 60_000: 'on' } }, on: { on: { toggle: 'off' } } } }) })
const at = (seconds: number): number => Date.UTC(2026, 0, 1) + seconds * 1_000
const read = (seconds: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  tenant: 'main', at: at(seconds), keyId: 'k_1', what: 'read', action: 'GET /api/v1/actors/:type/:id', actor: { type: 'lamp', id: 'a' }, asked: {}, status: 200, unmasked: true, reason: null, requestId: 'r1', ...more,
})

let knex: Knex
let business: Business
let runtime: Runtime
let close: () => Promise<void>

beforeAll(async () => {
  const database = await createTestDatabase()
  knex = createKnex(database.url, { max: 2, applicationName: 'test' })
  business = openBusiness(knex)
  const clock = manualClock(at(0))
  runtime = createRuntime({ actors: [lamp], store: postgresStore({ url: database.url }), clock })
  await runtime.start()
  await business.apiKeys.create({ id: 'k_1', tenant: 'main', name: 'Amina', roles: ['senior'], hash: '0'.repeat(64) })
  await runtime.create({ type: 'lamp', id: 'a' }, undefined, { source: 'rest:k_1', correlationId: 'trace-1' })
  const { timers } = (await runtime.get({ type: 'lamp', id: 'a' })) as { timers: { id: string }[] }
  await clock.advance(10_000)
  await runtime.moveTimer({ type: 'lamp', id: 'a' }, timers[0]?.id ?? '', at(500), { reason: 'later is better', by: 'key:k_1' })
  await clock.advance(10_000)
  await runtime.send({ type: 'lamp', id: 'a' }, { type: 'toggle', reason: 'too dark' }, { source: 'nats' })
  // Neither staff nor an integration: a payer, a web hook, and another tenant's.
  await runtime.create({ type: 'lamp', id: 'b' }, undefined, { source: 'rest:public' })
  await runtime.send({ type: 'lamp', id: 'b' }, { type: 'toggle' }, { source: 'rest:payer' })
  await runtime.send({ type: 'lamp', id: 'b' }, { type: 'toggle' }, { source: 'hook:daraja' })
  await runtime.create({ type: 'lamp', id: 'a', tenant: 'other' }, undefined, { source: 'rest:k_2' })
  await business.audit.add([
    read(5),
    read(15, { what: 'change', action: 'POST /api/v1/packages', actor: null, reason: 'a new price', asked: { odd: 'half \ud83d' } }),
    // Of the same moment as a step.
    read(20, { keyId: 'k_9', status: null }),
    read(20, { keyId: 'k_1', what: 'simulate' }),
    read(20, { tenant: 'other' }),
  ])
  await business.audit.add([])
  close = async () => {
    await runtime.stop()
    await knex.destroy()
    await database.drop()
  }
})
afterAll(() => close())

const list = (query: Partial<Parameters<Business['audit']['list']>[0]> = {}) => business.audit.list({ tenant: 'main', limit: 50, ...query })
const seconds = async (query: Parameters<typeof list>[0]) => (await list(query)).map((row) => (row.at - at(0)) / 1_000)

describe('the audit', () => {
  it('tells both halves in one order, with whose key it was and why', async () => {
    const rows = await list()
    expect(rows.map((row) => [(row.at - at(0)) / 1_000, row.keyId, row.what, row.action])).toEqual([
      [20, 'nats', 'command', 'toggle'],
      [20, 'k_1', 'simulate', 'GET /api/v1/actors/:type/:id'],
      [20, 'k_9', 'read', 'GET /api/v1/actors/:type/:id'],
      [15, 'k_1', 'change', 'POST /api/v1/packages'],
      [10, 'k_1', 'intervene', 'standing.timerMoved'],
      [5, 'k_1', 'read', 'GET /api/v1/actors/:type/:id'],
      [0, 'k_1', 'command', expect.any(String)],
    ])
    expect(rows[0]).toMatchObject({ keyName: null, roles: null, actor: { type: 'lamp', id: 'a' }, reason: 'too dark', seq: 3, status: null, unmasked: null })
    expect(rows[3]).toMatchObject({ actor: null, reason: 'a new price', asked: { odd: 'half \ud83d' }, seq: null, status: 200, unmasked: true })
    expect(rows[4]).toMatchObject({ keyName: 'Amina', roles: ['senior'], reason: 'later is better' })
    expect(rows[6]).toMatchObject({ requestId: 'trace-1', seq: 1 })
  })

  it('is told page by page without a gap or a repetition, over rows of one moment, too', async () => {
    const all = await list()
    for (const limit of [1, 2, 3]) {
      const paged = []
      for (let before: { at: number; ref: string } | undefined; ; ) {
        const page = await list({ limit, before })
        paged.push(...page)
        before = page.at(-1)
        if (before === undefined) break
      }
      expect(paged).toEqual(all)
    }
  })

  it('is found by key, kind, actor and time', async () => {
    expect(await seconds({ keyId: 'k_1' })).toEqual([20, 15, 10, 5, 0])
    expect(await seconds({ keyId: 'nats' })).toEqual([20])
    expect(await seconds({ what: 'read' })).toEqual([20, 5])
    expect(await seconds({ what: 'command' })).toEqual([20, 0])
    expect(await seconds({ what: 'intervene' })).toEqual([10])
    expect(await seconds({ type: 'lamp', id: 'a' })).toEqual([20, 20, 20, 10, 5, 0])
    expect(await seconds({ type: 'lamp', id: 'b' })).toEqual([])
    expect(await seconds({ since: at(5), until: at(20) })).toEqual([15, 10, 5])
    expect((await list({ tenant: 'other' })).map(({ keyId }) => keyId)).toEqual(['k_2', 'k_1'])
    // Whoever happens to have the id of another tenant's key is not called by its name.
    expect((await list({ tenant: 'other' }))[1]).toMatchObject({ keyName: null })
  })

  it('finds the journal’s half by an index, however long the journal is', async () => {
    await knex.raw('set enable_seqscan = off')
    const { rows } = await knex.raw<{ rows: { 'QUERY PLAN': string }[] }>(
      `explain select * from standing.journal j where left(j.source, 5) in ('rest:', 'staff', 'nats') and j.source not in ('rest:public', 'rest:payer') and j.tenant = 'main' order by j.at desc limit 10`,
    )
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('journal_by_people')
  })
})
