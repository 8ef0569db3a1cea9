/** What Safaricom tells us, in every shape it is known to use, and how much of it is believed. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { callBack, DARAJA_HOOK_SECRET, startWorld, type World } from '../support/system-outside.ts'
import { accessOf, actorOf, advance, atRest, buy, granted, historyOf, newPhone, paymentOf, recordOf, send, smsOf, untilState, type Bought } from '../support/system-shop.ts'

let world: World
beforeAll(async () => {
  // Behind a proxy, as in production: it names the caller.
  world = await startWorld({ env: { STANDING_TRUSTED_PROXIES: '127.0.0.1', DARAJA_ALLOWED_IPS: '127.0.0.1,196.201.214.0/24' } })
})
afterAll(() => world.end())

const ACCEPTED = { ResultCode: 0, ResultDesc: 'Accepted' }
const MERCHANT = '29115-34620561-1'
let receipts = 0
const newReceipt = () => `NLJ7RT${String((receipts += 1)).padStart(4, '0')}`

type Item = { Name: string; Value?: string | number }

function itemsOf(phone: string, receipt: string): Item[] {
  return [
    { Name: 'Amount', Value: 10 },
    { Name: 'MpesaReceiptNumber', Value: receipt },
    { Name: 'Balance' },
    { Name: 'TransactionDate', Value: 20191219102115 },
    { Name: 'PhoneNumber', Value: Number(phone) },
  ]
}

function success(CheckoutRequestID: string, Item: unknown, more: Record<string, unknown> = {}) {
  const ResultDesc = 'The service request is processed successfully.'
  return { Body: { stkCallback: { MerchantRequestID: MERCHANT, CheckoutRequestID, ResultCode: 0, ResultDesc, CallbackMetadata: { Item }, ...more } } }
}

function failure(CheckoutRequestID: string, more: Record<string, unknown> = {}) {
  return { Body: { stkCallback: { MerchantRequestID: MERCHANT, CheckoutRequestID, ResultCode: 1032, ResultDesc: 'Request cancelled by user', ...more } } }
}

async function tell(body: unknown): Promise<void> {
  const answer = await callBack(world.system, body)
  expect([answer.status, answer.body], answer.text).toEqual([200, ACCEPTED])
}

async function expectGranted({ id }: { id: string }): Promise<void> {
  await untilState(world.system, 'payment', id, 'completed')
  await untilState(world.system, 'hotspot-session', id, 'ready')
  expect((await accessOf(world.system, id)).check).toHaveLength(3)
  await untilState(world.system, 'notification', smsOf(id), 'delivered')
}

async function expectNothingGranted({ id }: { id: string }): Promise<void> {
  expect((await world.system.ask(`/api/v1/actors/hotspot-session/${id}`)).status).toBe(404)
  expect(await accessOf(world.system, id)).toEqual({ check: [], reply: [] })
}

interface HookRow extends Record<string, unknown> {
  outcome: string | null
  note: string | null
  body: string
}

/** The stored callback that holds this text, when it is processed. */
function hookWith(text: string): Promise<HookRow> {
  return vi.waitFor(async () => {
    const rows = await world.system.rows<HookRow>('select outcome, note, body from business.hook_inbox where position($1 in body) > 0 and processed_at is not null', [text])
    expect(rows).toHaveLength(1)
    return rows[0] as HookRow
  }, { timeout: 10_000, interval: 50 })
}

