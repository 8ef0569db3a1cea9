/** Whatever anybody sends over HTTP is answered with a problem that says what is wrong, and gets nobody anything. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashApiKey } from '../../api/auth/api-key.ts'
import { DARAJA_HOOK_SECRET, startWorld, type World } from '../support/system-outside.ts'
import { actorOf, atRest, buy, granted, newPhone, startPayment, untilState, type Bought, type ProblemAnswer } from '../support/system-shop.ts'
import type { Answer, Asking } from '../support/system.ts'

const PER_PHONE = 4

let world: World
let bought: Bought
beforeAll(async () => {
  world = await startWorld({ env: { STANDING_STK_PER_PHONE: `${PER_PHONE}/600` } })
  bought = await buy(world.system)
})
afterAll(() => world.end())

const ask = (path: string, asking: Asking = {}) => world.system.ask<ProblemAnswer>(path, asking)

function expectProblem(answer: Answer<ProblemAnswer>, status: number, code: string): void {
  expect([answer.status, answer.body?.code], answer.text).toEqual([status, code])
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  expect(answer.body).toMatchObject({
    status,
    type: `urn:standing:problem:${code}`,
    title: expect.stringMatching(/./) as unknown,
    detail: expect.stringMatching(/./) as unknown,
    instance: expect.stringMatching(/^\//) as unknown,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
  })
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/)
}

/** Name, request, status, code, pointer of the field that is wrong. */
type Case = [name: string, path: () => string, asking: Asking, status: number, code: string, pointer?: string]

const stk = () => '/api/payments/stk'
const events = () => `/api/v1/actors/payment/${bought.id}/events`
const anonymous = true
const order = { phone_number: '0712000111', package_id: 'hour-1' }
const deep = `{"phone_number":${'['.repeat(5_000)}${']'.repeat(5_000)}}`

