/** Money over HTTP: paying for a subscription, saying to have paid, assigning, and giving back by two people. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HOUR_PACKAGE } from '../../support/api-ports.ts'
import { apiWorld, type World } from '../../support/api-world.ts'
import { subscriptionStub } from '../../support/subscription-stub.ts'
import { UNMATCHED_INPUT } from '../../unit/machines/payment.fixture.ts'

let world: World
const reversals: { receipt: string; amount: number; resultUrl: string }[] = []

beforeEach(async () => {
  reversals.length = 0
  world = await apiWorld([subscriptionStub], {}, {
    reverse: async (request) => {
      reversals.push(request)
      return { originatorConversationId: 'oc-1', conversationId: 'AG_1' }
    },
    pullTransactions: async () => [],
  })
  await world.runtime.create({ type: 'subscription', id: 'sub_1' }, { accountNumber: '12345674', phone: '254708374149', plan: { amount: 150_050, currency: 'KES' } })
})
afterEach(() => world.stop())

const as = (name: string, role = 'billing') => world.keys.add(`key-${name}-1234`, [role])
const post = (url: string, payload: object, headers = {}) => world.app.inject({ method: 'POST', url, payload, headers })
const tell = (id: string, payload: object, headers: object = as('anne')) => post(`/api/v1/actors/payment/${id}/events`, payload, headers)
const balances = async () => {
  const { data } = (await world.app.inject({ url: '/api/v1/ledger/accounts', headers: as('audit', 'auditor') })).json<{ data: { account: string; amount_minor: number }[] }>()
  return Object.fromEntries(data.map(({ account, amount_minor: amount }) => [account, amount]))
}

describe('POST /api/payments/stk for a subscription', () => {
  const order = { phone_number: '0708374149', subscription_id: 'sub_1' }

  it('prompts for what is due, in whole shillings, or for the amount that is named', async () => {
    const due = await post('/api/payments/stk', order)
    expect(due.statusCode).toBe(202)
    const { payment_id: id } = due.json<{ payment_id: string }>()
    expect((await world.runtime.get({ type: 'payment', id }))?.context).toMatchObject({ purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, method: 'stk', amount: 150_100, package: null })
    const named = await post('/api/payments/stk', { ...order, phone_number: '0708374150', amount: 20 }, { 'idempotency-key': 'k-1234567' })
    expect((await world.runtime.get({ type: 'payment', id: named.json<{ payment_id: string }>().payment_id }))?.context).toMatchObject({ amount: 2_000 })
    const again = await post('/api/payments/stk', { ...order, phone_number: '0708374150', amount: 20 }, { 'idempotency-key': 'k-1234567' })
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect((await post('/api/payments/stk', { ...order, phone_number: '0708374150', amount: 21 }, { 'idempotency-key': 'k-1234567' })).json()).toMatchObject({ code: 'idempotency-mismatch' })
  })

  it.each([
    [{ ...order, subscription_id: 'sub_2' }, 'subscription-unknown'],
    [{ ...order, subscription_id: 'sub/..' }, 'subscription-unknown'],
    [{ ...order, package_id: 'hour' }, 'invalid-input'],
    [{ phone_number: '0708374149' }, 'invalid-input'],
    [{ phone_number: '0708374149', package_id: 'hour', amount: 5 }, 'invalid-input'],
    [{ ...order, amount: 0.5 }, 'invalid-input'],
  ])('%j is %s', async (payload, code) => {
    expect((await post('/api/payments/stk', payload)).json()).toMatchObject({ code })
  })

  it('does not take one that is over', async () => {
    await world.runtime.send({ type: 'subscription', id: 'sub_1' }, { type: 'end' })
    expect((await post('/api/payments/stk', order)).json()).toMatchObject({ code: 'subscription-unknown' })
  })
})

describe('POST /api/payments/{id}/claim', () => {
  it('is noted, makes us look, and grants nothing', async () => {
    const { payment_id: id } = (await post('/api/payments/stk', { phone_number: '0708374149', package_id: 'hour' })).json<{ payment_id: string }>()
    const claimed = await post(`/api/payments/${id}/claim`, { receipt: ' nlj7rt61sv ' })
    expect([claimed.statusCode, claimed.json<{ status: string }>().status]).toEqual([202, 'querying'])
    await world.runtime.settled()
    const view = await world.runtime.get({ type: 'payment', id })
    expect(view?.context).toMatchObject({ claim: { receipt: 'NLJ7RT61SV' }, completedAt: null, queries: 1 })
  })

  it('of nobody is 404, and of what is no receipt 422', async () => {
    expect((await post('/api/payments/pay_00000000/claim', { receipt: 'NLJ7RT61SV' })).statusCode).toBe(404)
    expect((await post('/api/payments/pay_00000000/claim', { receipt: 'x' })).statusCode).toBe(422)
  })
})

describe('money that nobody knows the purpose of', () => {
  const to = { type: 'payment', id: 'pay_u' }
  beforeEach(() => world.runtime.create(to, UNMATCHED_INPUT))

  it('is assigned to a package as it is on the price list, for a phone', async () => {
    expect(await balances()).toEqual({ mpesa: 2_000, unmatched: -2_000 })
    expect((await tell(to.id, { type: 'payment.assign', reason: 'x', packageId: 'gone', phone: '254708374149' })).json()).toMatchObject({ code: 'package-unknown' })
    expect((await tell(to.id, { type: 'payment.assign', reason: 'x', packageId: 'hour', phone: '254708374149' }, as('bob', 'agent'))).statusCode).toBe(403)
    const assigned = await tell(to.id, { type: 'payment.assign', reason: 'called us', packageId: 'hour', phone: '254708374149' })
    expect(assigned.statusCode).toBe(200)
    await world.runtime.settled()
    expect((await world.runtime.get({ type: 'hotspot-session', id: to.id }))?.value).toBe('ready')
    expect(await balances()).toEqual({ mpesa: 2_000, unmatched: 0, 'revenue:hotspot': -2_000 })
  })

  it('is credited to a subscription', async () => {
    await tell(to.id, { type: 'payment.assign', reason: 'called us', subscriptionId: 'sub_1' })
    expect(await balances()).toEqual({ mpesa: 2_000, unmatched: 0, 'customer:sub_1': -2_000 })
  })

  it('is not credited to a subscription that is not there or over: nobody would have it', async () => {
    await world.runtime.send({ type: 'subscription', id: 'sub_1' }, { type: 'end' })
    for (const subscriptionId of ['sub_1', 'sub_2']) {
      const refused = await tell(to.id, { type: 'payment.assign', reason: 'x', subscriptionId })
      expect([refused.statusCode, refused.json()]).toMatchObject([422, { code: 'subscription-unknown', errors: [{ pointer: '/subscriptionId' }] }])
    }
    expect(await balances()).toEqual({ mpesa: 2_000, unmatched: -2_000 })
  })

  it('does not hold up its neighbours in a batch when it names what is not there', async () => {
    const assign = (fields: object) => ({ type: 'payment', id: to.id, event: { type: 'payment.assign', reason: 'x', ...fields } })
    const events = [assign({ packageId: 'gone', phone: '254708374149' }), assign({ subscriptionId: 'sub_2' }), assign({ subscriptionId: 'sub_1' }), { type: 'payment', id: 'none', event: { type: 'payment.cancel' } }]
    const { data } = (await post('/api/v1/events', { events }, as('anne'))).json<{ data: object[] }>()
    expect(data).toMatchObject([{ problem: { code: 'package-unknown' } }, { problem: { code: 'subscription-unknown' } }, { outcome: 'applied' }, { problem: { code: 'actor-not-found' } }])
    expect(await balances()).toEqual({ mpesa: 2_000, unmatched: 0, 'customer:sub_1': -2_000 })
  })
})

describe('money that comes a second time on one prompt', () => {
  const SECOND = 'NLJ7RT61SW'
  /** As the edge brings it, and again. */
  const paid = async (id: string, receipt: string, fields: object = {}) => {
    const at = { type: 'payment', id }
    for (const eventId of ['first', 'again']) await world.runtime.send(at, { type: 'payment.callback', resultCode: '0', amount: HOUR_PACKAGE.amount, receipt, phone: '254708374149', ...fields }, { eventId: `${receipt}-${eventId}` })
    await world.runtime.settled()
  }
  const underReview = async () => (await world.app.inject({ url: '/api/v1/actors/payment?state=review', headers: as('vera', 'viewer') })).json<{ data: { id: string; context: { review: { reason: string }; received: object } }[] }>().data

  const paidTwice = async () => {
    const { payment_id: id } = (await post('/api/payments/stk', { phone_number: '0708374149', package_id: 'hour' })).json<{ payment_id: string }>()
    await paid(id, 'NLJ7RT61SV')
    await paid(id, SECOND)
    const [second, ...more] = await underReview()
    expect(more).toEqual([])
    return { id, second: second as NonNullable<typeof second> }
  }

  it('is a payment of its own that staff see, find by what the caller can say, and credit', async () => {
    const { id, second } = await paidTwice()
    expect(second.context).toMatchObject({ amount: HOUR_PACKAGE.amount, review: { reason: 'paid-twice' }, received: { source: 'callback', besides: id, receipt: SECOND } })
    expect(await balances()).toEqual({ mpesa: 2 * HOUR_PACKAGE.amount, 'revenue:hotspot': -HOUR_PACKAGE.amount, unmatched: -HOUR_PACKAGE.amount })
    for (const said of [SECOND, '0708 374 149']) {
      const found = (await world.app.inject({ url: `/api/v1/search?q=${encodeURIComponent(said)}`, headers: as('vera', 'viewer') })).json<{ data: { type: string; id: string }[] }>().data
      expect(found, said).toContainEqual(expect.objectContaining({ type: 'payment', id: second.id }))
    }
    expect((await tell(second.id, { type: 'payment.assign', reason: 'he meant his line', subscriptionId: 'sub_1' })).statusCode).toBe(200)
    expect(await balances()).toMatchObject({ unmatched: 0, 'customer:sub_1': -HOUR_PACKAGE.amount })
  })

  it('goes back by two keys, by its own receipt, and leaves what the first has paid for', async () => {
    const { id, second } = await paidTwice()
    await tell(second.id, { type: 'payment.refund', reason: 'paid twice' })
    await tell(second.id, { type: 'payment.approveRefund' }, as('carl', 'senior'))
    await world.runtime.settled()
    expect(reversals).toMatchObject([{ receipt: SECOND, amount: HOUR_PACKAGE.amount }])
    await world.runtime.send({ type: 'payment', id: second.id }, { type: 'payment.returnResult', about: 'return', resultCode: '0', originatorConversationId: 'oc-1' })
    await world.runtime.settled()
    expect(await balances()).toEqual({ mpesa: HOUR_PACKAGE.amount, 'revenue:hotspot': -HOUR_PACKAGE.amount, unmatched: 0, 'refunds:pending': 0 })
    expect((await world.runtime.get({ type: 'hotspot-session', id }))?.states).toEqual(['ready'])
  })

  it('is not lost because its receipt looks new, or its payer is told with masked digits', async () => {
    const { id } = await paidTwice()
    await paid(id, 'new-form/2031', { phone: '2547*****149' })
    const received = (await underReview()).map(({ context }) => context.received)
    expect(received).toContainEqual(expect.objectContaining({ receipt: 'NEW-FORM/2031', besides: id }))
  })
})