describe('a success is understood', () => {
  test('as Safaricom prints it, with a Balance that has no Value', async () => {
    const bought = await buy(world.system)
    const receipt = newReceipt()
    await tell(success(bought.checkout, itemsOf(bought.phone, receipt)))
    await expectGranted(bought)
    expect(await recordOf(world.system, bought.id)).toMatchObject({ confirmedBy: 'callback', receipt, transactionDate: '2019-12-19T07:21:15.000Z' })
    expect((await paymentOf(world.system, bought.id)).receipt).toBe(receipt)
  })

  const SHAPES: Record<string, (bought: Bought, receipt: string) => unknown> = {
    'with the items in another order': ({ checkout, phone }, receipt) => success(checkout, itemsOf(phone, receipt).reverse()),
    'with a Balance of text': ({ checkout, phone }, receipt) =>
      success(checkout, itemsOf(phone, receipt).map((item) => (item.Name === 'Balance' ? { Name: 'Balance', Value: '{Amount={BasicAmount=0.00, MinimumAmount=0, CurrencyCode=KES}}' } : item))),
    'with an amount of text with cents': ({ checkout, phone }, receipt) => success(checkout, itemsOf(phone, receipt).map((item) => (item.Name === 'Amount' ? { Name: 'Amount', Value: '10.00' } : item))),
    'with a result code of text': ({ checkout, phone }, receipt) => success(checkout, itemsOf(phone, receipt), { ResultCode: '0' }),
    'with all values as texts': ({ checkout, phone }, receipt) => success(checkout, itemsOf(phone, receipt).map(({ Name, Value }) => (Value === undefined ? { Name } : { Name, Value: String(Value) }))),
    'with a masked phone': ({ checkout, phone }, receipt) => success(checkout, itemsOf(`${phone.slice(0, 4)}*****${phone.slice(9)}`, receipt).map((item) => (item.Name === 'PhoneNumber' ? { Name: 'PhoneNumber', Value: `${phone.slice(0, 4)}*****${phone.slice(9)}` } : item))),
    'with fields that nobody knows': ({ checkout, phone }, receipt) => ({ ...success(checkout, [...itemsOf(phone, receipt), { Name: 'Loyalty', Value: { points: 3 } }], { Extra: [1, { a: null }] }), Envelope: true }),
    'with the prefix of the gateway': ({ checkout, phone }, receipt) => success(checkout, itemsOf(phone, receipt), { ResultDesc: '[STK_CB - ]The service request is processed successfully.' }),
  }

  test.for(Object.entries(SHAPES))('%s', async ([, shape]) => {
    const bought = await buy(world.system)
    const receipt = newReceipt()
    await tell(shape(bought, receipt))
    await untilState(world.system, 'payment', bought.id, 'completed')
    expect(await recordOf(world.system, bought.id)).toMatchObject({ confirmedBy: 'callback', receipt })
    expect((await hookWith(receipt)).outcome).toBe('applied')
  })

  test('as bytes: an amount of 10.00, a content type of text and a byte order mark', async () => {
    const bought = await buy(world.system)
    const receipt = newReceipt()
    const text = JSON.stringify(success(bought.checkout, itemsOf(bought.phone, receipt))).replace('"Value":10}', '"Value":10.00}')
    expect(text).toContain('10.00')
    expect((await callBack(world.system, `\uFEFF${text}`, { 'content-type': 'text/plain' })).body).toEqual(ACCEPTED)
    await expectGranted(bought)
  })
})

describe('a failure is understood', () => {
  const SHAPES: Record<string, (checkout: string) => unknown> = {
    'without metadata': (checkout) => failure(checkout),
    'with a code of text and the prefix of the gateway': (checkout) => failure(checkout, { ResultCode: '1032', ResultDesc: '[STK_CB - ]Request cancelled by user' }),
    'without a description': (checkout) => failure(checkout, { ResultDesc: undefined }),
  }

  test.for(Object.entries(SHAPES))('%s', async ([, shape]) => {
    const bought = await buy(world.system)
    await tell(shape(bought.checkout))
    await untilState(world.system, 'payment', bought.id, 'failed')
    const record = await recordOf(world.system, bought.id)
    expect(record.failure).toMatchObject({ reason: 'result', code: '1032' })
    expect(record.lastResult?.description).not.toContain('STK_CB')
    expect((await paymentOf(world.system, bought.id)).message).toBe('The payment was cancelled. Nothing was taken.')
    await expectNothingGranted(bought)
  })

  test('and the customer may try again at once', async () => {
    const bought = await buy(world.system)
    await world.daraja.control.answer(bought.checkout, 1032)
    await untilState(world.system, 'payment', bought.id, 'failed')
    const again = await buy(world.system, { phone: bought.phone })
    expect(again.id).not.toBe(bought.id)
    await world.daraja.control.answer(again.checkout, 0)
    await expectGranted(again)
    await expectNothingGranted(bought)
  })
})

