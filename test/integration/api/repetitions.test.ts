/**
 * A request that comes again under its key, because its answer was lost, is answered as it was first (R3): whatever the price list, the clock
 * and other keys have done since. Over the real engine and the real actors.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineVoucherBatch } from '../../../actors/voucher-batch/definition.ts'
import { createVoucherCodes } from '../../../actors/voucher/codes.ts'
import { snapshotOf } from '../../../api/payments/event-teller.ts'
import type { Package, Packages } from '../../../api/ports/packages.ts'
import { HOUR_PACKAGE } from '../../support/api-ports.ts'
import { APP_KEY, apiWorld, type World } from '../../support/api-world.ts'
import { UNMATCHED_INPUT } from '../../unit/machines/payment.fixture.ts'

/** The actors' clock runs; the edge's stands, and is moved. */
const BEGIN = Date.now()
const DAY_MS = 86_400_000
const codes = createVoucherCodes(APP_KEY)
const HOME = { id: 'home', kind: 'subscription', name: 'Home', amount_minor: 300_000, currency: 'KES', term: 'P30D' }
const LINE = { name: 'Wanjiru', phone: '0708374149', package_id: 'home' }
const BATCH = { name: 'Kiosk', package_id: 'hour', count: 10, expires_at: '2099-01-01T00:00:00Z' }
const ASSIGN = { type: 'payment.assign', packageId: 'hour', phone: '254708374149', reason: 'she showed the SMS' }

let world: World
let now: number
let from: number
/** On sale under the name of `hour`; undefined: nothing. */
let hour: Package | undefined
let anne: Headers
let ben: Headers
type Headers = Record<string, string>
type Answer = { status: number; isReplay: boolean; body: Record<string, unknown> & { id: string; code: string; seq: number } }

beforeEach(async () => {
  now = BEGIN
  from = 100_000
  hour = HOUR_PACKAGE
  const packages: Packages = { list: async () => (hour === undefined ? [] : [hour]), find: async (_tenant, id) => (id === 'hour' ? hour : undefined) }
  world = await apiWorld([defineVoucherBatch({ codes })], { now: () => now, secondKeyFrom: () => from, packages, vouchers: { vouchers: {} as never, codes } })
  anne = world.keys.add('anne-key-1234', ['admin'])
  ben = world.keys.add('bens-key-1234', ['admin'])
})
afterEach(() => world.stop())

async function post(url: string, payload: object, headers: Headers): Promise<Answer> {
  const answer = await world.app.inject({ method: 'POST', url: `/api${url}`, headers, payload })
  return { status: answer.statusCode, isReplay: answer.headers['idempotency-replayed'] === 'true', body: answer.json() }
}
const under = (key: string, headers = anne): Headers => ({ ...headers, 'idempotency-key': key })
const ask = (body: object, key: string) => post('/v1/approvals', body, under(key))
const money = (id: string, amount: number) => world.runtime.create({ type: 'payment', id }, { ...UNMATCHED_INPUT, amount })

async function home(): Promise<string> {
  await post('/v1/packages', HOME, anne)
  return (await post('/v1/subscriptions', LINE, anne)).body.id
}

describe('a batch of vouchers', () => {
  it('is the one that was made, at another price, past its end, without its package, and where one key does not suffice any more', async () => {
    const first = await post('/vouchers/batches', BATCH, under('b'))
    hour = { ...HOUR_PACKAGE, amount: 2_000 }
    expect(await post('/vouchers/batches', BATCH, under('b'))).toEqual(first)
    from = 1
    expect(await post('/vouchers/batches', BATCH, under('b'))).toEqual(first)
    hour = undefined
    now = Date.parse(BATCH.expires_at)
    expect(await post('/vouchers/batches', BATCH, under('b'))).toEqual(first)
    hour = HOUR_PACKAGE
    now = BEGIN
    from = 100_000
    expect((await post('/vouchers/batches', { ...BATCH, count: 11 }, under('b'))).body.code).toBe('idempotency-mismatch')
    expect((await post('/vouchers/batches', BATCH, under('c'))).body.id).not.toBe(first.body.id)
  })

  it('made as an actor is the one that was made where one key does not suffice any more', async () => {
    const input = { name: 'Kiosk', count: 10, expiresAt: 4e12, package: snapshotOf(HOUR_PACKAGE) }
    const first = await post('/v1/actors/voucher-batch', { input }, under('b'))
    expect(first.status).toBe(201)
    from = 1
    expect((await post('/v1/actors/voucher-batch', { input }, under('b'))).body.id).toBe(first.body.id)
    expect((await post('/v1/actors/voucher-batch', { input }, under('c'))).body.code).toBe('second-key-needed')
  })
})