describe('money over the counter', () => {
  const record = (input: object, headers = {}) => post('/api/v1/actors/payment', { input: { method: 'cash', currency: 'KES', ...input } }, { ...as('anne'), ...headers })
  const greedy = { id: 'hour', name: 'Ten years', durationSeconds: 315_360_000, downloadKbps: 1_000_000, devices: 100 }
  const listed = { id: HOUR_PACKAGE.id, name: HOUR_PACKAGE.name, durationSeconds: HOUR_PACKAGE.durationSeconds, downloadKbps: HOUR_PACKAGE.downloadKbps, devices: HOUR_PACKAGE.devices }

  it('sells a package as the price list has it, whatever the caller wrote, and once', async () => {
    const hour = { phone: '254708374149', package: greedy, amount: HOUR_PACKAGE.amount }
    const made = await record(hour, { 'idempotency-key': 'till-7-41' })
    expect([made.statusCode, made.json<{ context: object }>().context]).toMatchObject([201, { package: listed, amount: HOUR_PACKAGE.amount, method: 'cash' }])
    const again = await record({ ...hour, package: { id: 'hour' } }, { 'idempotency-key': 'till-7-41' })
    expect([again.statusCode, again.json<{ id: string }>().id]).toEqual([201, made.json<{ id: string }>().id])
    await world.runtime.settled()
    expect(await balances()).toMatchObject({ cash: HOUR_PACKAGE.amount })
  })

  it.each([
    ['too little', { amount: HOUR_PACKAGE.amount - 100 }, 'invalid-input', '/input/amount'],
    ['too much', { amount: HOUR_PACKAGE.amount + 100 }, 'invalid-input', '/input/amount'],
    ['another currency', { currency: 'USD' }, 'invalid-input', '/input/amount'],
    ['what is not on sale', { package: { id: 'none' } }, 'package-unknown', '/input/package/id'],
  ])('is not recorded for a package: %s', async (_, change, code, pointer) => {
    const refused = await record({ phone: '254708374149', package: { id: 'hour' }, amount: HOUR_PACKAGE.amount, ...change })
    expect([refused.statusCode, refused.json()]).toMatchObject([422, { code, errors: [{ pointer }] }])
    expect((await world.runtime.list({ tenant: 'main', type: 'payment', limit: 9 })).data).toEqual([])
  })

  it('sells nothing that it does not suffice for, though it has come already: one key would give away what two must', async () => {
    const came = { method: 'c2b', phone: '254708374149', package: { id: 'hour' }, received: UNMATCHED_INPUT.received }
    const refused = await record({ ...came, amount: 1 })
    expect([refused.statusCode, refused.json()]).toMatchObject([422, { code: 'invalid-input', errors: [{ pointer: '/input/amount' }] }])
    expect((await record({ ...came, amount: HOUR_PACKAGE.amount + 100 })).statusCode).toBe(201)
  })

  it.each([
    ['nobody', {}, 'subscription-unknown', '/input/purpose/subscriptionId'],
    ['no/body', {}, 'subscription-unknown', '/input/purpose/subscriptionId'],
    ['sub_1', { currency: 'USD' }, 'invalid-input', '/input/currency'],
  ])('is not recorded for a subscription that cannot use it: %s %j', async (subscriptionId, change, code, pointer) => {
    const refused = await record({ purpose: { kind: 'subscription', subscriptionId }, amount: 20_000, ...change })
    expect([refused.statusCode, refused.json()]).toMatchObject([422, { code, errors: [{ pointer }] }])
    await world.runtime.send({ type: 'subscription', id: 'sub_1' }, { type: 'end' })
    expect((await record({ purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, amount: 20_000 })).json()).toMatchObject({ code: 'subscription-unknown' })
    expect((await world.runtime.list({ tenant: 'main', type: 'payment', limit: 9 })).data).toEqual([])
    expect(await balances()).toEqual({})
  })

  it('is credited to a subscription as much as came', async () => {
    for (const amount of [20_000, 900_000]) expect((await record({ purpose: { kind: 'subscription', subscriptionId: 'sub_1' }, amount })).statusCode).toBe(201)
    await world.runtime.settled()
    expect(await balances()).toMatchObject({ cash: 920_000, 'customer:sub_1': -920_000 })
  })
})