describe('a callback that was lost', () => {
  test('is made up for by queries with growing gaps, without a receipt; the callback that comes after all brings that', async () => {
    const phone = newPhone()
    world.daraja.control.next({ phone, callback: { never: true, afterMs: 0 }, query: ['being-processed', '4999', 'empty-code', 'response-code-only'] })
    const bought = await buy(world.system, { phone })
    await advance(world.system, 'PT44S')
    expect((await recordOf(world.system, bought.id)).queries).toBe(0)
    for (const [index, gap] of ['PT2S', 'PT1M30S', 'PT3M', 'PT10M'].entries()) {
      await advance(world.system, gap)
      expect(await recordOf(world.system, bought.id)).toMatchObject({ queries: index + 1, confirmedBy: null, lastResult: { source: 'query', code: 'pending' } })
    }
    await expectNothingGranted(bought)
    await advance(world.system, 'PT30M')
    await expectGranted(bought)
    expect(await recordOf(world.system, bought.id)).toMatchObject({ queries: 5, confirmedBy: 'query', receipt: null, callbacks: 0 })

    const receipt = newReceipt()
    await tell(success(bought.checkout, itemsOf(phone, receipt)))
    await untilRecord(bought, { receipt, confirmedBy: 'query', callbacks: 1 })
  })

  test('without any answer ends with a person, and is credited when the money shows up then', async () => {
    const bought = await buy(world.system)
    await advance(world.system, 'PT6H')
    await untilState(world.system, 'payment', bought.id, 'review')
    expect(await recordOf(world.system, bought.id)).toMatchObject({ queries: 7, review: { reason: 'unconfirmed' } })
    await expectNothingGranted(bought)
    await tell(success(bought.checkout, itemsOf(bought.phone, newReceipt())))
    await expectGranted(bought)
  })

  test('a success after our own end of the payment is credited', async () => {
    const bought = await buy(world.system)
    expect((await send(world.system, 'payment', bought.id, { type: 'payment.cancel', reason: 'the customer left' })).status).toBe(200)
    expect((await actorOf(world.system, 'payment', bought.id)).states).toEqual(['cancelled', 'cancelled.waiting'])
    expect((await paymentOf(world.system, bought.id)).status).toBe('cancelled')
    await tell(success(bought.checkout, itemsOf(bought.phone, newReceipt())))
    await expectGranted(bought)
    expect((await recordOf(world.system, bought.id)).lateByMs).toBeGreaterThanOrEqual(0)
  })

  test('a success after our own end of the payment, whose callback is lost, is found by a query and credited', async () => {
    const phone = newPhone()
    world.daraja.control.next({ phone, callback: { never: true, afterMs: 0 }, query: ['being-processed'] })
    const bought = await buy(world.system, { phone })
    expect((await send(world.system, 'payment', bought.id, { type: 'payment.cancel', reason: 'the customer left' })).status).toBe(200)
    await advance(world.system, 'PT5M')
    await expectGranted(bought)
    expect(await recordOf(world.system, bought.id)).toMatchObject({ confirmedBy: 'query', callbacks: 0 })
  })

  test('a failure never undoes a success, by callback or by query', async () => {
    const bought = await buy(world.system)
    await tell(success(bought.checkout, itemsOf(bought.phone, newReceipt())))
    await expectGranted(bought)
    await tell(failure(bought.checkout))
    await untilRecord(bought, { callbacks: 2, confirmedBy: 'callback' })
    expect((await actorOf(world.system, 'payment', bought.id)).states).toEqual(['completed'])
    expect((await accessOf(world.system, bought.id)).check).toHaveLength(3)
  })
})

