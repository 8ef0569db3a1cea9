/** The edge on the NATS side, over the real engine and the real actors (contract.md §4). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NO_SECOND_KEY, secondKey } from '../../../api/approvals/second-key.ts'
import { natsEdge } from '../../../api/nats/edge.ts'
import { silentLog, type ApiCall, type Command, type IntegrationEdge, type Json } from '../../../runtime/index.ts'
import { memoryPackageCatalogue, memoryPackages } from '../../support/api-ports.ts'
import { apiWorld, type World } from '../../support/api-world.ts'

let world: World
let edge: IntegrationEdge

beforeEach(async () => {
  world = await apiWorld()
  edge = natsEdge({ runtime: world.runtime, trail: world.trail, gate: secondKey({ runtime: world.runtime, packages: memoryPackages(), plans: memoryPackageCatalogue(), from: NO_SECOND_KEY, clock: Date.now }), apiKeys: world.keys, ...world.ports, packages: memoryPackages(), log: silentLog })
})
afterEach(() => world.stop())

const call = (endpoint: ApiCall['endpoint'], body: Json | undefined, headers: Record<string, string> = {}) => edge.call({ endpoint, body, headers: new Map(Object.entries(headers)) })
const command = (id: string, event: Command['event'], more: Partial<Command> = {}) =>
  edge.command({ address: { tenant: 'main', type: 'payment', id }, eventId: `e-${id}-${event.type}`, event, sentAt: 0, headers: new Map(), attempt: 1, ...more })

const payment = { phone: '254712345678', package: { id: 'hour-1', name: 'One hour', durationSeconds: 3_600 }, amount: 1_000, currency: 'KES' }

/** As the price list makes one. */
async function aPayment(phone = '0712345678'): Promise<string> {
  const { body } = await world.app.inject({ method: 'POST', url: '/api/payments/stk', payload: { phone_number: phone, package_id: 'hour' } })
  return (JSON.parse(body) as { payment_id: string }).payment_id
}

describe('calls', () => {
  it('answer as REST does', async () => {
    const id = await aPayment()
    const overRest = await world.app.inject({ url: `/api/v1/actors/payment/${id}`, headers: world.admin })
    expect(await call('get', { type: 'payment', id }, world.admin)).toEqual({ ok: true, body: overRest.json<object>() })
    const sent = await call('send', { type: 'payment', id, event: { type: 'payment.cancel' }, eventId: 'once' })
    expect(sent).toMatchObject({ ok: true, body: { outcome: 'applied' } })
    expect(await call('send', { type: 'payment', id, event: { type: 'payment.cancel' }, eventId: 'once' })).toMatchObject({ ok: true, body: { outcome: 'duplicate' } })
    expect(await call('send', { type: 'payment', id, event: { type: 'payment.cancel', reason: 'other' }, eventId: 'once' })).toMatchObject({ ok: false, status: 422, body: { code: 'idempotency-mismatch' } })
    expect(await call('send', { type: 'payment', id, event: { type: 'payment.cancel' }, ifSeq: 1 })).toMatchObject({ ok: false, status: 412, body: { code: 'stale-version' } })
  })

  it.each<[string, ApiCall['endpoint'], Json | undefined, number, string]>([
    ['no JSON', 'send', undefined, 422, 'invalid-input'],
    ['a list', 'get', [], 422, 'invalid-input'],
    ['an unknown field', 'get', { type: 'payment', id: 'x', wrong: 1 }, 422, 'invalid-input'],
    ['an unknown type', 'create', { type: 'nothing' }, 404, 'actor-type-unknown'],
    ['nobody', 'get', { type: 'payment', id: 'x' }, 404, 'actor-not-found'],
    ['an impossible id', 'get', { type: 'payment', id: 'a\u0000b' }, 404, 'actor-not-found'],
    ["the engine's own events", 'send', { type: 'payment', id: 'x', event: { type: 'xstate.init' } }, 422, 'invalid-event'],
    ['what only M-Pesa may say', 'send', { type: 'payment', id: 'x', event: { type: 'payment.callback' } }, 403, 'forbidden'],
    ['free internet', 'create', { type: 'payment', input: payment }, 403, 'forbidden'],
  ])('refuse %s with a problem', async (_what, endpoint, body, status, code) => {
    const reply = await call(endpoint, body)
    expect(reply).toMatchObject({ ok: false, status, body: { status, code, type: `urn:standing:problem:${code}`, instance: `nats:standing.api.${endpoint}` } })
    expect(JSON.stringify(reply)).not.toMatch(/node_modules|at .*\.ts/)
  })

  it('know of receipts that have credited another payment, and of phones with an open prompt', async () => {
    const [paid, other] = [await aPayment(), await aPayment('0722345678')]
    const approval = { type: 'payment.approve', receipt: 'NLJ7RT61SV', reason: 'seen on the statement' }
    for (const id of [paid, other]) await call('send', { type: 'payment', id, event: { type: 'payment.cancel' } }, world.admin)
    expect(await call('send', { type: 'payment', id: paid, event: approval }, world.admin)).toMatchObject({ ok: true })
    expect(await call('send', { type: 'payment', id: other, event: approval }, world.admin)).toMatchObject({ ok: false, status: 409, body: { code: 'event-not-accepted', errors: [{ pointer: '/receipt' }] } })
    const view = await world.runtime.get({ type: 'payment', id: other })
    expect(view).toMatchObject({ status: 'active' })
    await aPayment('0733345678')
    const input = { phone: '254733345678', package: (view?.context as { package: Json }).package, amount: 1_000, currency: 'KES' }
    expect(await call('create', { type: 'payment', input }, world.admin)).toMatchObject({ ok: false, status: 409, body: { code: 'prompt-open' } })
  })

  it('take the rights and the tenant of a key that comes with them', async () => {
    expect(await call('create', { type: 'payment', input: {} }, world.admin)).toMatchObject({ ok: false, status: 422 })
    expect(await call('get', { type: 'payment', id: 'x' }, { authorization: 'Bearer sk_nobody' })).toMatchObject({ ok: false, status: 401, body: { code: 'unauthenticated' } })
    expect(await call('get', { tenant: 'other', type: 'payment', id: 'x' }, world.admin)).toMatchObject({ ok: false, status: 403, body: { code: 'forbidden' } })
  })
})

