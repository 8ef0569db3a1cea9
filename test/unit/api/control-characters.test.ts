/** No address and no body with control characters reaches the database, which would fail on them; each is answered in the words of the contract. */
import { afterEach, describe, expect, it } from 'vitest'
import { registry } from '../../../actors/registry.ts'
import { StandingError, type Runtime } from '../../../runtime/index.ts'
import { testApp, type TestApp } from '../../support/api-fakes.ts'

let test: TestApp
afterEach(() => test.app.close())

/** Nothing is prepared but the types: whatever got through to the engine would be a failure of ours. */
async function ask(method: 'GET' | 'POST' | 'PATCH', url: string, payload?: unknown) {
  test = await testApp()
  const body = payload === undefined ? {} : { payload: JSON.stringify(payload), headers: { ...test.as('admin'), 'content-type': 'application/json' } }
  return test.app.inject({ method, url, headers: test.as('admin'), ...body })
}

const reason = { reason: 'x' }

describe('a control character in a path', () => {
  it.each([
    ['GET', '/api/v1/actors/lamp/%00', undefined, 'actor-not-found'],
    ['GET', '/api/v1/actors/lamp/a%1Bb', undefined, 'actor-not-found'],
    ['GET', '/api/v1/actors/lamp/a%C2%85', undefined, 'actor-not-found'],
    ['GET', '/api/v1/actors/lamp/%00/history', undefined, 'actor-not-found'],
    ['GET', '/api/v1/actors/lamp/%00/next', undefined, 'actor-not-found'],
    ['GET', '/api/v1/actors/%00', undefined, 'actor-type-unknown'],
    ['POST', '/api/v1/actors/%00', {}, 'actor-type-unknown'],
    ['GET', '/api/v1/machines/%00', undefined, 'actor-type-unknown'],
    ['POST', '/api/v1/actors/lamp/%00/events', { type: 'toggle' }, 'actor-not-found'],
    ['POST', '/api/v1/actors/lamp/%00/dry-run', { type: 'toggle' }, 'actor-not-found'],
    ['POST', '/api/v1/actors/lamp/%00/block', reason, 'actor-not-found'],
    ['POST', '/api/v1/actors/lamp/a/timers/%00/fire', reason, 'timer-not-found'],
    ['POST', '/api/v1/parked/%00/skip', reason, 'parked-not-found'],
    ['POST', '/api/v1/effects/main%2Flamp%2F%00%2F1%2F1/retry', reason, 'effect-not-found'],
    ['GET', '/api/payments/pay_0000%000', undefined, 'payment-not-found'],
  ] as const)('%s %s', async (method, url, payload, code) => {
    expect((await ask(method, url, payload)).json()).toMatchObject({ status: 404, code })
  })

  it('tells nothing without a key', async () => {
    test = await testApp()
    expect((await test.app.inject({ url: '/api/v1/actors/lamp/%00' })).statusCode).toBe(401)
  })
})

describe('a control character in a query', () => {
  const cursor = Buffer.from('["actors","\\u0000"]').toString('base64url')
  it.each([
    ['/api/v1/actors/lamp?state=%00', '/state'],
    ['/api/v1/actors/lamp?tag=a%1F', '/tag'],
    [`/api/v1/actors/lamp?cursor=${cursor}`, '/cursor'],
    ['/api/v1/search?q=%00', '/q'],
    ['/api/v1/search?q=0712%00345678', '/q'],
    ['/api/v1/machines/lamp?version=%7F', '/version'],
  ])('%s', async (url, pointer) => {
    expect((await ask('GET', url)).json()).toMatchObject({ status: 422, code: 'invalid-input', errors: [{ pointer, in: 'query' }] })
  })
})