describe('what does not fit is decided by a person', () => {
  const wrongAmount = (bought: Bought, receipt: string) => success(bought.checkout, itemsOf(bought.phone, receipt).map((item) => (item.Name === 'Amount' ? { Name: 'Amount', Value: 1 } : item)))

  async function reviewed(): Promise<Bought & { receipt: string }> {
    const bought = await buy(world.system)
    const receipt = newReceipt()
    await tell(wrongAmount(bought, receipt))
    await untilState(world.system, 'payment', bought.id, 'review')
    expect(await recordOf(world.system, bought.id)).toMatchObject({ review: { reason: 'amount-mismatch', expected: 1_000, received: 100, receipt } })
    await expectNothingGranted(bought)
    return { ...bought, receipt }
  }

  test('another amount: approved, it grants', async () => {
    const bought = await reviewed()
    expect((await send(world.system, 'payment', bought.id, { type: 'payment.approve', reason: 'the rest was paid in cash' })).status).toBe(200)
    await expectGranted(bought)
    expect(await recordOf(world.system, bought.id)).toMatchObject({ confirmedBy: 'staff' })
  })

  test('another amount: rejected, it grants nothing, also when the callback comes again', async () => {
    const bought = await reviewed()
    expect((await send(world.system, 'payment', bought.id, { type: 'payment.reject', reason: 'not for this' })).status).toBe(200)
    await tell({ ...wrongAmount(bought, bought.receipt), again: true })
    await untilRecord(bought, { callbacks: 2 })
    expect((await actorOf(world.system, 'payment', bought.id)).states).toEqual(['failed'])
    await expectNothingGranted(bought)
  })

  test('no amount at all', async () => {
    const bought = await buy(world.system)
    await tell(success(bought.checkout, itemsOf(bought.phone, newReceipt()).filter(({ Name }) => Name !== 'Amount')))
    await untilState(world.system, 'payment', bought.id, 'review')
    expect((await recordOf(world.system, bought.id)).review).toMatchObject({ reason: 'amount-mismatch', received: null })
    await expectNothingGranted(bought)
  })

  test('another phone', async () => {
    const bought = await buy(world.system)
    await tell(success(bought.checkout, itemsOf('254711111111', newReceipt())))
    await untilState(world.system, 'payment', bought.id, 'review')
    expect((await recordOf(world.system, bought.id)).review).toMatchObject({ reason: 'phone-mismatch', expected: bought.phone, received: '254711111111' })
    await expectNothingGranted(bought)
  })

  test('a receipt that two callbacks bring at once credits one payment, and a person decides of the other', async () => {
    const pair = [await buy(world.system), await buy(world.system)]
    const receipt = newReceipt()
    await Promise.all(pair.map(({ checkout, phone }) => tell(success(checkout, itemsOf(phone, receipt)))))
    for (const { checkout } of pair) expect(await hookWith(checkout)).toMatchObject({ outcome: 'applied' })
    const rows = await world.system.rows<{ payment_id: string }>('select payment_id from business.payment_receipts where receipt = $1', [receipt])
    const first = pair.find(({ id }) => id === rows[0]?.payment_id)
    const second = pair.find((one) => one !== first)
    if (first === undefined || second === undefined) throw new Error('the receipt is nobody\'s')
    await expectGranted(first)
    await untilState(world.system, 'payment', second.id, 'review')
    expect((await recordOf(world.system, second.id)).review).toMatchObject({ reason: 'receipt-used', usedBy: first.id, receipt })
    await expectNothingGranted(second)
    expect((await actorOf(world.system, 'payment', second.id)).status).toBe('active')
    expect(await world.system.rows('select distinct actor_id from business.ledger_entries where actor_id = any ($1)', [pair.map(({ id }) => id)])).toEqual([{ actor_id: first.id }])
  })

  test('a receipt that has credited another payment credits no second one; a person decides, and cannot approve by it', async () => {
    const first = await buy(world.system)
    const receipt = newReceipt()
    await tell(success(first.checkout, itemsOf(first.phone, receipt)))
    await expectGranted(first)

    const second = await buy(world.system)
    await tell(success(second.checkout, itemsOf(second.phone, receipt)))
    expect(await hookWith(second.checkout)).toMatchObject({ outcome: 'applied' })
    await untilState(world.system, 'payment', second.id, 'review')
    expect((await recordOf(world.system, second.id)).review).toMatchObject({ reason: 'receipt-used', usedBy: first.id, receipt })
    expect((await paymentOf(world.system, second.id)).message).toContain('was used for another purchase')
    await expectNothingGranted(second)
    expect(await world.system.rows('select 1 from business.open_prompts where phone = $1', [second.phone])).toEqual([])

    const path = `/api/v1/actors/payment/${second.id}/events`
    for (const named of [{ receipt }, {}]) {
      const refused = await world.system.ask(path, { body: { type: 'payment.approve', reason: 'the customer showed an SMS', ...named } })
      expect([refused.status, refused.body], refused.text).toMatchObject([409, { code: 'event-not-accepted', errors: [{ pointer: '/receipt' }], refusedBy: [{ guard: 'hasFreeReceipt' }] }])
    }
    expect((await actorOf(world.system, 'payment', second.id)).status).toBe('active')
    await tell(success(second.checkout, itemsOf(second.phone, newReceipt())))
    await expectGranted(second)
  })
})