describe('commands', () => {
  it('are taken once per id, under the trace that they came with', async () => {
    const id = await aPayment()
    const headers = new Map([['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']])
    for (let attempt = 1; attempt <= 2; attempt++) expect(await command(id, { type: 'payment.cancel' }, { headers, attempt })).toEqual({ outcome: 'done' })
    const rows = (await world.runtime.history({ type: 'payment', id })).filter(({ source }) => source === 'nats')
    expect(rows).toMatchObject([{ event: { type: 'payment.cancel' }, outcome: 'applied', correlationId: '0af7651916cd43dd8448eb211c80319c' }])
  })

  it('R8: what the state does not take is journaled as ignored; what is for nobody is parked', async () => {
    const id = await aPayment()
    await command(id, { type: 'payment.cancel' })
    expect(await command(id, { type: 'payment.cancel' }, { eventId: 'again' })).toEqual({ outcome: 'done' })
    expect((await world.runtime.history({ type: 'payment', id })).at(-1)).toMatchObject({ eventId: 'again', outcome: 'ignored' })
    expect(await command('nobody', { type: 'payment.cancel' })).toEqual({ outcome: 'done' })
    expect(await world.runtime.listParked({ limit: 9 })).toMatchObject([{ kind: 'undeliverable', eventId: 'e-nobody-payment.cancel' }])
  })

  it.each<[string, Partial<Command>, string]>([
    ['an unknown type', { address: { tenant: 'main', type: 'nothing', id: 'x' } }, 'actor-type-unknown'],
    ["the engine's own events", { event: { type: 'xstate.done' } }, 'invalid-event'],
    ['a wrong payload', { event: { type: 'payment.approve', receipt: 5 } }, 'forbidden'],
    ['an impossible id', { address: { tenant: 'main', type: 'payment', id: 'a b' } }, 'actor-not-found'],
  ])('%s can never be taken', async (_what, more, code) => {
    expect(await command('x', { type: 'payment.cancel' }, more)).toMatchObject({ outcome: 'refused', code })
  })

  it('wait while the engine takes none', async () => {
    await world.stop()
    expect(await command('x', { type: 'payment.cancel' })).toMatchObject({ outcome: 'later' })
  })
})

describe('AsyncAPI', () => {
  it('shows every command, every endpoint and the facts, with references that lead somewhere', async () => {
    const document = (await world.app.inject({ url: '/asyncapi.json' })).json<{
      asyncapi: string
      channels: Record<string, { address: string | null; messages: Record<string, { $ref: string }> }>
      operations: Record<string, { channel: { $ref: string } }>
      components: { messages: Record<string, { payload: { properties?: Record<string, unknown> } }> }
    }>()
    expect(document.asyncapi).toBe('3.0.0')
    expect(Object.values(document.channels).flatMap(({ address }) => address ?? [])).toEqual([
      'standing.cmd.{tenant}.{type}.{id}', 'standing.evt.{tenant}.{type}.{id}.{fact}', 'standing.dead.{stream}', 'standing.api.send', 'standing.api.get', 'standing.api.create',
      'payments', 'hotspot-users', 'private-dashboard-stats', 'private-user.{id}', 'private-actor.{type}.{id}',
    ])
    expect(document.components.messages['payment-payment-cancel']?.payload.properties?.['type']).toEqual({ const: 'payment.cancel' })
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    expect(refs.length).toBeGreaterThan(20)
    for (const path of refs) {
      const found = path.split('/').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document)
      expect(found, path).toBeDefined()
    }
  })
})
