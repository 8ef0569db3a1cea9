import { afterEach, describe, expect, it, vi } from 'vitest'
import { PROBLEM_STATUS } from '../../../api/http/problem.ts'
import { StandingError, type Runtime } from '../../../runtime/index.ts'
import { lampView } from '../../support/fake-runtime.ts'
import { testApp, type TestApp, type TestAppOptions } from '../../support/api-fakes.ts'

let test: TestApp
afterEach(() => test.app.close())

async function call(method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object, options: TestAppOptions = {}) {
  test = await testApp(options)
  return test.app.inject({ method, url, headers: test.as('admin'), ...(payload === undefined ? {} : { payload }) })
}

const by = { reason: 'customer called', by: 'key:k_key-of-a' }

describe('steering', () => {
  const timer = { id: 'burn', event: 'xstate.after', dueAt: '2026-01-02T00:00:00Z', armedAt: '2026-01-01T00:00:00Z' }

  it('lists, moves and fires timers', async () => {
    const moveTimer = vi.fn(async () => lampView())
    const fireTimer = vi.fn(async () => ({ outcome: 'applied' as const, seq: 4, facts: [], actor: lampView() }))
    expect((await call('GET', '/api/v1/actors/lamp/a/timers', undefined, { runtime: { timers: async () => [timer], moveTimer, fireTimer } })).json()).toEqual({ data: [timer] })
    const moved = await test.app.inject({ method: 'PATCH', url: '/api/v1/actors/lamp/a/timers/burn', headers: test.as('admin'), payload: { dueAt: '2026-02-01T00:00:00Z', reason: 'customer called' } })
    expect(moved.statusCode).toBe(200)
    expect(moveTimer).toHaveBeenCalledWith({ tenant: 'main', type: 'lamp', id: 'a' }, 'burn', Date.parse('2026-02-01T00:00:00Z'), by)
    await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/timers/burn/fire', headers: test.as('admin'), payload: { reason: 'customer called' } })
    expect(fireTimer).toHaveBeenCalledWith(expect.anything(), 'burn', by)
  })

  it.each([{}, { reason: '' }, { reason: '   ' }, { reason: 'x', why: 'y' }, { reason: 'x'.repeat(501) }])('asks for a reason: %j', async (payload) => {
    expect((await call('POST', '/api/v1/actors/lamp/a/block', payload)).statusCode).toBe(422)
  })

  it('asks for a body', async () => {
    expect((await call('POST', '/api/v1/actors/lamp/a/block')).statusCode).toBe(422)
  })

  it.each(['block', 'unblock'] as const)('can %s', async (action) => {
    const act = vi.fn(async () => lampView())
    await call('POST', `/api/v1/actors/lamp/a/${action}`, { reason: 'customer called' }, { runtime: { [action]: act } })
    expect(act).toHaveBeenCalledWith({ tenant: 'main', type: 'lamp', id: 'a' }, by)
  })
})