describe('a body', () => {
  const order = { phone_number: '0708374149', package_id: 'hour' }
  it.each([
    ['/api/payments/stk', { ...order, package_id: 'ho\0ur' }, '/package_id'],
    ['/api/payments/stk', { ...order, package_id: 'ho\u001bur' }, '/package_id'],
    ['/api/payments/stk', { ...order, package_id: 'ho\ud800ur' }, '/package_id'],
    ['/api/payments/stk', { ...order, mac_address: '\0' }, '/mac_address'],
    ['/api/v1/actors/lamp', { input: { list: [{ 'a/b': 'x\0' }] } }, '/input/list/0/a~1b'],
    ['/api/v1/actors/lamp', { input: { 'x\0': 1 } }, '/input'],
    ['/api/v1/actors/lamp/a/events', { type: 'tog\0gle' }, '/type'],
    ['/api/v1/events', { events: [{ type: 'lamp', id: '\u0007', event: { type: 'toggle' } }] }, '/events/0/id'],
    ['/api/v1/actors/lamp/a/block', { reason: 'be\u0007ll' }, '/reason'],
  ])('%s with %j', async (url, payload, pointer) => {
    expect((await ask('POST', url, payload)).json()).toMatchObject({ status: 422, code: 'invalid-input', errors: [{ pointer }] })
  })

  it('may hold lines, letters of all kinds, and the text of an escape', async () => {
    const block: Runtime['block'] = async (_to, action) => {
      throw new StandingError('actor-done', action.reason)
    }
    test = await testApp({ runtime: { block } })
    const payload = '{"reason":"one\\ntwo \\ud83d\\ude00 é \\\\u0000"}'
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/block', headers: { ...test.as('admin'), 'content-type': 'application/json' }, payload })
    expect(response.json()).toMatchObject({ status: 409, detail: 'one\ntwo 😀 é \\u0000' })
  })
})

describe('what the database said', () => {
  const said = new Error('duplicate key value violates unique constraint "open_prompts_pkey"')
  const refused: Runtime['create'] = async () => {
    throw new StandingError('invalid-input', said.message, { cause: said })
  }
  const input = { phone: '254708374149', amount: 1, currency: 'KES' }
  const create = async (open: string | undefined, make = refused) => {
    test = await testApp({ runtime: { definitions: () => registry, create: make }, openPrompts: { find: async (_tenant, phone) => (phone === input.phone && open !== undefined ? { paymentId: open } : undefined) } })
    return test.app.inject({ method: 'POST', url: '/api/v1/actors/payment', headers: test.as('admin'), payload: { id: 'pay_1', input } })
  }

  it('about a phone with an open prompt is 409, as for customers', async () => {
    const response = await create('pay_other')
    expect(response.json()).toMatchObject({ status: 409, code: 'prompt-open' })
    expect(response.body).not.toMatch(/pay_other|duplicate/)
  })

  it('is told to nobody', async () => {
    const response = await create(undefined)
    expect(response.json()).toMatchObject({ status: 422, code: 'invalid-input' })
    expect(response.body).not.toMatch(/duplicate|pkey/)
  })

  it('is not asked about what the engine refused by itself', async () => {
    const response = await create('pay_other', async () => {
      throw new StandingError('invalid-input', 'the input does not fit', { errors: [{ pointer: '/amount', detail: 'too small' }] })
    })
    expect(response.json()).toMatchObject({ status: 422, detail: 'the input does not fit', errors: [{ pointer: '/input/amount' }] })
  })

  it('of an event that holds its actor is told to nobody', async () => {
    const send: Runtime['send'] = async () => {
      throw new StandingError('actor-blocked', `the actor is held: event 'payment.callback' failed: ${said.message}\nin two lines`)
    }
    test = await testApp({ runtime: { send } })
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/actors/lamp/a/events', headers: test.as('admin'), payload: { type: 'toggle' } })
    expect(response.json()).toMatchObject({ status: 423, detail: "the actor is held: event 'payment.callback' failed" })
  })
})

describe('what machines are made from', () => {
  const bought = { id: 'hour', name: 'One hour', durationSeconds: 3_600 }
  const session = { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: bought, macAddress: 'AA:BB:CC:DD:EE:FF', paidAt: 0 }
  const sms = { to: '254708374149', template: 'hotspot-credentials', about: { tenant: 'main', type: 'hotspot-session', id: 'pay_1' }, details: { packageName: 'One hour', expiresAt: 1 } }
  const inputOf = (type: string) => registry.find((one) => one.type === type)?.input

  it.each([
    ['hotspot-session', session, ['phone', 'macAddress']],
    ['notification', sms, ['to']],
    ['payment', { phone: '254708374149', package: bought, amount: 1, currency: 'KES' }, ['phone', 'macAddress', 'clientHash']],
  ])('%s: no control characters', async (type, input, fields) => {
    test = await testApp()
    expect(inputOf(type)?.safeParse(input).success).toBe(true)
    for (const field of fields) expect(inputOf(type)?.safeParse({ ...input, [field]: `${String(input[field as keyof typeof input] ?? '')}\0` }).success, field).toBe(false)
    expect(inputOf(type)?.safeParse({ ...input, package: { ...bought, name: 'One\0hour' }, details: { packageName: 'One\0hour', expiresAt: 1 } }).success).toBe(false)
  })
})