const CASES: Case[] = [
  ['a number for a phone', stk, { anonymous, body: { ...order, phone_number: 712000111 } }, 422, 'invalid-input', '/phone_number'],
  ['no phone', stk, { anonymous, body: { package_id: 'hour-1' } }, 422, 'invalid-input', '/phone_number'],
  ['a phone of another country', stk, { anonymous, body: { ...order, phone_number: '+31612345678' } }, 422, 'invalid-input', '/phone_number'],
  ['a phone that is none', stk, { anonymous, body: { ...order, phone_number: '07120001 OR 1=1' } }, 422, 'invalid-input', '/phone_number'],
  ['an unknown field', stk, { anonymous, body: { ...order, amount: 1 } }, 422, 'invalid-input', '/amount'],
  ['an unknown package', stk, { anonymous, body: { ...order, package_id: 'gold' } }, 422, 'package-unknown', '/package_id'],
  ['a broken MAC address', stk, { anonymous, body: { ...order, mac_address: 'zz:zz' } }, 422, 'invalid-input', '/mac_address'],
  ['an array for a body', stk, { anonymous, body: [order] }, 422, 'invalid-input'],
  ['null for a body', stk, { anonymous, body: 'null' }, 422, 'invalid-input'],
  ['broken JSON', stk, { anonymous, body: '{"phone_number": ' }, 422, 'invalid-input'],
  ['no body', stk, { anonymous, method: 'POST', headers: { 'content-type': 'application/json' } }, 422, 'invalid-input'],
  ['JSON that reaches for prototypes', stk, { anonymous, body: '{"__proto__":{"isAdmin":true},"phone_number":"0712000111","package_id":"hour-1"}' }, 422, 'invalid-input'],
  ['JSON of great depth', stk, { anonymous, body: deep }, 422, 'invalid-input'],
  ['a form', stk, { anonymous, body: 'phone_number=0712000111', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported-media-type'],
  ['XML', stk, { anonymous, body: '<a/>', headers: { 'content-type': 'text/xml' } }, 415, 'unsupported-media-type'],
  ['a huge body', stk, { anonymous, body: { ...order, mac_address: 'x'.repeat(2_000_000) } }, 413, 'payload-too-large'],
  ['a query where there is none', () => '/api/payments/stk?amount=1', { anonymous, body: order }, 422, 'invalid-input', '/amount'],
  ['an empty Idempotency-Key', stk, { anonymous, body: order, headers: { 'idempotency-key': '""' } }, 422, 'invalid-input', '/idempotency-key'],
  ['a payment that is not there', () => '/api/payments/pay_00000000000000000000000000000000', { anonymous }, 404, 'payment-not-found'],
  ['a payment id that is none', () => '/api/payments/%27%20or%20true', { anonymous }, 404, 'payment-not-found'],
  ['a wait that is none', () => `/api/payments/${bought.id}?wait=soon`, { anonymous }, 422, 'invalid-input', '/wait'],

  ['no key', () => '/api/v1/actors/payment', { anonymous }, 401, 'unauthenticated'],
  ['an unknown key', () => '/api/v1/actors/payment', { headers: { authorization: 'Bearer sk_guessed' } }, 401, 'unauthenticated'],
  ['another scheme', () => '/api/v1/actors/payment', { headers: { authorization: 'Basic YTpi' } }, 401, 'unauthenticated'],
  ['no key, for an event that would give access', events, { anonymous, body: { type: 'payment.approve', reason: 'x' } }, 401, 'unauthenticated'],

  ['an unknown type', () => '/api/v1/actors/rocket', {}, 404, 'actor-type-unknown'],
  ['an unknown type to create', () => '/api/v1/actors/rocket', { body: {} }, 404, 'actor-type-unknown'],
  ['an unknown actor', () => '/api/v1/actors/payment/nobody', {}, 404, 'actor-not-found'],
  ['an event for nobody', () => '/api/v1/actors/payment/nobody/events', { body: { type: 'payment.cancel' } }, 404, 'actor-not-found'],
  ['the past before an actor was made', () => `/api/v1/actors/payment/${bought.id}?at=2001-01-01T00:00:00Z`, {}, 404, 'actor-not-found'],
  ['a time that is none', () => `/api/v1/actors/payment/${bought.id}?at=yesterday`, {}, 422, 'invalid-input', '/at'],
  ['a cursor that is none', () => '/api/v1/actors/payment?cursor=bm8', {}, 422, 'invalid-input', '/cursor'],
  ['a limit of none', () => '/api/v1/actors/payment?limit=0', {}, 422, 'invalid-input', '/limit'],
  ['a misspelt query', () => '/api/v1/actors/payment?staet=open', {}, 422, 'invalid-input', '/staet'],
  ['input that does not fit', () => '/api/v1/actors/payment', { body: { input: { phone: '0712' } } }, 422, 'invalid-input', '/input/phone'],
  ['an id with a slash', () => '/api/v1/actors/payment', { body: { id: 'a/b', input: {} } }, 422, 'invalid-input', '/id'],

  ['an event without a type', events, { body: { reason: 'x' } }, 422, 'invalid-event', '/type'],
  ['an event whose type is a number', events, { body: { type: 7 } }, 422, 'invalid-event', '/type'],
  ['an event with a wrong field', events, { body: { type: 'payment.reject', reason: 7 } }, 422, 'invalid-event', '/reason'],
  ['an event with a field too many', events, { body: { type: 'payment.cancel', amount: 1 } }, 422, 'invalid-event'],
  ['an event named like a part of every object', events, { body: { type: 'constructor' } }, 422, 'invalid-event', '/type'],
  ['an event of the engine', events, { body: { type: 'xstate.done.actor.promptPayer', output: { outcome: 'accepted' } } }, 422, 'invalid-event'],
  ['an event that starts an actor anew', events, { body: { type: 'xstate.init', input: {} } }, 422, 'invalid-event'],
  ['the event of a timer', events, { body: { type: 'xstate.after.queryGap.payment.awaiting' } }, 422, 'invalid-event'],
  ['an event that this type does not know', events, { body: { type: 'payment.completed' } }, 422, 'invalid-event', '/type'],
  ['an event that does not fit the state', events, { body: { type: 'payment.approve', reason: 'x' } }, 409, 'event-not-accepted'],
  ['a guard that is out of date', events, { body: { type: 'payment.cancel' }, headers: { 'if-match': '"1"' } }, 412, 'stale-version'],
  ['a guard that is none', events, { body: { type: 'payment.cancel' }, headers: { 'if-match': 'W/"1"' } }, 422, 'invalid-input', '/if-match'],
  ['an event as text', events, { body: 'payment.cancel', headers: { 'content-type': 'text/plain' } }, 415, 'unsupported-media-type'],
  ['a huge event', events, { body: { type: 'payment.cancel', reason: 'x'.repeat(2_000_000) } }, 413, 'payload-too-large'],

  ['a batch of none', () => '/api/v1/events', { body: { events: [] } }, 422, 'invalid-input', '/events'],
  ['a batch of too many', () => '/api/v1/events', { body: { events: Array.from({ length: 1_001 }, () => ({ type: 'payment', id: 'a', event: { type: 'payment.cancel' } })) } }, 422, 'invalid-input', '/events'],
  ['a timer that is not armed', () => `/api/v1/actors/payment/${bought.id}/timers/none/fire`, { body: { reason: 'x' } }, 404, 'timer-not-found'],
  ['a parked event that is not there', () => '/api/v1/parked/none/retry', { body: { reason: 'x' } }, 404, 'parked-not-found'],
  ['a call that is not there', () => '/api/v1/effects/main%2Fpayment%2Fx%2F1%2F1/retry', { body: { reason: 'x' } }, 404, 'effect-not-found'],
  ['a call of another tenant', () => '/api/v1/effects/other%2Fpayment%2Fx%2F1%2F1/cancel', { body: { reason: 'x' } }, 404, 'effect-not-found'],
  ['a decision without a reason', () => `/api/v1/actors/payment/${bought.id}/block`, { body: {} }, 422, 'invalid-input', '/reason'],
  ['a clock that goes back', () => '/api/v1/sandbox/clock', { body: { advance: '-PT1H' } }, 422, 'invalid-input', '/advance'],

  ['a step that was not taken yet', () => `/api/v1/actors/payment/${bought.id}?seq=99`, {}, 404, 'actor-not-found'],
  ['a NUL for a package', stk, { anonymous, body: { ...order, package_id: '\0' } }, 422, 'invalid-input', '/package_id'],
  ['a NUL for an actor', () => '/api/v1/actors/payment/%00', {}, 404, 'actor-not-found'],
  ['a NUL for a state', () => '/api/v1/actors/payment?state=%00', {}, 422, 'invalid-input', '/state'],
  ['a NUL in a cursor', () => `/api/v1/actors/payment?cursor=${Buffer.from('["actors","\\u0000"]').toString('base64url')}`, {}, 422, 'invalid-input', '/cursor'],
  ['a NUL to look for', () => '/api/v1/search?q=%00', {}, 422, 'invalid-input', '/q'],
  ['a NUL for a parked event', () => '/api/v1/parked/%00/skip', { body: { reason: 'x' } }, 404, 'parked-not-found'],
  ['a NUL in the name of a call', () => '/api/v1/effects/main%2Fpayment%2F%00%2F1%2F1/retry', { body: { reason: 'x' } }, 404, 'effect-not-found'],
  ['a NUL for the device of a session', () => '/api/v1/actors/hotspot-session', { body: { input: { paymentId: 'x', phone: '254712000111', macAddress: '\0', paidAt: 0, package: { id: 'a', name: 'a', durationSeconds: 1 } } } }, 422, 'invalid-input', '/input/macAddress'],

  ['an address that leads nowhere', () => '/api/v2/actors', {}, 404, 'route-not-found'],
  ['a broken address', () => '/api/v1/actors/%E0%A4%A', {}, 404, 'route-not-found'],
  ['another method', () => '/api/payments/stk', { method: 'DELETE' }, 405, 'method-not-allowed'],
  ['a hook without its secret', () => '/hooks/daraja/guessed/stk', { anonymous, body: {} }, 404, 'route-not-found'],
  ['a hook of nobody', () => `/hooks/daraja/${DARAJA_HOOK_SECRET}/b2c`, { anonymous, body: {} }, 404, 'route-not-found'],
  ['a huge hook', () => `/hooks/daraja/${DARAJA_HOOK_SECRET}/stk`, { anonymous, body: 'x'.repeat(100_000) }, 413, 'payload-too-large'],
]

describe('refused', () => {
  test.for(CASES)('%s', async ([, path, asking, status, code, pointer]) => {
    const answer = await ask(path(), asking)
    expectProblem(answer, status, code)
    if (pointer !== undefined) expect(answer.body.errors?.map((error) => error.pointer)).toContain(pointer)
    if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    if (status === 405) expect(answer.headers.get('allow')).toContain('POST')
  })

  test('a payment that staff make for a phone with an open prompt', async () => {
    const input = { phone: bought.phone, amount: 1_000, currency: 'KES', package: { id: 'hour-1' } }
    expectProblem(await ask('/api/v1/actors/payment', { body: { input } }), 409, 'prompt-open')
  })

  test('says what would be taken, and which condition said no', async () => {
    const answer = await ask(events(), { body: { type: 'payment.callback', checkoutRequestId: 'ws_CO_foreign', resultCode: 0 } })
    expectProblem(answer, 409, 'event-not-accepted')
    expect(answer.body.accepts).toContain('payment.cancel')
    expect(answer.body.refusedBy).toContainEqual({ guard: 'isMatchingPayment', phrase: expect.stringMatching(/./) as unknown })
  })

  test('a secret in the address is not repeated', async () => {
    const answer = await ask('/hooks/daraja/nearly-the-secret/stk?token=abc', { anonymous, body: {} })
    expect(answer.text).not.toMatch(/nearly|abc/)
  })

  test('what is no HTTP at all', async () => {
    const { hostname, port } = new URL(world.system.url)
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('GIVE ME / NOW\r\n\r\n'))
      let received = ''
      socket.setEncoding('utf8').on('data', (part: string) => (received += part)).on('close', () => resolve(received)).on('error', reject)
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
    expect(text).toContain('application/problem+json')
  })
})

describe('a key may do what its roles say', () => {
  async function keyOf(...roles: string[]): Promise<string> {
    const key = `sk_${randomBytes(16).toString('hex')}`
    await world.system.rows('insert into business.api_keys (id, tenant, name, hash, roles) values ($1, $2, $3, $4, $5)', [`key_${key.slice(3, 19)}`, roles.includes('admin') ? 'other' : 'main', 'test', hashApiKey(key), roles])
    return key
  }

  const input = {
    phone: '254712999999', amount: 100, currency: 'KES',
    package: { id: 'month-1', name: '1 month', durationSeconds: 2_592_000, dataBytes: null, uploadKbps: null, downloadKbps: null, devices: 3 },
  }
  const session = { paymentId: 'free', phone: '254712999999', package: input.package, paidAt: 0 }
  const FORBIDDEN: [role: string, name: string, path: () => string, body: unknown][] = [
    ['viewer', 'ends a payment', events, { type: 'payment.cancel' }],
    ['viewer', 'sees the past', () => `/api/v1/actors/payment/${bought.id}/history`, undefined],
    ['agent', 'says that a payment was made', events, { type: 'payment.callback', checkoutRequestId: 'x', resultCode: 0 }],
    ['agent', 'approves', events, { type: 'payment.approve', reason: 'x' }],
    ['agent', 'makes a payment at a price of their own', () => '/api/v1/actors/payment', { input }],
    ['agent', 'makes a session that nobody paid for', () => '/api/v1/actors/hotspot-session', { input: session }],
    ['integration', 'makes a session that nobody paid for', () => '/api/v1/actors/hotspot-session', { input: session }],
    ['senior', 'has the credentials of a session sent to another phone', () => '/api/v1/actors/notification', { input: { to: '254712999999', template: 'hotspot-credentials', about: { tenant: 'main', type: 'hotspot-session', id: 'another' }, details: { packageName: 'x', expiresAt: 4_000_000_000_000 } } }],
    ['agent', 'moves the clock', () => '/api/v1/sandbox/clock', { advance: 'P1D' }],
    ['agent', 'reads everybody’s SMS', () => '/api/v1/sandbox/outbox', undefined],
    ['nobody', 'reads', () => '/api/v1/actors/payment', undefined],
  ]
  test.for(FORBIDDEN)('%s never %s', async ([role, , path, body]) => {
    expectProblem(await ask(path(), { body, headers: { authorization: `Bearer ${await keyOf(role)}` } }), 403, 'forbidden')
  })

  test('an agent sees no full phone number, an auditor does', async () => {
    const context = async (role: string) => (await ask(`/api/v1/actors/payment/${bought.id}`, { headers: { authorization: `Bearer ${await keyOf(role)}` } })).text
    expect(await context('agent')).not.toContain(bought.phone)
    expect(await context('auditor')).toContain(bought.phone)
  })

  test('the admin of another tenant sees nobody of ours', async () => {
    const headers = { authorization: `Bearer ${await keyOf('admin')}` }
    expectProblem(await ask(`/api/v1/actors/payment/${bought.id}`, { headers }), 404, 'actor-not-found')
    expectProblem(await ask(events(), { headers, body: { type: 'payment.cancel' } }), 404, 'actor-not-found')
    expect((await ask('/api/v1/actors/payment', { headers })).body).toMatchObject({ data: [] })
    expect((await ask(`/api/v1/search?q=${bought.phone}`, { headers })).body).toMatchObject({ data: [] })
  })
})

describe('once', () => {
  test('an Idempotency-Key with another order is refused, with the same one it replays', async () => {
    const phone = newPhone()
    const headers = { 'idempotency-key': '"order-1"' }
    const first = await startPayment(world.system, { phone_number: phone, package_id: 'hour-1' }, headers)
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([202, null])
    const again = await startPayment(world.system, { phone_number: phone, package_id: 'hour-1' }, { 'idempotency-key': 'order-1' })
    expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([202, 'true', first.body])
    expectProblem(await startPayment<ProblemAnswer>(world.system, { phone_number: phone, package_id: 'hour-3' }, headers), 422, 'idempotency-mismatch')
    expectProblem(await startPayment<ProblemAnswer>(world.system, { phone_number: newPhone(), package_id: 'hour-1' }, headers), 422, 'idempotency-mismatch')
    expect(world.daraja.control.prompts().filter((prompt) => prompt.phone === phone)).toHaveLength(1)
  })

  test('an event with a key of before: the same is answered alike, another is refused', async () => {
    const { id } = await buy(world.system)
    const path = `/api/v1/actors/payment/${id}/events`
    const headers = { 'idempotency-key': 'cancel-1' }
    const first = await ask(path, { body: { type: 'payment.cancel', reason: 'a' }, headers })
    expect([first.status, first.body]).toMatchObject([200, { outcome: 'applied' }])
    const again = await ask(path, { body: { type: 'payment.cancel', reason: 'a' }, headers })
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toMatchObject([200, { outcome: 'duplicate' }, 'true'])
    expectProblem(await ask(path, { body: { type: 'payment.cancel', reason: 'b' }, headers }), 422, 'idempotency-mismatch')
  })

  test('an actor is created once', async () => {
    const body = { id: `twice-${newPhone()}`, input: { phone: newPhone(), amount: 1_000, currency: 'KES', package: { id: 'hour-1', name: '1 hour', durationSeconds: 3_600, dataBytes: null, uploadKbps: null, downloadKbps: null, devices: 1 } } }
    const answers = await Promise.all([ask('/api/v1/actors/payment', { body }), ask('/api/v1/actors/payment', { body })])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    const [created, refused] = answers.sort((a, b) => a.status - b.status)
    expect(created.headers.get('location')).toBe(`/api/v1/actors/payment/${body.id}`)
    expectProblem(refused, 409, 'actor-exists')
    expect((await ask(`/api/v1/actors/payment/${body.id}`)).headers.get('etag')).toMatch(/^"\d+"$/)
  })

  test('a phone has one prompt at a time, also when two ask at the same moment', async () => {
    const phone = newPhone()
    const both = await Promise.all(['hour-1', 'hour-3'].map((package_id) => startPayment<ProblemAnswer>(world.system, { phone_number: phone, package_id })))
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409])
    expectProblem(both.find(({ status }) => status === 409) as Answer<ProblemAnswer>, 409, 'prompt-open')
    expectProblem(await startPayment<ProblemAnswer>(world.system, { phone_number: `+${phone}`, package_id: 'hour-1' }), 409, 'prompt-open')
    expect(world.daraja.control.prompts().filter((prompt) => prompt.phone === phone)).toHaveLength(1)
  })

  test('a phone is not pestered: too many payments are refused, with the time to wait', async () => {
    const phone = newPhone()
    for (let round = 1; round <= PER_PHONE; round += 1) {
      const { status, body, headers } = await startPayment(world.system, { phone_number: phone, package_id: 'hour-1' })
      expect(status).toBe(202)
      expect(headers.get('ratelimit-policy')).toBe(`"phone";q=${PER_PHONE};w=600`)
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"phone";r=${PER_PHONE - round};t=\\d+$`))
      await world.daraja.control.answer(body.transaction_id ?? '', 1032)
      await untilState(world.system, 'payment', body.payment_id, 'failed')
    }
    const refused = await startPayment<ProblemAnswer>(world.system, { phone_number: phone, package_id: 'hour-1' })
    expectProblem(refused, 429, 'rate-limited')
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(1_200)
    const [, remaining, reset] = /^"phone";r=(\d+);t=(\d+)$/.exec(refused.headers.get('ratelimit') ?? '') ?? []
    expect(Number(remaining)).toBe(0)
    expect(wait).toBeGreaterThanOrEqual(Number(reset))
  })
})

test('in a batch each item stands alone', async () => {
  const { id } = await buy(world.system)
  const cancel = { type: 'payment', id, event: { type: 'payment.cancel', reason: 'first' }, eventId: 'batch-1' }
  const items = [
    cancel,
    cancel,
    { ...cancel, event: { type: 'payment.cancel', reason: 'other' } },
    { type: 'payment', id: 'nobody', event: { type: 'payment.cancel' } },
    { type: 'rocket', id: 'a', event: { type: 'go' } },
    { type: 'payment', id, event: { type: 'xstate.init' } },
    { type: 'payment', id, event: { type: 'payment.cancel', reason: 7 } },
    { type: 'payment', id, event: { type: 'payment.reject', reason: 'x' } },
  ]
  const { status, body } = await world.system.ask<{ data: { outcome: string; problem?: ProblemAnswer }[] }>('/api/v1/events', { body: { events: items } })
  expect(status).toBe(200)
  expect(body.data.map(({ outcome, problem }) => problem?.code ?? outcome)).toEqual([
    'applied', 'duplicate', 'idempotency-mismatch', 'actor-not-found', 'actor-type-unknown', 'invalid-event', 'invalid-event', 'event-not-accepted',
  ])
})

test('and after all that nobody has got anything', async () => {
  expect((await actorOf(world.system, 'payment', bought.id)).states).toEqual(['awaiting'])
  expect(await granted(world.system)).toEqual({ sessions: 0, notifications: 0, users: 0 })
  expect(await world.system.rows('select * from radius.radreply')).toEqual([])
  await atRest(world.system)
  expect(world.system.logs()).not.toContain('"code":"internal"')
})
