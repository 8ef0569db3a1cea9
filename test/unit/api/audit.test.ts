/** Who read what: taken down behind the answers, without what may name a person. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditTrail } from '../../../api/audit/trail.ts'
import type { AuditEntry } from '../../../api/ports/audit.ts'
import { createLogger } from '../../../api/logger.ts'
import { NO_SECOND_KEY, secondKey } from '../../../api/approvals/second-key.ts'
import { natsEdge } from '../../../api/nats/edge.ts'
import { silentLog, StoreUnavailableError } from '../../../runtime/index.ts'
import { memoryAudit, memoryPackageCatalogue, memoryPackages, type MemoryAudit } from '../../support/api-ports.ts'
import { apiWorld, type World } from '../../support/api-world.ts'
import { INPUT } from '../machines/payment.fixture.ts'

const ENTRY: Omit<AuditEntry, 'at'> = { tenant: 'main', keyId: 'k', what: 'read', action: 'GET /x', actor: null, asked: {}, status: 200, unmasked: false, reason: null, requestId: 'r' }

describe('calls', () => {
  let world: World
  beforeEach(async () => {
    world = await apiWorld()
    await world.runtime.create({ type: 'payment', id: 'pay_1' }, INPUT)
  })
  afterEach(() => world.stop())

  const call = (url: string, headers: Record<string, string> = world.admin, method: 'GET' | 'POST' | 'DELETE' = 'GET', payload?: object) =>
    world.app.inject({ method, url: `/api/v1/${url}`, headers, ...(payload === undefined ? {} : { payload }) })
  const taken = () => world.audit.entries.map(({ at: _, requestId: __, ...entry }) => entry)

  it('that show an actor, its past and lists are taken down: who, what, and whether in the clear', async () => {
    const agent = world.keys.add('agent-key-1234', ['agent'])
    await call('actors/payment/pay_1', agent)
    await call('actors/payment/pay_1/history')
    await call('payments/pay_1/timeline')
    await call('actors/payment?state=awaiting&limit=5', agent)
    expect(taken()).toEqual([
      { tenant: 'main', keyId: 'k_agent-ke', what: 'read', action: 'GET /api/v1/actors/:type/:id', actor: { type: 'payment', id: 'pay_1' }, asked: { type: 'payment', id: 'pay_1' }, status: 200, unmasked: false, reason: null },
      expect.objectContaining({ keyId: 'k_key-of-a', action: 'GET /api/v1/actors/:type/:id/history', actor: { type: 'payment', id: 'pay_1' }, unmasked: true }),
      expect.objectContaining({ action: 'GET /api/v1/payments/:id/timeline', actor: { type: 'payment', id: 'pay_1' }, unmasked: true }),
      expect.objectContaining({ action: 'GET /api/v1/actors/:type', actor: null, asked: { type: 'payment', state: 'awaiting', limit: '5' }, unmasked: false }),
    ])
    expect(world.audit.entries.every(({ at, requestId }) => at > 0 && requestId.length === 32)).toBe(true)
  })

  it('keep no phone, name or code that was asked for', async () => {
    await call('search?q=0712345678')
    await call('search?q=Jane%20Wanjiru')
    await call('opt-outs/254712345678', world.admin, 'DELETE')
    await call('opt-outs', world.admin, 'POST', { phone: '0712345678', reason: 'asked at the counter' })
    expect(taken().map(({ what, asked, reason }) => ({ what, asked, reason }))).toEqual([
      { what: 'read', asked: { q: '0712***678' }, reason: null },
      { what: 'read', asked: { q: 'J***' }, reason: null },
      { what: 'change', asked: { phone: '2547*****678' }, reason: null },
      { what: 'change', asked: {}, reason: 'asked at the counter' },
    ])
    expect(JSON.stringify(world.audit.entries)).not.toMatch(/12345678|Wanjiru/)
  })

  it('that send events are told by the journal, and are taken down only when they are refused', async () => {
    await call('actors/payment/pay_1/events', world.admin, 'POST', { type: 'payment.cancel', reason: 'typed the wrong phone' })
    expect(taken()).toEqual([])
    const viewer = world.keys.add('viewer-key-123', ['viewer'])
    await call('actors/payment/pay_1/events', viewer, 'POST', { type: 'payment.cancel', reason: 'mine' })
    await call('machines', viewer)
    await call('audit', viewer)
    expect(taken()).toEqual([
      expect.objectContaining({ keyId: 'k_viewer-k', what: 'command', action: 'POST /api/v1/actors/:type/:id/events', actor: { type: 'payment', id: 'pay_1' }, status: 403, unmasked: false }),
      expect.objectContaining({ keyId: 'k_viewer-k', what: 'read', action: 'GET /api/v1/audit', status: 403 }),
    ])
  })

  it('that ask what would happen show what a look shows, and say so', async () => {
    await call('actors/payment/pay_1/dry-run', world.admin, 'POST', { type: 'payment.cancel', reason: 'x' })
    await call('actors/payment/pay_1/dry-run', world.keys.add('support-key-12', ['developer']), 'POST', { type: 'payment.cancel', reason: 'x' })
    expect(taken()).toMatchObject([{ what: 'simulate', status: 200, unmasked: true }, { what: 'simulate', status: 200, unmasked: false }])
  })

  it('of nobody are nobody’s', async () => {
    expect((await call('actors/payment/pay_1', { authorization: 'Bearer unknown' })).statusCode).toBe(401)
    expect(taken()).toEqual([])
  })

  it('over NATS are taken down, too', async () => {
    const edge = natsEdge({ runtime: world.runtime, trail: world.trail, gate: secondKey({ runtime: world.runtime, packages: memoryPackages(), plans: memoryPackageCatalogue(), from: NO_SECOND_KEY, clock: Date.now }), apiKeys: world.keys, ...world.ports, packages: { find: async () => undefined }, log: silentLog })
    await edge.call({ endpoint: 'get', body: { type: 'payment', id: 'pay_1' }, headers: new Map() })
    await edge.call({ endpoint: 'get', body: { type: 'payment', id: 'pay_2' }, headers: new Map() })
    expect(taken()).toEqual([expect.objectContaining({ keyId: 'nats', what: 'read', action: 'standing.api.get', actor: { type: 'payment', id: 'pay_1' }, unmasked: true })])
  })

  it.each([['auditor', 200], ['admin', 200], ['senior', 403], ['billing', 403], ['developer', 403], ['integration', 403]] as const)('a key of role %s that reads the audit gets %s, and is in it', async (role, status) => {
    const answer = await call('audit', world.keys.add(`${role}-key-123`, [role]))
    expect(answer.statusCode).toBe(status)
    expect(taken()).toEqual([expect.objectContaining({ action: 'GET /api/v1/audit', what: 'read', status })])
  })

  it('are not answered while what they show cannot be taken down', async () => {
    const full = await apiWorld([], { trail: auditTrail({ audit: memoryAudit(), log: silentLog, clock: Date.now, waitingMax: 0 }) })
    await full.runtime.create({ type: 'payment', id: 'pay_1' }, INPUT)
    const answer = await full.app.inject({ url: '/api/v1/actors/payment/pay_1', headers: full.admin })
    expect([answer.statusCode, answer.json()]).toEqual([503, expect.objectContaining({ code: 'overloaded' })])
    expect(answer.body).not.toContain(INPUT.phone)
    expect((await full.app.inject({ url: '/healthz' })).statusCode).toBe(200)
    await full.stop()
  })

  it('refuse a cursor of another list', async () => {
    const of = (kind: string, place: string) => Buffer.from(JSON.stringify([kind, place])).toString('base64url')
    for (const cursor of [of('actors', '1 a1'), of('audit', 'x a1'), of('audit', '12')]) expect((await call(`audit?cursor=${cursor}`)).json()).toMatchObject({ code: 'invalid-input' })
    expect((await call('audit?what=all')).statusCode).toBe(422)
  })
})

describe('the trail', () => {
  let audit: MemoryAudit
  beforeEach(() => {
    audit = memoryAudit()
  })
  const actions = () => audit.entries.map(({ action }) => action)

  it('gathers while an insert is on its way, and has written all when it stops', async () => {
    const trail = auditTrail({ audit, log: silentLog, clock: () => 5 })
    for (let n = 0; n < 100; n++) trail.record({ ...ENTRY, action: `GET /${n}` })
    await trail.stop()
    expect(actions()).toEqual(Array.from({ length: 100 }, (_, n) => `GET /${n}`))
    expect(audit.inserts).toBeLessThan(5)
    expect(audit.entries[0]).toMatchObject({ at: 5 })
  })

  it('keeps what the database cannot take now, in order, and lets nobody read on when it can keep no more', async () => {
    let isAway = true
    audit.failWith = () => (isAway ? new StoreUnavailableError('away') : undefined)
    const trail = auditTrail({ audit, log: silentLog, clock: () => 5, waitingMax: 2, retryMs: 60_000 })
    trail.record({ ...ENTRY, action: 'GET /1' })
    trail.demandRoom()
    trail.record({ ...ENTRY, action: 'GET /2' })
    expect(() => trail.demandRoom()).toThrow(expect.objectContaining({ code: 'overloaded' }) as Error)
    isAway = false
    await trail.stop()
    expect(actions()).toEqual(['GET /1', 'GET /2'])
    trail.demandRoom()
  })

  it('keeps no refusals beyond its bound, of which there may be any number, but everything that was shown', async () => {
    let logged = ''
    let isAway = true
    const log = createLogger({ level: 'info', destination: { write: (line: string) => void (logged += line) } })
    audit.failWith = () => (isAway ? new StoreUnavailableError('away') : undefined)
    const trail = auditTrail({ audit, log, clock: () => 5, waitingMax: 2, retryMs: 60_000 })
    for (const action of ['GET /1', 'GET /2']) trail.record({ ...ENTRY, action })
    for (let n = 0; n < 10; n++) trail.record({ ...ENTRY, action: 'GET /refused', status: 503 })
    trail.record({ ...ENTRY, action: 'GET /admitted-before' })
    isAway = false
    await trail.stop()
    expect(actions()).toEqual(['GET /1', 'GET /2', 'GET /admitted-before'])
    expect(logged).toMatch(/"calls":10/)
  })

  it('tries again by itself', async () => {
    let failures = 3
    const written = new Promise<void>((resolve) => {
      const add = audit.add.bind(audit)
      audit.add = async (entries) => {
        await add(entries)
        resolve()
      }
    })
    audit.failWith = () => (failures-- > 0 ? new StoreUnavailableError('away') : undefined)
    const trail = auditTrail({ audit, log: silentLog, clock: () => 5, retryMs: 1 })
    trail.record(ENTRY)
    await written
    expect(actions()).toEqual(['GET /x'])
    await trail.stop()
  })

  it('gives up an entry that the database refuses, and not its neighbours; the log has it without what was asked', async () => {
    let logged = ''
    const log = createLogger({ level: 'info', destination: { write: (line: string) => void (logged += line) } })
    audit.failWith = ({ action }) => (action === 'GET /bad' ? new Error('refused') : undefined)
    const trail = auditTrail({ audit, log, clock: () => 5 })
    for (const action of ['GET /first', 'GET /1', 'GET /bad', 'GET /2']) trail.record({ ...ENTRY, action, asked: { q: 'J***' } })
    await trail.stop()
    expect(actions()).toEqual(['GET /first', 'GET /1', 'GET /2'])
    expect(logged).toContain('GET /bad')
    expect(logged).not.toContain('J***')
  })

  it('says how much is lost when it must stop while the database is away', async () => {
    let logged = ''
    const log = createLogger({ level: 'info', destination: { write: (line: string) => void (logged += line) } })
    audit.failWith = () => new StoreUnavailableError('away')
    const trail = auditTrail({ audit, log, clock: () => 5, retryMs: 60_000 })
    trail.record(ENTRY)
    await trail.stop()
    expect(logged).toContain('entries of the audit are lost')
  })
})