describe('repair', () => {
  const parked = {
    eventId: 'main/payment/p/3/0', address: { tenant: 'main', type: 'lamp', id: 'a' }, slice: 1, kind: 'poison' as const, eventType: 'toggle', delivery: '{"event":{"type":"toggle","phone":"254708374149"}}',
    error: '{"name":"TypeError","message":"boom","stack":"at secret.ts:1"}', at: 0, position: 7,
  }

  it('lists parked events without stacks, by page', async () => {
    const listParked = vi.fn(async () => [parked, { ...parked, position: 9 }])
    const response = await call('GET', '/api/v1/parked?kind=poison&limit=1', undefined, { runtime: { listParked } })
    expect(response.json()).toMatchObject({ data: [{ eventId: parked.eventId, type: 'lamp', id: 'a', kind: 'poison', error: { name: 'TypeError', message: 'boom' }, at: '1970-01-01T00:00:00.000Z' }] })
    expect(response.body).not.toContain('secret.ts')
    const { nextCursor } = response.json<{ nextCursor: string }>()
    await test.app.inject({ url: `/api/v1/parked?cursor=${nextCursor}`, headers: test.as('admin') })
    expect(listParked).toHaveBeenLastCalledWith({ tenant: 'main', kind: undefined, limit: 51, afterPosition: 7 })
  })

  it.each(['retry', 'skip', 'discard'] as const)('%s takes an event id with slashes, URL-encoded', async (action) => {
    const act = vi.fn(async () => undefined)
    const response = await call('POST', `/api/v1/parked/${encodeURIComponent(parked.eventId)}/${action}`, { reason: 'customer called' }, { runtime: { [`${action}Parked`]: act } })
    expect([response.statusCode, response.json()]).toEqual([200, { done: true }])
    expect(act).toHaveBeenCalledWith('main', parked.eventId, by)
  })

  const effect = {
    key: 'main/lamp/a/3/0', address: { tenant: 'main', type: 'lamp', id: 'a' }, slice: 1, name: 'buzz', kind: 'action' as const, childId: null, lane: 'default', input: '{"phone":"254708374149"}', status: 'failed' as const,
    attempts: 5, nextAttemptAt: 0, lastError: '{"name":"Error","message":"refused"}', createdAt: 0, correlationId: 'c',
  }

  it('lists effects without their input', async () => {
    const response = await call('GET', '/api/v1/effects?status=failed', undefined, { runtime: { listEffects: async () => [effect] } })
    expect(response.json()).toMatchObject({ data: [{ key: effect.key, status: 'failed', attempts: 5, nextAttemptAt: null, lastError: { message: 'refused' } }], nextCursor: null })
    expect(response.body).not.toContain('254708374149')
  })

  it.each(['retry', 'cancel'] as const)('can %s an effect of the own tenant only', async (action) => {
    const act = vi.fn(async () => undefined)
    const response = await call('POST', `/api/v1/effects/${encodeURIComponent(effect.key)}/${action}`, { reason: 'customer called' }, { runtime: { [`${action}Effect`]: act } })
    expect(response.statusCode).toBe(200)
    expect(act).toHaveBeenCalledWith(effect.key, by)
    const other = await test.app.inject({ method: 'POST', url: `/api/v1/effects/${encodeURIComponent('acme/lamp/a/3/0')}/${action}`, headers: test.as('admin'), payload: { reason: 'x' } })
    expect(other.json()).toMatchObject({ status: 404, code: 'effect-not-found' })
    expect(act).toHaveBeenCalledTimes(1)
  })
})

describe('insight', () => {
  it('tells what is next', async () => {
    const next = { events: [{ event: 'toggle', accepted: null, to: ['on'], refusedBy: [{ guard: 'hasPower', phrase: 'It has power.' }] }], timers: [] }
    expect((await call('GET', '/api/v1/actors/lamp/a/next', undefined, { runtime: { next: async () => next } })).json()).toEqual(next)
  })

  it('runs dry', async () => {
    const run = { accepted: true, from: 'off', to: 'on', effects: [{ name: 'buzz', input: null }], messages: [], facts: [], timers: [{ id: 'burn', dueAt: '2026-01-01T00:00:00Z' }], refusedBy: [] }
    const dryRun = vi.fn(async () => run)
    expect((await call('POST', '/api/v1/actors/lamp/a/dry-run', { type: 'toggle' }, { runtime: { dryRun } })).json()).toEqual(run)
    expect((await call('POST', '/api/v1/actors/lamp/a/dry-run', {})).json()).toMatchObject({ code: 'invalid-event' })
  })
})

