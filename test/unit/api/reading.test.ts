import { afterEach, describe, expect, it, vi } from 'vitest'
import { StandingError, type ClusterView, type Runtime } from '../../../runtime/index.ts'
import { lampView } from '../../support/fake-runtime.ts'
import { testApp, type TestApp } from '../../support/api-fakes.ts'

let test: TestApp
afterEach(() => test.app.close())

async function get(url: string, runtime: Partial<Runtime> = {}, headers: Record<string, string> = {}) {
  test = await testApp({ runtime })
  return test.app.inject({ url, headers: { ...test.as('admin'), ...headers } })
}

describe('GET /api/v1/actors/{type}/{id}', () => {
  it('answers with the view and its ETag, and 304 to whoever has it', async () => {
    const response = await get('/api/v1/actors/lamp/a')
    expect(response.json()).toEqual(lampView())
    expect(response.headers['etag']).toBe('"3"')
    const again = await test.app.inject({ url: '/api/v1/actors/lamp/a', headers: { ...test.as('admin'), 'if-none-match': 'W/"2", "3"' } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })

  it.each([
    ['/api/v1/actors/lamp/b', 404, 'actor-not-found'],
    ['/api/v1/actors/Lamp!/a', 404, 'actor-type-unknown'],
    ['/api/v1/actors/rocket/a', 404, 'actor-type-unknown'],
    ['/api/v1/actors/lamp/%E0%A4%A', 404, 'route-not-found'],
    ['/api/v1/actors/lamp/a?seq=0', 422, 'invalid-input'],
    ['/api/v1/actors/lamp/a?seq=-1', 422, 'invalid-input'],
    ['/api/v1/actors/lamp/a?at=yesterday', 422, 'invalid-input'],
    ['/api/v1/actors/lamp/a?at=2026-01-01T00:00:00Z&seq=1', 422, 'invalid-input'],
    ['/api/v1/actors/lamp/a?colour=red', 422, 'invalid-input'],
    ['/api/v1/actors/lamp/a?seq=1&seq=2', 422, 'invalid-input'],
    ['/api/v1/nothing', 404, 'route-not-found'],
  ])('%s -> %i %s', async (url, status, code) => {
    const response = await get(url)
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toContain('application/problem+json')
    expect(response.json()).toMatchObject({ code, status })
  })

  it('refuses a very long id', async () => {
    expect((await get(`/api/v1/actors/lamp/${'x'.repeat(2_000)}`)).json()).toMatchObject({ status: 404, code: 'route-not-found' })
  })

  it('reads the actor as it was', async () => {
    const getAsOf = vi.fn(async () => lampView({ seq: 1 }))
    const response = await get('/api/v1/actors/lamp/a?at=2026-01-01T00:00:00%2B03:00', { getAsOf })
    expect(response.headers['etag']).toBe('"1"')
    expect(getAsOf).toHaveBeenCalledWith({ tenant: 'main', type: 'lamp', id: 'a' }, { at: Date.parse('2025-12-31T21:00:00Z') })
  })

  it('knows no actor after a step that was not taken yet', async () => {
    const getAsOf = async () => lampView({ seq: 3 })
    expect((await get('/api/v1/actors/lamp/a?seq=3', { getAsOf })).json()).toMatchObject({ seq: 3 })
    await test.app.close()
    expect((await get('/api/v1/actors/lamp/a?seq=99', { getAsOf })).json()).toMatchObject({ status: 404, code: 'actor-not-found' })
  })

  it('answers 405 with Allow to a method that the address does not take', async () => {
    test = await testApp()
    const response = await test.app.inject({ method: 'DELETE', url: '/api/v1/actors/lamp/a', headers: test.as('admin') })
    expect(response.statusCode).toBe(405)
    expect(response.headers['allow']).toContain('GET')
    expect(response.json()).toMatchObject({ code: 'method-not-allowed' })
  })
})

describe('GET /api/v1/actors/{type}', () => {
  it('passes every filter on and gives an opaque cursor that leads on', async () => {
    const list = vi.fn(async () => ({ data: [lampView()], nextCursor: 'a' }))
    const first = await get('/api/v1/actors/lamp?state=on&tag=bright&status=active&updatedSince=2026-01-01T00:00:00Z&limit=1', { list })
    expect(list).toHaveBeenCalledWith({ tenant: 'main', type: 'lamp', state: 'on', tag: 'bright', status: 'active', updatedSince: Date.parse('2026-01-01T00:00:00Z'), limit: 1, afterId: undefined })
    const { nextCursor } = first.json<{ nextCursor: string }>()
    expect(nextCursor).not.toBe('a')
    await test.app.inject({ url: `/api/v1/actors/lamp?cursor=${nextCursor}`, headers: test.as('admin') })
    expect(list).toHaveBeenLastCalledWith(expect.objectContaining({ afterId: 'a', limit: 50 }))
  })

  it.each(['limit=0', 'limit=201', 'limit=ten', 'status=happy', 'updatedSince=1', 'cursor=rubbish', `cursor=${Buffer.from('["parked",1]').toString('base64url')}`])('refuses %s', async (query) => {
    const response = await get(`/api/v1/actors/lamp?${query}`)
    expect(response.statusCode).toBe(422)
    expect(response.json<{ errors: unknown[] }>().errors).toHaveLength(1)
  })
})

describe('POST /api/v1/actors/{type}', () => {
  async function create(payload: object, headers: Record<string, string> = {}, runtime: Partial<Runtime> = {}) {
    test = await testApp({ runtime: { create: async () => lampView({ id: 'lmp_1' }), ...runtime } })
    return test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp', headers: { ...test.as('admin'), ...headers }, payload })
  }

  it('answers 201 with Location', async () => {
    const response = await create({ input: { watts: 5 } })
    expect(response.statusCode).toBe(201)
    expect(response.headers['location']).toBe('/api/v1/actors/lamp/lmp_1')
  })

  it('makes the same id of the same Idempotency-Key', async () => {
    const created = vi.fn(async () => lampView())
    await create({}, { 'idempotency-key': 'k' }, { create: created })
    await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp', headers: { ...test.as('admin'), 'idempotency-key': 'k' }, payload: {} })
    const ids = created.mock.calls.map(([address]: unknown[]) => (address as { id: string }).id)
    expect(ids[0]).toMatch(/^lmp_[0-9a-f]{32}$/)
    expect(ids[1]).toBe(ids[0])
  })

  it('points into the body for what is wrong with the input', async () => {
    const response = await create({ input: {} }, {}, {
      create: async () => {
        throw new StandingError('invalid-input', 'no', { errors: [{ pointer: '/watts', detail: 'is missing' }] })
      },
    })
    expect(response.json()).toMatchObject({ errors: [{ pointer: '/input/watts', detail: 'is missing' }] })
  })

  it.each([[{ id: 'no spaces' }, '/id'], [{ id: 'x'.repeat(65) }, '/id'], [{ id: '' }, '/id'], [{ ID: 'a' }, '/ID'], [{ id: 7 }, '/id']])('refuses %j', async (payload, pointer) => {
    const response = await create(payload)
    expect(response.statusCode).toBe(422)
    expect(response.json()).toMatchObject({ code: 'invalid-input', errors: [{ pointer }] })
  })
})

describe('history', () => {
  const entry = (seq: number) => ({
    seq, at: '2026-01-01T00:00:00Z', event: { type: 'toggle' }, eventId: `e${seq}`, outcome: 'applied' as const, from: 'off', to: 'on',
    facts: [], effects: [], timers: [], source: 's', correlationId: 'c', causationId: null, version: '1',
  })

  it('pages in both directions', async () => {
    const history = vi.fn(async () => [entry(5), entry(4), entry(3)])
    const response = await get('/api/v1/actors/lamp/a/history?limit=2&order=desc', { history })
    const { data, nextCursor } = response.json<{ data: { seq: number }[]; nextCursor: string }>()
    expect(data.map(({ seq }) => seq)).toEqual([5, 4])
    await test.app.inject({ url: `/api/v1/actors/lamp/a/history?limit=2&order=desc&cursor=${nextCursor}`, headers: test.as('admin') })
    expect(history).toHaveBeenLastCalledWith(expect.anything(), { limit: 3, order: 'desc', afterSeq: 4 })
    const mixed = await test.app.inject({ url: `/api/v1/actors/lamp/a/history?order=asc&cursor=${nextCursor}`, headers: test.as('admin') })
    expect(mixed.statusCode).toBe(422)
  })
})

describe('machines', () => {
  const stateCounts: Runtime['stateCounts'] = async () => [
    { type: 'lamp', state: 'off', status: 'active', count: 3 },
    { type: 'lamp', state: 'on', status: 'active', count: 2 },
    { type: 'lamp', state: 'broken', status: 'done', count: 1 },
  ]

  it('shows who is there and who owns what', async () => {
    const cluster: ClusterView = {
      node: 'n1',
      nodes: [{ node: 'n1', address: 'http://10.0.0.1:3000', startedAt: '2026-01-01T00:00:00.000Z', seenAt: '2026-01-01T00:00:01.000Z', isLive: true, slices: 1 }],
      slices: [{ slice: 0, owner: 'n1', epoch: 3, leaseUntil: '2026-01-01T00:00:07.000Z' }, { slice: 1, owner: null, epoch: 0, leaseUntil: null }],
      lags: { outbox: { waiting: 2, oldestAt: '2026-01-01T00:00:00.000Z' }, mail: { waiting: 4, slices: [{ slice: 0, waiting: 4 }] } },
      bus: { isConnected: false, problem: 'the broker is away' },
    }
    const response = await get('/api/v1/cluster', { cluster: async () => cluster })
    expect(response.json()).toEqual(cluster)
  })

  it('counts per status and state', async () => {
    const response = await get('/api/v1/machines', { stateCounts })
    expect(response.json()).toEqual({ data: [{ type: 'lamp', version: '1', actors: { active: 5, done: 1 }, states: { off: 3, on: 2, broken: 1 } }] })
  })

  it('draws one', async () => {
    const machines: Runtime['machines'] = async () => [
      { type: 'lamp', version: '1', hash: 'h1', definition: '{}', deployedAt: 0 },
      { type: 'lamp', version: '0', hash: 'h0', definition: '{"id":"old"}', deployedAt: 0 },
    ]
    const response = await get('/api/v1/machines/lamp', { machines })
    const body = response.json<{ definition: { states: { id: string }[]; guards: string[]; delays: string[] }; words: unknown }>()
    expect(body).toMatchObject({ type: 'lamp', version: '1', current: true, hash: 'h1', words: { states: { off: { staff: 'It is dark.' } } } })
    expect(body.definition.guards).toEqual(['hasPower'])
    expect(body.definition.delays).toEqual(['burnTime'])
    expect(body.definition.states).toMatchObject([
      { id: '', initial: 'off', parent: null },
      { id: 'off', parent: '', description: 'No light.', transitions: [{ on: 'event', name: 'toggle', target: ['on'], guard: 'hasPower' }] },
      { id: 'on', tags: ['bright'], entry: ['buzz'], transitions: [{ name: 'toggle', target: ['off'] }, { on: 'after', name: 'burnTime', target: ['broken'] }] },
      { id: 'broken', type: 'final' },
    ])
    const old = await test.app.inject({ url: '/api/v1/machines/lamp?version=0', headers: test.as('admin') })
    expect(old.json()).toMatchObject({ current: false, definition: { id: 'old' } })
    const none = await test.app.inject({ url: '/api/v1/machines/lamp?version=9', headers: test.as('admin') })
    expect(none.statusCode).toBe(404)
  })
})

describe('search', () => {
  it.each([
    ['0708 374 149', '254708374149'],
    ['+254 708 374149', '254708374149'],
    ['aabb.ccdd.eeff', 'AA:BB:CC:DD:EE:FF'],
    ['nlj7rt61sv', 'NLJ7RT61SV'],
  ])('looks for %s as %s', async (q, wanted) => {
    const search = vi.fn(async () => [{ identifier: { kind: 'phone', value: wanted }, address: { tenant: 'main', type: 'lamp', id: 'a' } }])
    const response = await get(`/api/v1/search?q=${encodeURIComponent(q)}`, { search })
    expect(search).toHaveBeenCalledWith({ tenant: 'main', values: expect.arrayContaining([wanted]) as string[], limit: 50 })
    expect(response.json()).toEqual({ data: [{ kind: 'phone', match: wanted, type: 'lamp', id: 'a', status: 'active', phrase: 'It is dark.', updatedAt: lampView().updatedAt }] })
  })

  it('finds by id, and masks what matched for a viewer', async () => {
    test = await testApp({
      runtime: {
        get: async ({ id }) => (id === 'lmp_1' || id === 'a' ? lampView({ id }) : undefined),
        search: async ({ values }) => (values.includes('254708374149') ? [{ identifier: { kind: 'phone', value: '254708374149' }, address: { tenant: 'main', type: 'lamp', id: 'a' } }] : []),
      },
    })
    const find = async (q: string) => (await test.app.inject({ url: `/api/v1/search?q=${encodeURIComponent(q)}`, headers: test.as('viewer') })).json<{ data: { kind: string; match: string }[] }>().data
    expect(await find('lmp_1')).toMatchObject([{ kind: 'id', id: 'lmp_1' }])
    expect(await find('lamp/a')).toMatchObject([{ kind: 'id', id: 'a' }])
    expect(await find('0708374149')).toMatchObject([{ kind: 'phone', match: '2547*****149' }])
    expect(await find('nobody')).toEqual([])
  })

  it.each(['', 'q=', 'q=%20'])('refuses ?%s', async (query) => {
    expect((await get(`/api/v1/search?${query}`)).statusCode).toBe(422)
  })
})