describe('what is about nobody', () => {
  test('a callback of an unknown prompt is kept, tried for ten minutes, and then shown as unmatched', async () => {
    const before = await granted(world.system)
    await tell(success('ws_CO_000000000000000000', itemsOf('254708374149', newReceipt())))
    const open = () => world.system.rows<{ attempts: number }>("select attempts from business.hook_inbox where position('ws_CO_000000000000000000' in body) > 0 and processed_at is null")
    await vi.waitFor(async () => expect((await open())[0]?.attempts).toBeGreaterThanOrEqual(2), { timeout: 10_000, interval: 50 })
    await world.system.rows("update business.hook_inbox set received_at = received_at - interval '11 minutes', next_attempt_at = now() where position('ws_CO_000000000000000000' in body) > 0")
    expect(await hookWith('ws_CO_000000000000000000')).toMatchObject({ outcome: 'unmatched', note: expect.stringMatching(/./) as unknown })
    expect(await granted(world.system)).toEqual(before)
  })

  test('an odd identifier is unreadable, and those that wait with it go on', async () => {
    const overtaking = `ws_CO_${newPhone()}`
    await tell(success(overtaking, itemsOf('254708374149', newReceipt())))
    await tell(success('ws_CO_ODD\0', itemsOf('254708374149', newReceipt())))
    expect(await hookWith('ws_CO_ODD')).toMatchObject({ outcome: 'unreadable' })
    const attempts = async () => (await world.system.rows<{ attempts: number }>('select attempts from business.hook_inbox where position($1 in body) > 0', [overtaking]))[0]?.attempts
    await vi.waitFor(async () => expect(await attempts()).toBeGreaterThanOrEqual(2), { timeout: 10_000, interval: 50 })
    await world.system.rows("update business.hook_inbox set received_at = received_at - interval '11 minutes', next_attempt_at = now() where position($1 in body) > 0", [overtaking])
    expect(await hookWith(overtaking)).toMatchObject({ outcome: 'unmatched' })
  })

  test('an odd name at the end of the address costs nobody the payment', async () => {
    const bought = await buy(world.system)
    const { status } = await world.system.ask(`/hooks/daraja/${DARAJA_HOOK_SECRET}/stk/%00`, { body: success(bought.checkout, itemsOf(bought.phone, newReceipt())), anonymous: true })
    expect(status).toBe(200)
    await expectGranted(bought)
  })

  const UNREADABLE: Record<string, string> = {
    'no JSON': '{"Body": {"stkCallback": UNREADABLE-1',
    'an array': '["UNREADABLE-2"]',
    'no prompt in it': '{"Body":{"stkCallback":{"ResultCode":0,"note":"UNREADABLE-3"}}}',
    'a result code that is none': '{"Body":{"stkCallback":{"CheckoutRequestID":"UNREADABLE-4","ResultCode":null}}}',
  }
  test.for(Object.entries(UNREADABLE))('%s: is answered and kept as it came', async ([, body]) => {
    expect((await callBack(world.system, body)).body).toEqual(ACCEPTED)
    const mark = /UNREADABLE-\d/.exec(body)?.[0] ?? ''
    expect(await hookWith(mark)).toMatchObject({ outcome: 'unreadable', body })
  })
})