describe('sandbox', () => {
  function sandbox(isShared = false) {
    let now = Date.parse('2026-01-31T00:00:00Z')
    const advance = vi.fn(async (ms: number) => void (now += ms))
    return { now: () => now, isShared: async () => isShared, advance, outbox: (tenant: string) => [{ id: '1', channel: 'sms' as const, to: '254708374149', text: `hello ${tenant}`, at: '2026-01-01T00:00:00Z' }] }
  }

  it.each([['P30D', '2026-03-02T00:00:00.000Z'], ['PT1H30M', '2026-01-31T01:30:00.000Z'], ['P1M', '2026-02-28T00:00:00.000Z'], ['P1W', '2026-02-07T00:00:00.000Z'], ['PT0.5S', '2026-01-31T00:00:00.500Z']])('moves the clock by %s', async (advance, now) => {
    expect((await call('POST', '/api/v1/sandbox/clock', { advance }, { sandbox: sandbox() })).json()).toEqual({ now })
  })

  it.each(['30 days', 'P', 'PT', '-P1D', 'P1H', 'P11Y', ''])('refuses %j', async (advance) => {
    expect((await call('POST', '/api/v1/sandbox/clock', { advance }, { sandbox: sandbox() })).json()).toMatchObject({ status: 422, errors: [{ pointer: '/advance' }] })
  })

  it('does not move the clock of one node of several', async () => {
    const shared = sandbox(true)
    expect((await call('POST', '/api/v1/sandbox/clock', { advance: 'P1D' }, { sandbox: shared })).json()).toMatchObject({ status: 422, errors: [{ pointer: '/advance' }] })
    expect(shared.advance).not.toHaveBeenCalled()
  })

  it('shows what was sent, and does not exist in production', async () => {
    expect((await call('GET', '/api/v1/sandbox/outbox', undefined, { sandbox: sandbox() })).json()).toMatchObject({ data: [{ text: 'hello main' }] })
    await test.app.close()
    expect((await call('GET', '/api/v1/sandbox/outbox')).json()).toMatchObject({ status: 404, code: 'route-not-found' })
    expect((await test.app.inject({ method: 'POST', url: '/api/v1/sandbox/clock', headers: test.as('admin'), payload: { advance: 'P1D' } })).statusCode).toBe(404)
  })
})

describe('health', () => {
  it('lives and is ready', async () => {
    expect((await call('GET', '/healthz')).json()).toEqual({ status: 'ok' })
    expect((await test.app.inject('/readyz')).json()).toEqual({ status: 'ready', checks: { store: 'ok' } })
  })

  it('is not ready when a part is missing', async () => {
    const response = await call('GET', '/readyz', undefined, { readiness: { check: async () => ({ ready: false, checks: { store: 'no connection' } }) } })
    expect(response.statusCode).toBe(503)
    expect(response.json()).toMatchObject({ code: 'not-ready', checks: { store: 'no connection' } })
  })

  it('shows metrics of the engine, of requests and of hooks', async () => {
    await call('GET', '/api/v1/actors/lamp/a')
    const response = await test.app.inject('/metrics')
    expect(response.headers['content-type']).toContain('text/plain')
    for (const line of ['standing_http_request_duration_seconds_count{method="GET",route="/api/v1/actors/:type/:id",status="200"} 1', 'standing_waiting_events 1', 'standing_effects{lane="default",state="queued"} 3']) {
      expect(response.body).toContain(line)
    }
  })
})

