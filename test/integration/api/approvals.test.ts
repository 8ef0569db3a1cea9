/** What one key does not decide alone (docs/adr/0020), over the real engine and the real actors. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { secondKey } from '../../../api/approvals/second-key.ts'
import { natsEdge } from '../../../api/nats/edge.ts'
import { defineVoucherBatch } from '../../../actors/voucher-batch/definition.ts'
import { createVoucherCodes } from '../../../actors/voucher/codes.ts'
import { snapshotOf } from '../../../api/payments/event-teller.ts'
import type { Package } from '../../../api/ports/packages.ts'
import { silentLog } from '../../../runtime/index.ts'
import { memoryPackageCatalogue, memoryPackages } from '../../support/api-ports.ts'
import { APP_KEY, apiWorld, type World } from '../../support/api-world.ts'
import { UNMATCHED_INPUT } from '../../unit/machines/payment.fixture.ts'

const FROM = 100_000
const DAY_MS = 86_400_000
const codes = createVoucherCodes(APP_KEY)
const HOME = { id: 'home', kind: 'subscription', name: 'Home', amount_minor: 300_000, currency: 'KES', term: 'P30D' }
const BATCH = { name: 'Kiosk', package_id: 'hour', count: 100, expires_at: '2099-01-01T00:00:00Z' }

let world: World
let anne: Headers
let ben: Headers
type Headers = Record<string, string>
type Answer = { status: number; body: Record<string, unknown> & { id: string; code: string; states: string[] } }

beforeEach(async () => {
  world = await apiWorld([defineVoucherBatch({ codes })], { secondKeyFrom: (tenant) => (tenant === 'main' ? FROM : 10), vouchers: { vouchers: {} as never, codes } })
  anne = world.keys.add('anne-key-1234', ['billing'])
  ben = world.keys.add('bens-key-1234', ['billing'])
})
afterEach(() => world.stop())

async function call(method: 'GET' | 'POST', url: string, payload: object | undefined, headers: Headers): Promise<Answer> {
  const answer = await world.app.inject({ method, url: `/api${url}`, headers, ...(payload === undefined ? {} : { payload }) })
  return { status: answer.statusCode, body: answer.json() }
}
const tell = (type: string, id: string, event: object, headers: Headers) => call('POST', `/v1/actors/${type}/${id}/events`, event, headers)
const ask = (body: object, headers = anne) => call('POST', '/v1/approvals', body, headers)
const decide = (id: string, what: string, headers: Headers, more: object = {}) => tell('approval', id, { type: `approval.${what}`, ...more }, headers)
const statesOf = async (type: string, id: string) => (await world.runtime.get({ type, id }))?.states

const hour = async () => snapshotOf((await memoryPackages().find('main', 'hour')) as Package)
const ASSIGN = { type: 'payment.assign', packageId: 'hour', phone: '254708374149', reason: 'she showed the SMS' }
const money = (id: string, amount: number) => world.runtime.create({ type: 'payment', id }, { ...UNMATCHED_INPUT, amount, received: { ...UNMATCHED_INPUT.received, receipt: `NLJ7RT61${id.slice(-1)}` } })

async function home(): Promise<string> {
  await call('POST', '/v1/packages', HOME, world.admin)
  return (await call('POST', '/v1/subscriptions', { name: 'Wanjiru', phone: '0708374149', package_id: 'home' }, world.admin)).body.id
}

describe('a payment under review', () => {
  it('of little worth is assigned by one key', async () => {
    await money('pay_1', FROM - 1)
    expect((await tell('payment', 'pay_1', ASSIGN, anne)).status).toBe(200)
    expect(await statesOf('payment', 'pay_1')).toEqual(['completed'])
  })

  it('of more worth is assigned by two: asked for, then approved by another key, and found in both journals', async () => {
    await money('pay_1', FROM)
    const alone = await tell('payment', 'pay_1', ASSIGN, anne)
    expect(alone).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: FROM, currency: 'KES', from: FROM } })
    const asked = await ask({ type: 'payment', id: 'pay_1', event: ASSIGN, reason: 'her line waits' })
    expect(asked).toMatchObject({ status: 201, body: { states: ['requested'], context: { worth: FROM, requestedBy: 'key:k_anne-key', reason: 'her line waits', to: { type: 'payment', id: 'pay_1' } } } })
    expect(await statesOf('payment', 'pay_1')).toEqual(['review'])

    // Whatever the caller writes: it is the key that counts.
    expect(await decide(asked.body.id, 'approve', anne, { by: 'key:k_bens-key', worth: 0 })).toMatchObject({ status: 409, body: { code: 'event-not-accepted', refusedBy: [{ guard: 'isOtherKey' }] } })
    expect((await decide(asked.body.id, 'refuse', anne, { reason: 'x' })).status).toBe(409)
    expect((await decide(asked.body.id, 'withdraw', ben)).status).toBe(409)
    expect((await decide(asked.body.id, 'approve', world.keys.add('agent-key-1234', ['agent']))).status).toBe(403)
    expect((await decide(asked.body.id, 'approve', ben)).status).toBe(200)
    await world.runtime.settled()
    expect(await statesOf('payment', 'pay_1')).toEqual(['completed'])
    expect(await statesOf('approval', asked.body.id)).toEqual(['approved'])
    const last = (await world.runtime.history({ type: 'payment', id: 'pay_1' })).at(-1)
    expect(last).toMatchObject({ event: { type: 'payment.assign' }, source: expect.stringContaining(asked.body.id) as string })
    // Done once.
    expect((await decide(asked.body.id, 'approve', world.admin)).body.code).toBe('actor-done')
  })

  it('is not done when it is refused or withdrawn', async () => {
    await money('pay_1', FROM)
    for (const [what, headers] of [['refuse', ben], ['withdraw', anne]] as const) {
      const { body } = await ask({ type: 'payment', id: 'pay_1', event: ASSIGN, reason: 'her line waits' })
      expect((await decide(body.id, what, headers, { reason: 'not hers' })).status).toBe(200)
      expect((await decide(body.id, 'approve', ben)).body.code).toBe('actor-done')
    }
    await world.runtime.settled()
    expect(await statesOf('payment', 'pay_1')).toEqual(['review'])
  })

  it('has no other way in: not many at once, not over NATS, not by making the approval oneself', async () => {
    await money('pay_1', FROM)
    const many = await call('POST', '/v1/events', { events: [{ type: 'payment', id: 'pay_1', event: ASSIGN }] }, world.admin)
    expect(many.body).toMatchObject({ data: [{ outcome: 'failed', problem: { code: 'second-key-needed' } }] })
    const input = { to: { type: 'payment', id: 'pay_1' }, act: { kind: 'event', event: ASSIGN }, worth: 1, currency: 'KES', reason: 'x', requestedBy: 'key:somebody' }
    expect(await call('POST', '/v1/actors/approval', { input }, world.admin)).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    const gate = secondKey({ runtime: world.runtime, packages: memoryPackages(), plans: memoryPackageCatalogue(), from: () => FROM, clock: Date.now })
    const edge = natsEdge({ runtime: world.runtime, trail: world.trail, gate, apiKeys: world.keys, ...world.ports, packages: memoryPackages(), log: silentLog })
    const headers = new Map([['authorization', world.admin.authorization]])
    expect(await edge.call({ endpoint: 'send', body: { type: 'payment', id: 'pay_1', event: ASSIGN }, headers })).toMatchObject({ ok: false, body: { code: 'second-key-needed' } })
    const offer = await hour()
    expect(await edge.call({ endpoint: 'create', body: { type: 'voucher-batch', input: { name: 'x', package: offer, count: 100, expiresAt: 4e12 } }, headers })).toMatchObject({ ok: false, body: { code: 'second-key-needed' } })
    expect(await edge.call({ endpoint: 'create', body: { type: 'approval', input }, headers })).toMatchObject({ ok: false, body: { code: 'forbidden' } })
    expect(await edge.command({ address: { tenant: 'main', type: 'payment', id: 'pay_1' }, event: ASSIGN, eventId: 'e1', sentAt: 0, headers: new Map(), attempt: 1 })).toMatchObject({ outcome: 'refused', code: 'forbidden' })
    expect(await statesOf('payment', 'pay_1')).toEqual(['review'])
    // Nor by a small payment for a package of one's own making.
    await money('pay_2', 10)
    expect((await tell('payment', 'pay_2', { ...ASSIGN, packageId: undefined, package: { ...offer, durationSeconds: 31_536_000 } }, anne)).body.code).toBe('second-key-needed')
    // Asking what would happen gives nothing away.
    expect(await call('POST', '/v1/actors/payment/pay_1/dry-run', ASSIGN, anne)).toMatchObject({ status: 200, body: { accepted: true } })
  })
})

describe('what is asked for', () => {
  it('must be possible now, and be something that needs it', async () => {
    await money('pay_1', FROM)
    expect(await ask({ type: 'payment', id: 'pay_2', event: ASSIGN, reason: 'x' })).toMatchObject({ status: 404, body: { code: 'actor-not-found' } })
    expect(await ask({ type: 'payment', id: 'pay_1', event: { type: 'payment.approve', reason: 'x' }, reason: 'x' })).toMatchObject({ status: 409, body: { code: 'event-not-accepted' } })
    expect(await ask({ type: 'payment', id: 'pay_1', event: { ...ASSIGN, packageId: 'gone' }, reason: 'x' })).toMatchObject({ status: 422, body: { code: 'package-unknown' } })
    expect(await ask({ type: 'payment', id: 'pay_1', event: { type: 'payment.cancel' }, reason: 'x' })).toMatchObject({ status: 422, body: { code: 'invalid-input' } })
    expect(await ask({ type: 'payment', id: 'pay_1', event: ASSIGN })).toMatchObject({ status: 422 })
    expect((await ask({ type: 'payment', id: 'pay_1', event: ASSIGN, reason: 'x' }, world.keys.add('agent-key-1234', ['agent']))).status).toBe(403)
  })

  it('is not approved any more when the subscription is over that was to be paid: its money would wait for nobody', async () => {
    const subscriptionId = await home()
    await money('pay_1', FROM)
    const asked = await ask({ type: 'payment', id: 'pay_1', event: { type: 'payment.assign', subscriptionId, reason: 'her line' }, reason: 'her line' })
    expect(asked.status).toBe(201)
    await tell('subscription', subscriptionId, { type: 'subscription.terminate', reason: 'moved away' }, world.admin)
    expect(await decide(asked.body.id, 'approve', ben)).toMatchObject({ status: 422, body: { code: 'subscription-unknown' } })
    expect(await statesOf('approval', asked.body.id)).toEqual(['requested'])
    expect((await decide(asked.body.id, 'refuse', ben, { reason: 'her line is gone' })).status).toBe(200)
    // Nor is anybody prompted to pay for it.
    expect((await call('POST', '/payments/stk', { phone_number: '0708374149', subscription_id: subscriptionId }, {})).body.code).toBe('subscription-unknown')
    expect(await statesOf('payment', 'pay_1')).toEqual(['review'])
  })

  it('is asked for anew when it has become worth more', async () => {
    const id = await home()
    const event = { type: 'subscription.changeExpiry', expiresAt: new Date(Date.now() + 40 * DAY_MS).toISOString(), reason: 'a long outage' }
    await tell('subscription', id, { ...event, expiresAt: new Date(Date.now() + 9 * DAY_MS).toISOString() }, anne)
    const asked = await ask({ type: 'subscription', id, event, reason: 'a month for the outage' })
    expect(asked).toMatchObject({ status: 201 })
    // The end of the paid time has been moved back meanwhile: approved now, it would give nine days more.
    await tell('subscription', id, { ...event, expiresAt: new Date(Date.now() + 1_000).toISOString() }, anne)
    expect(await decide(asked.body.id, 'approve', ben)).toMatchObject({ status: 409, body: { refusedBy: [{ guard: 'isWorthNoMore' }] } })
  })
})

describe('money that a key says has come, which is for web hooks to say', () => {
  it('counts below the limit by one key that may say so; above it another approves', async () => {
    const id = await home()
    const pay = (amount: number) => ({ type: 'subscription.pay', paymentId: 'pay_by_hand', amount, currency: 'KES', paidAt: Date.now() })
    expect((await tell('subscription', id, pay(FROM - 1), world.admin)).status).toBe(200)
    expect(await tell('subscription', id, { ...pay(FROM), paymentId: 'pay_more' }, world.admin)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: FROM, currency: 'KES' } })
    expect((await tell('subscription', id, pay(FROM), anne)).status).toBe(403)
    const asked = await ask({ type: 'subscription', id, event: { ...pay(FROM), paymentId: 'pay_more' }, reason: 'wired to the bank' }, world.admin)
    expect(asked).toMatchObject({ status: 201, body: { context: { worth: FROM } } })
    await decide(asked.body.id, 'approve', ben)
    await world.runtime.settled()
    expect(((await world.runtime.get({ type: 'subscription', id }))?.context as { credit: number }).credit).toBe(2 * FROM - 1)
  })

  it('is a callback, too; one that says that nothing has come gives nothing', async () => {
    const start = async (id: string, amount: number) => {
      await world.runtime.create({ type: 'payment', id }, { phone: `25470837414${id.slice(-1)}`, package: await hour(), amount, currency: 'KES' })
      await world.runtime.settled()
      const view = await world.runtime.get({ type: 'payment', id })
      return (view?.context as { checkoutRequestId: string }).checkoutRequestId
    }
    const told = async (id: string, amount: number, resultCode: number) => ({ type: 'payment.callback', checkoutRequestId: await start(id, amount), resultCode, resultDesc: 'x', amount, currency: 'KES', receipt: `NLJ7RT61A${id.slice(-1)}` })
    expect((await tell('payment', 'pay_1', await told('pay_1', FROM - 1, 0), world.admin)).status).toBe(200)
    expect(await tell('payment', 'pay_2', await told('pay_2', FROM, 0), world.admin)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: FROM } })
    expect((await tell('payment', 'pay_3', await told('pay_3', FROM, 1032), world.admin)).status).toBe(200)
  })
})

describe('money that is recorded by hand', () => {
  const record = (input: object, headers = anne, more: object = {}) => call('POST', '/v1/actors/payment', { input: { currency: 'KES', ...input }, ...more }, headers)
  const cash = (subscriptionId: string, amount: number) => ({ method: 'cash', purpose: { kind: 'subscription', subscriptionId }, amount })
  const came = (amount: number, receipt = 'NLJ7RT61SV') => ({ ...UNMATCHED_INPUT, amount, received: { ...UNMATCHED_INPUT.received, receipt } })
  const creditOf = async (id: string) => ((await world.runtime.get({ type: 'subscription', id }))?.context as { credit: number }).credit
  const madeBy = (asked: Answer) => (asked.body['context'] as { to: { type: string; id: string } }).to

  it('is cash that one key takes, and from the limit on another key approves', async () => {
    const id = await home()
    expect((await record(cash(id, FROM - 1))).status).toBe(201)
    expect(await record(cash(id, FROM))).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: FROM, currency: 'KES', from: FROM } })
    expect(await record(cash(id, 100_000_000), world.admin)).toMatchObject({ status: 409, body: { code: 'second-key-needed' } })
    const asked = await ask({ payment: { currency: 'KES', ...cash(id, FROM) }, reason: 'she paid four months' })
    expect(asked).toMatchObject({ status: 201, body: { states: ['requested'], context: { worth: FROM, currency: 'KES', requestedBy: 'key:k_anne-key', act: { kind: 'create' } } } })
    expect(await world.runtime.get(madeBy(asked))).toBeUndefined()
    expect((await decide(asked.body.id, 'approve', anne)).status).toBe(409)
    expect((await decide(asked.body.id, 'approve', ben)).status).toBe(200)
    await world.runtime.settled()
    expect(await world.runtime.get(madeBy(asked))).toMatchObject({ states: ['completed'], context: { method: 'cash', amount: FROM } })
    expect(await creditOf(id)).toBe(2 * FROM - 1)
  })

  it('is what came by M-Pesa and somebody types, over REST and over NATS, with a purpose or without', async () => {
    expect((await record(came(FROM - 1))).status).toBe(201)
    expect(await record(came(FROM, 'NLJ7RT61SW'), world.admin)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: FROM } })
    expect(await record({ ...came(FROM, 'NLJ7RT61SW'), purpose: { kind: 'hotspot' }, phone: '254708374149', package: { id: 'hour' } }, world.admin)).toMatchObject({ body: { code: 'second-key-needed' } })
    const gate = secondKey({ runtime: world.runtime, packages: memoryPackages(), plans: memoryPackageCatalogue(), from: () => FROM, clock: Date.now })
    const edge = natsEdge({ runtime: world.runtime, trail: world.trail, gate, apiKeys: world.keys, ...world.ports, packages: memoryPackages(), log: silentLog })
    const headers = new Map([['authorization', world.admin.authorization]])
    for (const input of [came(FROM, 'NLJ7RT61SW'), { currency: 'KES', ...cash(await home(), FROM) }]) {
      expect(await edge.call({ endpoint: 'create', body: { type: 'payment', input }, headers })).toMatchObject({ ok: false, body: { code: 'second-key-needed' } })
    }
    const asked = await ask({ payment: came(FROM, 'NLJ7RT61SW'), reason: 'on the statement, told by nobody' })
    await decide(asked.body.id, 'approve', ben)
    await world.runtime.settled()
    expect(await world.runtime.get(madeBy(asked))).toMatchObject({ states: ['review'], context: { amount: FROM, held: [{ receipt: 'NLJ7RT61SW' }] } })
  })

  it('is what a callback says by hand, whatever the payment is for', async () => {
    await world.runtime.create({ type: 'payment', id: 'pay_1' }, { phone: '254708374141', package: await hour(), amount: 10, currency: 'KES' })
    await world.runtime.settled()
    const { checkoutRequestId } = (await world.runtime.get({ type: 'payment', id: 'pay_1' }))?.context as { checkoutRequestId: string }
    const callback = { type: 'payment.callback', checkoutRequestId, resultCode: 0, amount: FROM, currency: 'KES', receipt: 'NLJ7RT61A1' }
    expect(await tell('payment', 'pay_1', callback, world.admin)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: FROM } })
  })

  it('a prompt asks the payer: it needs no second key, and none can be asked for', async () => {
    const prompt = { phone: '254708374149', package: await hour(), amount: (await memoryPackages().find('main', 'hour'))?.amount, currency: 'KES' }
    expect(await ask({ payment: prompt, reason: 'x' })).toMatchObject({ status: 422, body: { code: 'invalid-input', errors: [{ pointer: '/payment/method' }] } })
    expect((await record(prompt)).status).toBe(201)
  })

  it('is not asked for where it could not be recorded', async () => {
    expect(await ask({ payment: { currency: 'KES', ...cash('nobody', FROM) }, reason: 'x' })).toMatchObject({ status: 422, body: { code: 'subscription-unknown', errors: [{ pointer: '/payment/purpose/subscriptionId' }] } })
    expect(await ask({ payment: { ...cash(await home(), -5), currency: 'KES' }, reason: 'x' })).toMatchObject({ status: 422, body: { code: 'invalid-input', errors: [{ pointer: '/payment/amount' }] } })
    expect(await ask({ payment: { method: 'cash', currency: 'KES', phone: '254708374149', package: { id: 'hour' }, amount: FROM }, reason: 'x' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/payment/amount' }] } })
    vi.spyOn(world.ports.receipts, 'creditedTo').mockResolvedValueOnce(new Map([['NLJ7RT61SV', 'pay_7']]))
    expect(await ask({ payment: came(FROM), reason: 'x' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/payment/received/receipt', detail: 'has credited the payment pay_7' }] } })
    expect((await ask({ payment: came(FROM), reason: 'x' }, world.keys.add('agent-key-1234', ['agent']))).status).toBe(403)
  })

  it('is not approved any more when its subscription is over', async () => {
    const id = await home()
    const asked = await ask({ payment: { currency: 'KES', ...cash(id, FROM) }, reason: 'x' })
    await tell('subscription', id, { type: 'subscription.terminate', reason: 'moved away' }, world.admin)
    expect(await decide(asked.body.id, 'approve', ben)).toMatchObject({ status: 422, body: { code: 'subscription-unknown' } })
    expect(await statesOf('approval', asked.body.id)).toEqual(['requested'])
  })

  it('is not approved twice for one receipt: what came second is refused, and nothing is set aside', async () => {
    const uses = new Map<string, string>()
    vi.spyOn(world.ports.receipts, 'creditedTo').mockImplementation(async (_tenant, named) => Promise.resolve(new Map([...uses].filter(([receipt]) => named.includes(receipt)))))
    await money('pay_1', FROM)
    const [first, second, assigned] = [await ask({ payment: came(FROM), reason: 'x' }), await ask({ payment: came(FROM), reason: 'y' }), await ask({ type: 'payment', id: 'pay_1', event: ASSIGN, reason: 'z' })]
    expect((await decide(first.body.id, 'approve', ben)).status).toBe(200)
    uses.set('NLJ7RT61SV', madeBy(first).id)
    uses.set('NLJ7RT611', madeBy(first).id)
    for (const late of [second, assigned]) {
      expect(await decide(late.body.id, 'approve', ben)).toMatchObject({ status: 409, body: { code: 'event-not-accepted', detail: expect.stringContaining(madeBy(first).id) as string } })
      expect(await statesOf('approval', late.body.id)).toEqual(['requested'])
    }
    // Again for what has its own receipt by now.
    expect((await decide(first.body.id, 'approve', ben)).body.code).toBe('actor-done')
    expect((await decide(second.body.id, 'refuse', ben, { reason: 'recorded already' })).status).toBe(200)
  })

  it('is one payment, though two keys approve one receipt twice at once', async () => {
    const asked = await Promise.all([ask({ payment: came(FROM), reason: 'x' }), ask({ payment: came(FROM), reason: 'y' })])
    expect(madeBy(asked[0])).toEqual(madeBy(asked[1]))
    const answers = await Promise.all(asked.map(({ body }) => decide(body.id, 'approve', ben)))
    await world.runtime.settled()
    expect(answers.map(({ status }) => status).sort()[0]).toBe(200)
    expect((await world.runtime.list({ type: 'payment', limit: 10 })).data).toMatchObject([{ states: ['review'], context: { amount: FROM } }])
  })

  it('cannot be said in the name of a callback, whose money may be rejected as never come and whose receipt has any form', async () => {
    const input = { ...came(50, 'x y z!'), received: { ...came(50).received, source: 'callback', receipt: 'x y z!' } }
    expect(await record(input)).toMatchObject({ status: 422, body: { code: 'invalid-input', errors: [{ pointer: '/input/received/source' }] } })
    expect(await ask({ payment: { ...input, amount: FROM }, reason: 'x' })).toMatchObject({ status: 422, body: { code: 'invalid-input', errors: [{ pointer: '/payment/received/source' }] } })
  })

  it('is asked for once under an Idempotency-Key, whatever has changed since', async () => {
    const id = await home()
    const typed = { ...anne, 'idempotency-key': 'till-8' }
    expect((await ask({ payment: came(FROM), reason: 'x' }, typed)).body.id).toBe((await ask({ payment: came(FROM), reason: 'x' }, typed)).body.id)
    const payment = { currency: 'KES', ...cash(id, FROM) }
    const again = { ...anne, 'idempotency-key': 'till-9' }
    const first = await ask({ payment, reason: 'x' }, again)
    await tell('subscription', id, { type: 'subscription.terminate', reason: 'moved away' }, world.admin)
    const second = await ask({ payment, reason: 'x' }, again)
    expect([first.status, second.status, second.body.id, madeBy(second)]).toEqual([201, 201, first.body.id, madeBy(first)])
    expect(await ask({ payment: { ...payment, amount: FROM + 1 }, reason: 'x' }, again)).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } })
    // What one key has recorded is told again, too.
    const other = await home()
    const till = { ...anne, 'idempotency-key': 'till-10' }
    const [made, repeated] = [await record(cash(other, 5_000), till), await record(cash(other, 5_000), till)]
    expect([made.status, repeated.status, repeated.body.id]).toEqual([201, 201, made.body.id])
  })

  it('shows personal fields of what is asked for to those alone who may see them', async () => {
    const asked = await ask({ payment: { ...came(FROM), phone: '254708374149' }, reason: 'x' })
    const seen = await call('GET', `/v1/actors/approval/${asked.body.id}`, undefined, world.keys.add('viewer-key-123', ['viewer']))
    expect(JSON.stringify(seen.body)).not.toMatch(/254708374149|JANE/)
  })
})

describe('free time', () => {
  it('needs a second key from the worth on that it has at the price of the plan', async () => {
    const id = await home()
    const move = (days: number) => ({ type: 'subscription.changeExpiry', expiresAt: new Date(Date.now() + days * DAY_MS).toISOString(), reason: 'an outage' })
    expect((await tell('subscription', id, move(9), anne)).status).toBe(200)
    expect(await tell('subscription', id, move(20), anne)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: expect.closeTo(110_000, -2) as number } })
    // Taking time away gives nobody anything.
    expect((await tell('subscription', id, move(1), anne)).status).toBe(200)
    const asked = await ask({ type: 'subscription', id, event: move(31), reason: 'an outage of a month' })
    await decide(asked.body.id, 'approve', ben)
    await world.runtime.settled()
    expect(((await world.runtime.get({ type: 'subscription', id }))?.context as { expiresAt: number }).expiresAt).toBeGreaterThan(Date.now() + 30 * DAY_MS)
  })
})

describe('what has a price of its own', () => {
  const plan = { id: 'home', name: 'Home', term: { unit: 'seconds', count: 30 * 86_400 }, amount: 300_000, currency: 'KES', dataBytes: null, uploadKbps: null, downloadKbps: null, devices: 1, graceSeconds: 0, graceUploadKbps: null, graceDownloadKbps: null, reminderSeconds: [] }
  const needed = { status: 409, body: { code: 'second-key-needed', worth: null, from: FROM } }
  const change = (id: string, fields: object, headers = anne) => tell('subscription', id, { type: 'subscription.changePackage', package: { ...plan, ...fields }, at: 'term-end' }, headers)

  it.each([['its price', { amount: 100 }], ['its name', { name: 'Home for friends' }], ['its term', { term: { unit: 'months', count: 120 } }], ['its id', { id: 'none' }]])('is a plan that differs from the price list in %s: no line is changed to it', async (_what, fields) => {
    const id = await home()
    expect(await change(id, fields)).toMatchObject(needed)
    expect(await change(id, fields, world.admin)).toMatchObject(needed)
    expect((await change(id, {})).status).toBe(200)
  })

  it('is agreed on by two keys, for a line that there is and for one that begins', async () => {
    const agreed = { ...plan, id: 'clinic', name: 'Clinic', amount: 150_000 }
    const event = { type: 'subscription.changePackage', package: agreed, at: 'now' }
    const planOf = async (id: string) => ((await world.runtime.get({ type: 'subscription', id }))?.context as { plan: { id: string } }).plan
    for (const isPaid of [false, true]) {
      const id = await home()
      if (isPaid) await world.runtime.send({ type: 'subscription', id }, { type: 'subscription.pay', paymentId: 'pay_1', amount: 300_000, currency: 'KES', receipt: null, paidAt: Date.now() })
      const asked = await ask({ type: 'subscription', id, event, reason: 'half price for the clinic' })
      // Nobody can say what it gives away, and the second key sees just that.
      expect(asked).toMatchObject({ status: 201, body: { states: ['requested'], context: { worth: null, currency: 'KES', act: { event } } } })
      expect((await decide(asked.body.id, 'approve', anne)).status).toBe(409)
      expect((await decide(asked.body.id, 'approve', ben)).status).toBe(200)
      await world.runtime.settled()
      expect(await planOf(id)).toEqual(agreed)
    }
  })

  it('is asked for by nobody where it is the plan of the price list: one key changes to it', async () => {
    const asked = await ask({ type: 'subscription', id: await home(), event: { type: 'subscription.changePackage', package: plan, at: 'term-end' }, reason: 'x' })
    expect(asked).toMatchObject({ status: 422, body: { code: 'invalid-input', errors: [{ pointer: '/event' }] } })
  })

  it('begins no line by one key', async () => {
    await home()
    const input = (fields: object) => ({ accountNumber: '12345674', name: 'Wanjiru', phone: '254708374149', locale: 'en', timeZone: 'Africa/Nairobi', plan: { ...plan, ...fields } })
    const refused = await call('POST', '/v1/actors/subscription', { input: input({ amount: 100 }) }, world.admin)
    expect(refused).toMatchObject({ ...needed, body: { ...needed.body, detail: expect.stringContaining('subscription.changePackage') as string } })
    expect((await call('POST', '/v1/actors/subscription', { input: input({}) }, anne)).status).toBe(201)
  })

  it('cannot make time cheap that is given afterwards: it is weighed by the price list', async () => {
    const id = await home()
    await world.runtime.send({ type: 'subscription', id }, { type: 'subscription.pay', paymentId: 'pay_1', amount: 300_000, currency: 'KES', receipt: null, paidAt: Date.now() })
    await world.runtime.send({ type: 'subscription', id }, { type: 'subscription.changePackage', package: { ...plan, amount: 10_000 }, at: 'now' })
    const { expiresAt } = (await world.runtime.get({ type: 'subscription', id }))?.context as { expiresAt: number }
    const until = new Date(expiresAt + 200 * DAY_MS).toISOString()
    expect(await tell('subscription', id, { type: 'subscription.changeExpiry', expiresAt: until, reason: 'x' }, anne)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: 2_000_000 } })
  })

  it('is no access that one key gives: what is listed is weighed, and asked for', async () => {
    const access = async (fields: object = {}) => ({ source: { kind: 'payment', id: 'pay_gift' }, phone: '254708374149', macAddress: null, paidAt: Date.now(), package: { ...(await hour()), ...fields } })
    const make = async (fields: object, headers = anne) => call('POST', '/v1/actors/hotspot-session', { input: await access(fields) }, headers)
    expect(await make({ durationSeconds: 315_360_000, devices: 50 }, world.admin)).toMatchObject(needed)
    expect((await make({})).status).toBe(201)
    expect(await ask({ session: await access({ durationSeconds: 315_360_000 }), reason: 'x' })).toMatchObject({ status: 422, body: { code: 'package-unknown' } })
    expect(await ask({ session: { package: 'x' }, reason: 'x' })).toMatchObject({ status: 422, body: { code: 'invalid-input' } })
    const asked = await ask({ session: await access(), reason: 'the line was down' })
    expect((await decide(asked.body.id, 'approve', ben)).status).toBe(200)
    await world.runtime.settled()
    expect(await statesOf('hotspot-session', (asked.body['context'] as { to: { id: string } }).to.id)).toEqual(['ready'])
  })

  it('is no voucher: its code and what it gives are its batch\'s', async () => {
    expect(await call('POST', '/v1/actors/voucher', { id: 'vb_1-00001', input: {} }, world.admin)).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })
})

describe('a request that comes again under its Idempotency-Key', () => {
  it('is the same approval, and the same batch; with another body it is refused', async () => {
    const again = (suffix: string) => ({ ...anne, 'idempotency-key': `order-${suffix}` })
    const [first, second] = [await ask({ batch: BATCH, reason: 'for the fair' }, again('1')), await ask({ batch: BATCH, reason: 'for the fair' }, again('1'))]
    expect([first.status, second.status, second.body.id]).toEqual([201, 201, first.body.id])
    expect(await ask({ batch: BATCH, reason: 'for another fair' }, again('1'))).toMatchObject({ body: { code: 'idempotency-mismatch' } })
    expect((await ask({ batch: BATCH, reason: 'for the fair' }, again('2'))).body.id).not.toBe(first.body.id)
    const small = { ...BATCH, count: 2 }
    const [made, repeated] = [await call('POST', '/vouchers/batches', small, again('3')), await call('POST', '/vouchers/batches', small, again('3'))]
    expect([made.status, repeated.status, repeated.body.id]).toEqual([201, 201, made.body.id])
    expect(await call('POST', '/vouchers/batches', { ...small, count: 3 }, again('3'))).toMatchObject({ body: { code: 'idempotency-mismatch' } })
  })
})

describe('a batch of vouchers', () => {
  it('of little worth is made by one key, of more by two', async () => {
    expect(await call('POST', '/vouchers/batches', { ...BATCH, count: 99 }, anne)).toMatchObject({ status: 201 })
    expect(await call('POST', '/vouchers/batches', BATCH, anne)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: FROM } })
    const offer = await hour()
    expect(await call('POST', '/v1/actors/voucher-batch', { input: { name: 'x', package: offer, count: 100, expiresAt: 4e12 } }, world.admin)).toMatchObject({ status: 409, body: { code: 'second-key-needed' } })
    expect(await ask({ batch: { ...BATCH, expires_at: '2001-01-01T00:00:00Z' }, reason: 'for the fair' })).toMatchObject({ status: 422 })
    // What is not on the price list as it is named is worth nobody knows what: a year under the name of an hour.
    expect(await call('POST', '/v1/actors/voucher-batch', { input: { name: 'x', package: offer, count: 1, expiresAt: 4e12 } }, anne)).toMatchObject({ status: 201 })
    expect(await call('POST', '/v1/actors/voucher-batch', { input: { name: 'x', package: { ...offer, durationSeconds: 31_536_000 }, count: 1, expiresAt: 4e12 } }, anne)).toMatchObject({ status: 409, body: { code: 'second-key-needed', worth: null } })
    const asked = await ask({ batch: BATCH, reason: 'for the fair' })
    const { to } = asked.body['context'] as { to: { type: string; id: string } }
    expect(await world.runtime.get(to)).toBeUndefined()
    expect((await decide(asked.body.id, 'approve', ben)).status).toBe(200)
    await world.runtime.settled()
    expect(await world.runtime.get(to)).toMatchObject({ type: 'voucher-batch', states: ['open'], context: { count: 100, name: 'Kiosk' } })
  })

  it('is weighed by the limit of its tenant', async () => {
    const other = world.keys.add('other-key-123', ['admin'], 'other')
    expect((await call('POST', '/vouchers/batches', { ...BATCH, count: 1 }, other)).body.code).toBe('second-key-needed')
  })
})