describe('what is asked of a second key', () => {
  it('is what was asked, after its worth has changed with the clock', async () => {
    const event = { type: 'subscription.changeExpiry', expiresAt: new Date(BEGIN + 40 * DAY_MS).toISOString(), reason: 'an outage' }
    const body = { type: 'subscription', id: await home(), event, reason: 'a month' }
    const first = await ask(body, 'a')
    expect(first.status).toBe(201)
    now += 60_000
    expect(await ask(body, 'a')).toEqual(first)
    expect((await ask({ ...body, reason: 'two months' }, 'a')).body.code).toBe('idempotency-mismatch')
    expect((await ask({ ...body, event: { ...event, reason: 'a gift' } }, 'a')).body.code).toBe('idempotency-mismatch')
  })

  it('is what was asked, after it has been done', async () => {
    await money('pay_1', 200_000)
    const body = { type: 'payment', id: 'pay_1', event: ASSIGN, reason: 'she waits' }
    const first = await ask(body, 'a')
    expect((await post(`/v1/actors/approval/${first.body.id}/events`, { type: 'approval.approve' }, ben)).status).toBe(200)
    await world.runtime.settled()
    hour = { ...HOUR_PACKAGE, amount: 2_000 }
    const again = await ask(body, 'a')
    expect(again).toMatchObject({ status: 201, body: { id: first.body.id } })
  })

  it('may be a batch whose package has another price by now', async () => {
    const body = { batch: { ...BATCH, count: 100 }, reason: 'for the fair' }
    const first = await ask(body, 'a')
    expect(first.status).toBe(201)
    hour = { ...HOUR_PACKAGE, amount: 2_000 }
    expect(await ask(body, 'a')).toEqual(first)
    hour = undefined
    expect(await ask(body, 'a')).toEqual(first)
  })
})

describe('an event', () => {
  it('that approves has its first answer when it comes again, though by then there is nothing to weigh', async () => {
    const event = { type: 'subscription.changeExpiry', expiresAt: new Date(BEGIN + 40 * DAY_MS).toISOString(), reason: 'an outage' }
    const { body } = await ask({ type: 'subscription', id: await home(), event, reason: 'a month' }, 'a')
    const approve = (headers: Headers) => post(`/v1/actors/approval/${body.id}/events`, { type: 'approval.approve' }, headers)
    const first = await approve(under('ok', ben))
    expect(first).toMatchObject({ status: 200, isReplay: false })
    await world.runtime.settled()
    expect(await approve(under('ok', ben))).toMatchObject({ status: 200, isReplay: true, body: { seq: first.body.seq } })
    // Not to whoever takes the same key for it.
    expect((await approve(under('ok', anne))).body.code).toBe('idempotency-mismatch')
  })

  it('that assigns money has its first answer when its package has another price, or is not sold any more, also among many', async () => {
    await money('pay_1', 1_000)
    const assign = (event: object = ASSIGN) => post('/v1/actors/payment/pay_1/events', event, under('as'))
    const first = await assign()
    expect(first.status).toBe(200)
    for (const offer of [{ ...HOUR_PACKAGE, amount: 200_000 }, undefined]) {
      hour = offer
      expect(await assign()).toMatchObject({ status: 200, isReplay: true, body: { seq: first.body.seq } })
      const many = await post('/v1/events', { events: [{ type: 'payment', id: 'pay_1', event: ASSIGN, eventId: 'as' }, { type: 'payment', id: 'no such/id', event: ASSIGN, eventId: 'as' }] }, anne)
      expect(many).toMatchObject({ status: 200, body: { data: [{ outcome: 'duplicate', seq: first.body.seq }, { outcome: 'failed' }] } })
    }
    expect((await assign({ ...ASSIGN, reason: 'another' })).body.code).toBe('idempotency-mismatch')
  })
})

describe('a subscription', () => {
  it('is the one that was begun, though its package is not sold any more; another body is refused', async () => {
    await post('/v1/packages', HOME, anne)
    const first = await post('/v1/subscriptions', LINE, under('s'))
    expect(first).toMatchObject({ status: 201, isReplay: false })
    await world.app.inject({ method: 'DELETE', url: '/api/v1/packages/home', headers: { ...anne, 'if-match': '"1"' } })
    expect(await post('/v1/subscriptions', LINE, under('s'))).toMatchObject({ status: 201, isReplay: true, body: { id: first.body.id, context: first.body['context'] } })
    for (const change of [{ name: 'Otieno' }, { phone: '0711000111' }, { package_id: 'other' }, { locale: 'sw' }]) {
      expect((await post('/v1/subscriptions', { ...LINE, ...change }, under('s'))).body.code).toBe('idempotency-mismatch')
    }
  })

  it('is begun once by two requests of one key at once, and not by two with other bodies', async () => {
    await post('/v1/packages', HOME, anne)
    const [one, two] = await Promise.all([post('/v1/subscriptions', LINE, under('s')), post('/v1/subscriptions', LINE, under('s'))])
    expect([one.status, two.status, two.body.id]).toEqual([201, 201, one.body.id])
    const codesOf = (await Promise.all([post('/v1/subscriptions', LINE, under('t')), post('/v1/subscriptions', { ...LINE, name: 'Otieno' }, under('t'))])).map(({ body }) => body.code)
    expect(codesOf.filter((code) => code === 'idempotency-mismatch')).toHaveLength(1)
  })

  it('agrees on another package once, though that is not sold any more; another body is refused', async () => {
    const id = await home()
    await post('/v1/packages', { ...HOME, id: 'fast', amount_minor: 500_000 }, anne)
    const change = (body: object) => post(`/v1/subscriptions/${id}/package`, body, under('c'))
    const first = await change({ package_id: 'fast' })
    expect(first).toMatchObject({ status: 200, isReplay: false })
    await world.app.inject({ method: 'DELETE', url: '/api/v1/packages/fast', headers: { ...anne, 'if-match': '"1"' } })
    expect(await change({ package_id: 'fast' })).toMatchObject({ status: 200, isReplay: true, body: { seq: first.body.seq } })
    expect((await change({ package_id: 'home' })).body.code).toBe('idempotency-mismatch')
  })
})