describe('a refund', () => {
  const cash = { method: 'c2b', purpose: { kind: 'hotspot' }, phone: '254708374149', package: { id: 'hour', name: 'One hour', durationSeconds: 3_600 }, amount: 1_000, currency: 'KES', received: UNMATCHED_INPUT.received }
  const to = { type: 'payment', id: 'pay_r' }
  beforeEach(async () => {
    await world.runtime.create(to, cash)
    await world.runtime.settled()
  })
  const stateOf = async (address: { type: string; id: string }) => (await world.runtime.get(address))?.states[0]

  it('needs two keys: whatever name a caller writes, the edge signs with its own', async () => {
    const anne = as('anne')
    expect((await tell(to.id, { type: 'payment.refund', reason: 'sold twice', by: 'key:somebody' }, anne)).statusCode).toBe(200)
    const own = await tell(to.id, { type: 'payment.approveRefund', by: 'key:somebody' }, anne)
    expect([own.statusCode, own.json<{ refusedBy: { guard: string }[] }>().refusedBy]).toEqual([409, [expect.objectContaining({ guard: 'isOtherPerson' })]])
    expect((await tell(to.id, { type: 'payment.approveRefund' }, as('bob', 'agent'))).statusCode).toBe(403)
    expect((await tell(to.id, { type: 'payment.approveRefund' }, as('carl', 'senior'))).statusCode).toBe(200)
    await world.runtime.settled()
    expect(reversals).toMatchObject([{ receipt: 'NLJ7RT61SV', amount: 1_000, resultUrl: 'https://x.example/result/pay_r.return' }])
    expect(await balances()).toMatchObject({ mpesa: 1_000, 'revenue:hotspot': 0, 'refunds:pending': -1_000 })

    const inOneBatch = await post('/api/v1/events', { events: [{ type: 'payment', id: to.id, event: { type: 'payment.settleRefund', reason: 'x', returned: true, by: 'key:z' } }] }, anne)
    expect(inOneBatch.json()).toMatchObject({ data: [{ outcome: 'failed' }] })
  })

  it('takes what it had paid for away, and leaves the ledger at nothing', async () => {
    expect(await stateOf({ type: 'hotspot-session', id: to.id })).toBe('ready')
    await tell(to.id, { type: 'payment.refund', reason: 'sold twice' })
    await tell(to.id, { type: 'payment.approveRefund' }, as('carl', 'senior'))
    await world.runtime.settled()
    await world.runtime.send(to, { type: 'payment.returnResult', about: 'return', resultCode: 'R000001' })
    await world.runtime.settled()
    expect(await stateOf(to)).toBe('refunded')
    expect(['expired', 'closed', 'disconnecting']).toContain(await stateOf({ type: 'hotspot-session', id: to.id }))
    expect(await balances()).toEqual({ mpesa: 0, 'revenue:hotspot': 0, 'refunds:pending': 0 })
  })
})