describe('closing', () => {
  it('lets a long poll answer, and closes at once', async () => {
    const waitFor: Runtime['waitFor'] = (_address, _predicate, { signal }) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve(undefined)))
    const pending = lampView({ type: 'payment', id: 'pay_00000000', states: ['awaiting'], context: { amount: 100, currency: 'KES' } })
    test = await testApp({ runtime: { get: async () => pending, waitFor } })
    const address = await test.app.listen({ port: 0, host: '127.0.0.1' })
    const polling = fetch(`${address}/api/payments/pay_00000000?wait=30s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const began = Date.now()
    const [response] = await Promise.all([polling, test.app.close()])
    expect(await response.json()).toMatchObject({ status: 'awaiting' })
    expect(Date.now() - began).toBeLessThan(1_000)
  })
})

describe('the OpenAPI document', () => {
  interface Document {
    openapi: string
    paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, unknown>; description: string }>; security?: unknown }>>
    components: { schemas: Record<string, unknown> }
  }

  it('has every route and every problem, and is open to new fields', async () => {
    const sandbox = { now: Date.now, isShared: async () => false, advance: async () => undefined, outbox: () => [] }
    const document = (await call('GET', '/openapi.json', undefined, { sandbox })).json<Document>()
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/channels',
      '/api/packages',
      '/api/payments/stk',
      '/api/payments/{payment_id}',
      '/api/payments/{payment_id}/claim',
      '/api/payments/{payment_id}/events',
      '/api/payments/{payment_id}/login',
      '/api/v1/actors/{type}',
      '/api/v1/actors/{type}/{id}',
      '/api/v1/actors/{type}/{id}/block',
      '/api/v1/actors/{type}/{id}/dry-run',
      '/api/v1/actors/{type}/{id}/events',
      '/api/v1/actors/{type}/{id}/history',
      '/api/v1/actors/{type}/{id}/next',
      '/api/v1/actors/{type}/{id}/timers',
      '/api/v1/actors/{type}/{id}/timers/{timerId}',
      '/api/v1/actors/{type}/{id}/timers/{timerId}/fire',
      '/api/v1/actors/{type}/{id}/unblock',
      '/api/v1/approvals',
      '/api/v1/audit',
      '/api/v1/cluster',
      '/api/v1/effects',
      '/api/v1/effects/retry',
      '/api/v1/effects/{key}/cancel',
      '/api/v1/effects/{key}/retry',
      '/api/v1/events',
      '/api/v1/hooks/{id}/dry-run',
      '/api/v1/ledger/accounts',
      '/api/v1/ledger/entries',
      '/api/v1/machines',
      '/api/v1/machines/{type}',
      '/api/v1/metrics/dashboard',
      '/api/v1/opt-outs',
      '/api/v1/opt-outs/{phone}',
      '/api/v1/packages',
      '/api/v1/packages/{id}',
      '/api/v1/parked',
      '/api/v1/parked/{eventId}/discard',
      '/api/v1/parked/{eventId}/retry',
      '/api/v1/parked/{eventId}/skip',
      '/api/v1/payments/{id}/timeline',
      '/api/v1/sandbox/clock',
      '/api/v1/sandbox/outbox',
      '/api/v1/search',
      '/api/v1/statements',
      '/api/v1/statements/unexplained',
      '/api/v1/stream',
      '/api/v1/stream/tickets',
      '/api/v1/subscriptions',
      '/api/v1/subscriptions/{id}/logins',
      '/api/v1/subscriptions/{id}/package',
      '/broadcasting/auth',
      '/healthz',
      '/hooks/daraja/{secret}/c2b/confirmation',
      '/hooks/daraja/{secret}/c2b/validation',
      '/hooks/daraja/{secret}/result',
      '/hooks/daraja/{secret}/result/{payment_id}',
      '/hooks/daraja/{secret}/stk',
      '/hooks/daraja/{secret}/stk/{payment_id}',
      '/hooks/daraja/{secret}/timeout',
      '/hooks/daraja/{secret}/timeout/{payment_id}',
      '/hooks/sms/{secret}/delivery',
      '/hooks/sms/{secret}/inbound',
      '/hooks/sms/{secret}/opt-out',
      '/hooks/twilio/{secret}/inbound',
      '/hooks/twilio/{secret}/status',
      '/metrics',
      '/radius/accounting',
      '/radius/authorize',
      '/radius/post-auth',
      '/radius/rejected',
      '/readyz',
    ])
    const send = document.paths['/api/v1/actors/{type}/{id}/events']?.['post']
    expect(Object.keys(send?.responses ?? {})).toEqual(['200', '401', '403', '404', '409', '412', '413', '415', '422', '423', '500', '503'])
    expect(send?.security).toEqual([{ apiKey: [] }])
    expect(JSON.stringify(send?.responses['409'])).toContain('application/problem+json')
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Actor', 'Problem', 'Event']))
    expect(JSON.stringify(document.components.schemas['Actor'])).not.toContain('"additionalProperties":false')
  })

  it('knows every code that is thrown', async () => {
    test = await testApp()
    expect(Object.keys(PROBLEM_STATUS)).toEqual(expect.arrayContaining(['unauthenticated', 'forbidden', 'actor-type-unknown', 'prompt-open', 'rate-limited', 'internal', new StandingError('overloaded').code]))
  })
})