describe('a forged callback', () => {
  test('from an address that is not Safaricom’s is quarantined and grants nothing; the true one with the same words does', async () => {
    const before = await granted(world.system)
    const bought = await buy(world.system)
    const receipt = newReceipt()
    const body = success(bought.checkout, itemsOf(bought.phone, receipt))
    for (const from of ['203.0.113.9', '196.201.214.200, 203.0.113.9', '::ffff:203.0.113.9', 'Safaricom']) {
      expect((await callBack(world.system, body, { 'x-forwarded-for': from })).body, from).toEqual(ACCEPTED)
    }
    expect((await hookWith(receipt)).outcome).toBe('forged')
    expect((await actorOf(world.system, 'payment', bought.id)).states).toEqual(['awaiting'])
    await expectNothingGranted(bought)
    expect(await granted(world.system)).toEqual(before)

    expect((await callBack(world.system, body, { 'x-forwarded-for': '196.201.214.206' })).body).toEqual(ACCEPTED)
    await expectGranted(bought)
  })

  test('with a wrong secret there is no such address', async () => {
    const bought = await buy(world.system)
    const body = success(bought.checkout, itemsOf(bought.phone, newReceipt()))
    for (const secret of ['guessed', `${DARAJA_HOOK_SECRET}x`, DARAJA_HOOK_SECRET.toUpperCase(), '%00']) {
      const { status, headers } = await world.system.ask(`/hooks/daraja/${secret}/stk`, { body, anonymous: true })
      expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8'])
    }
    await expectNothingGranted(bought)
  })
})

describe('a callback that comes again', () => {
  test('doubled, and replayed after kill -9 and a restart: one session, one user, one SMS', async () => {
    const bought = await buy(world.system)
    const body = success(bought.checkout, itemsOf(bought.phone, newReceipt()))
    await Promise.all([tell(body), tell(body), tell(body)])
    await expectGranted(bought)
    await tell(body)

    const now = async () => (await world.system.ask<{ now: string }>('/api/v1/sandbox/clock', { body: { advance: 'PT0S' } })).body.now
    const before = Date.parse(await now())
    expect(before).toBeGreaterThan(Date.now() + 3_600_000)
    const [latest] = await world.system.rows<{ at: Date }>('select max(updated_at) as at from standing.actors')

    await world.system.kill9()
    await world.system.restart()
    // The sandbox's clock was moved above: it does not fall back behind what has happened.
    expect(Date.parse(await now())).toBeGreaterThanOrEqual(latest?.at.getTime() ?? Infinity)
    await tell(body)
    await untilRecord(bought, { callbacks: 1 })
    expect((await historyOf(world.system, 'payment', bought.id)).filter(({ event }) => event.type === 'payment.callback')).toHaveLength(1)
    expect(await world.system.rows('select distinct username from radius.radcheck where username in (select value from standing.identifiers where kind = $1 and id = $2)', ['username', bought.id])).toHaveLength(1)
    expect(world.sms.control.messages().filter(({ to }) => to === bought.phone)).toHaveLength(1)
    await atRest(world.system)
  })
})

function untilRecord({ id }: { id: string }, expected: Record<string, unknown>): Promise<void> {
  return vi.waitFor(async () => expect(await recordOf(world.system, id)).toMatchObject(expected), { timeout: 10_000, interval: 50 })
}
