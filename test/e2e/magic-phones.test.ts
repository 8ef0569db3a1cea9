/** Every phone of sandbox/README.md gives what its table says, and internet access exactly to those who have paid. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { NotificationContext } from '../../machines/notification/context.ts'
import { REPOSITORY } from '../support/postgres.ts'
import { startWorld, type World } from '../support/system-outside.ts'
import { accessOf, actorOf, advance, paymentOf, recordOf, smsOf, startPayment, untilState } from '../support/system-shop.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ daraja: { defaults: {}, callbackAfterMs: 50, delivery: { retryAfterMs: 100 } } })
})
afterAll(() => world.end())

async function start(phone: string): Promise<string> {
  const { status, body, text } = await startPayment(world.system, { phone_number: phone, package_id: 'hour-1' })
  expect(status, text).toBe(202)
  return body.payment_id
}

interface Outcome {
  status: 'completed' | 'failed' | 'review'
  record?: Record<string, unknown>
  failure?: Record<string, unknown>
  review?: Record<string, unknown>
  lastResult?: Record<string, unknown>
}

async function expectOutcome(id: string, { status, record = {}, failure, review, lastResult }: Outcome): Promise<void> {
  await untilState(world.system, 'payment', id, status)
  expect(await recordOf(world.system, id)).toMatchObject({
    ...record,
    ...(failure === undefined ? {} : { failure }),
    ...(review === undefined ? {} : { review }),
    ...(lastResult === undefined ? {} : { lastResult }),
  })
  if (status === 'completed') await untilState(world.system, 'hotspot-session', id, 'ready')
  else expect((await world.system.ask(`/api/v1/actors/hotspot-session/${id}`)).status).toBe(404)
  expect((await accessOf(world.system, id)).check).toHaveLength(status === 'completed' ? 3 : 0)
  const { message } = await paymentOf(world.system, id, '0')
  expect(message).not.toBe('')
}

const byCallback = { confirmedBy: 'callback' }
const failedWith = (code: string): Outcome => ({ status: 'failed', failure: { reason: 'result', code } })

/** Those that need nobody and no time. */
const AT_ONCE: Record<string, Outcome> = {
  '254700000000': { status: 'completed', record: byCallback },
  '254700000001': failedWith('1'),
  '254700000017': failedWith('17'),
  '254700001001': failedWith('1001'),
  '254700001019': failedWith('1019'),
  '254700001032': failedWith('1032'),
  '254700001037': failedWith('1037'),
  '254700002001': failedWith('2001'),
  '254700007777': { status: 'review', review: { reason: 'result-unclear' } },
  '254700010001': { status: 'completed', record: byCallback },
  '254700010003': { status: 'completed', record: byCallback },
  '254700010005': { status: 'review', review: { reason: 'amount-mismatch', expected: 1_000, received: 1_100 } },
  '254700010006': { status: 'review', review: { reason: 'phone-mismatch', expected: '254700010006', received: '254711111111' } },
  '254700010008': { status: 'completed', record: byCallback },
  '254700010010': { status: 'completed', record: { ...byCallback, attempts: 1 } },
  '254700010011': { status: 'completed', record: { ...byCallback, attempts: 1 } },
  '254700010012': { status: 'failed', failure: { reason: 'not-prompted', code: 'wrong-credentials', needsStaff: true } },
  '254700010013': { status: 'completed', record: byCallback },
  '254700010015': { status: 'completed', record: byCallback },
  '254700010016': { status: 'completed', record: { ...byCallback, attempts: 1 } },
  '254700010017': { ...failedWith('1037'), lastResult: { description: 'DS timeout user cannot be reached' } },
  '254700010020': { status: 'completed', record: { ...byCallback, attempts: 1 } },
  '254700010021': { status: 'completed', record: byCallback },
}

/** Those that need time to pass, or somebody to act: each has a test of its own below. */
const IN_TIME = ['254700004999', '254700010002', '254700010004', '254700010007', '254700010009', '254700010014', '254700010018', '254700010019']

test('no phone of the table is left out', () => {
  const readme = readFileSync(join(REPOSITORY, 'sandbox/README.md'), 'utf8')
  const phones = [...readme.matchAll(/^\| (254\d{9}) \|/gm)].map(([, phone]) => phone)
  expect(phones.sort()).toEqual([...Object.keys(AT_ONCE), ...IN_TIME, ...Object.keys(MESSAGES)].sort())
})

describe('in time', () => {
  test('a push that was refused for a passing reason is made again, when it may', async () => {
    const spike = await start('254700010009')
    const locked = await start('254700010019')
    await untilState(world.system, 'payment', spike, 'deferred')
    await untilState(world.system, 'payment', locked, 'deferred')

    await advance(world.system, 'PT10S')
    await expectOutcome(spike, { status: 'completed', record: { attempts: 2, ...byCallback } })
    await advance(world.system, 'PT50S')
    await expectOutcome(locked, { status: 'completed', record: { attempts: 2, ...byCallback } })
  })

  test('without a callback queries find out, later and later; what looks like an answer and is none is not believed', async () => {
    const lost = await start('254700010004')
    const slow = await start('254700004999')
    const odd = await start('254700010007')
    await world.daraja.control.idle()

    await advance(world.system, 'PT45S')
    await expectOutcome(lost, { status: 'completed', record: { confirmedBy: 'query', queries: 1, receipt: null } })
    await advance(world.system, 'PT1M30S')
    expect((await actorOf(world.system, 'payment', slow)).states).toEqual(['awaiting'])
    await advance(world.system, 'PT3M')
    await expectOutcome(slow, { status: 'completed', record: { confirmedBy: 'query', queries: 3 } })
    await advance(world.system, 'PT10M')
    expect((await actorOf(world.system, 'payment', odd)).states).toEqual(['awaiting'])
    await advance(world.system, 'PT30M')
    await expectOutcome(odd, { status: 'completed', record: { confirmedBy: 'query', queries: 5 } })
  })

  test('a callback after three minutes counts as one at once', async () => {
    const late = await start('254700010002')
    await advance(world.system, 'PT3M')
    expect((await actorOf(world.system, 'payment', late)).states).toEqual(['awaiting'])
    const { checkoutRequestId } = await recordOf(world.system, late)
    expect(await world.daraja.control.answer(checkoutRequestId ?? '', 0)).toMatchObject({ httpStatus: 200 })
    await expectOutcome(late, { status: 'completed', record: { ...byCallback, queries: 2 } })
  })

  test('a prompt that waits for a hand waits', async () => {
    const waiting = await start('254700010014')
    expect((await paymentOf(world.system, waiting, '1s')).status).toBe('awaiting')
    await world.daraja.control.answer((await recordOf(world.system, waiting)).checkoutRequestId ?? '', 1032)
    await expectOutcome(waiting, failedWith('1032'))
  })

  test('a payment after "does not answer" is credited all the same', async () => {
    const id = await start('254700010018')
    await expectOutcome(id, failedWith('1037'))
    await world.daraja.control.answer((await recordOf(world.system, id)).checkoutRequestId ?? '', 0)
    await expectOutcome(id, { status: 'completed', record: { ...byCallback, lateByMs: expect.any(Number) as unknown } })
  })
})

describe('at once', () => {
  test.concurrent.for(Object.entries(AT_ONCE))('%s', async ([phone, outcome]) => {
    await expectOutcome(await start(phone), outcome)
  })

  test('the callback that came twice was counted once', async () => {
    const prompt = await world.daraja.control.until(({ phone, deliveries }) => phone === '254700010001' && deliveries.length === 2)
    expect(prompt.deliveries.map(({ httpStatus }) => httpStatus)).toEqual([200, 200])
    const [{ count } = { count: 0 }] = await world.system.rows<{ count: number }>('select count(*)::int as count from business.hook_inbox where body like $1', [`%${prompt.checkoutRequestId}%`])
    expect(count).toBe(1)
  })
})

test('what a customer was charged a second time is a payment of its own, under review', async () => {
  const { receipt = '', furtherReceipts } = await world.daraja.control.until(({ phone, deliveries }) => phone === '254700010021' && deliveries.length === 2)
  const [second = ''] = furtherReceipts
  const found = await vi.waitFor(async () => {
    const { body } = await world.system.ask<{ data: { id: string; context: { received: { receipt: string } | null } }[] }>('/api/v1/actors/payment?state=review')
    const one = body.data.find(({ context }) => context.received?.receipt === second)
    expect(one).toBeDefined()
    return one
  })
  expect(found?.context).toMatchObject({ review: { reason: 'paid-twice', receipt: second }, amount: 1_000 })
  expect(receipt).not.toBe(second)
})

interface MessageOutcome {
  state: string
  messages: number
  record?: Record<string, unknown>
  /** What has to happen before. */
  before?: (id: string) => Promise<void>
}

const minuteForSecondTry = async (id: string): Promise<void> => {
  await untilState(world.system, 'notification', smsOf(id), 'queued', 30_000)
  await advance(world.system, 'PT1M')
}

const MESSAGES: Record<string, MessageOutcome> = {
  '254700021002': { state: 'delivered', messages: 1 },
  '254700021003': { state: 'delivered', messages: 1 },
  '254700021004': {
    state: 'failed', messages: 1, record: { failure: { reason: 'not-delivered' } },
    before: async (id) => {
      await untilState(world.system, 'notification', smsOf(id), 'sent')
      const [message] = messagesTo('254700021004')
      await world.sms.control.report(message?.id ?? '', 'Expired')
    },
  },
  '254700021005': { state: 'failed', messages: 1, record: { failure: { reason: 'not-delivered', code: 'UserIsInactive' } } },
  '254700021006': {
    state: 'unconfirmed', messages: 1,
    before: async (id) => {
      await untilState(world.system, 'notification', smsOf(id), 'sent')
      await advance(world.system, 'PT72H')
    },
  },
  '254700021007': { state: 'delivered', messages: 1 },
  '254700021008': { state: 'failed', messages: 1, record: { failure: { reason: 'not-delivered', code: 'UserInBlackList' } } },
  '254700021009': { state: 'failed', messages: 1, record: { failure: { reason: 'not-delivered', code: 'AbsentSubscriber' } } },
  '254700021010': { state: 'failed', messages: 0, record: { failure: { reason: 'uncertain' } }, before: minuteForSecondTry },
  '254700021011': { state: 'failed', messages: 2, record: { failure: { reason: 'uncertain' } }, before: minuteForSecondTry },
  // Never answered, so it takes our patience's time until it is as the one before; here only that the customer has the SMS meanwhile.
  '254700021001': { state: 'sending', messages: 1, before: async () => void (await world.sms.control.until(({ to }) => to === '254700021001')) },
}

function messagesTo(phone: string) {
  return world.sms.control.messages().filter(({ to }) => to === phone)
}

describe('the SMS', () => {
  test.for(Object.entries(MESSAGES))('%s', { timeout: 60_000 }, async ([phone, { state, messages, record = {}, before }]) => {
    const id = await start(phone)
    await untilState(world.system, 'hotspot-session', id, 'ready')
    await before?.(id)
    const view = await untilState(world.system, 'notification', smsOf(id), state, 30_000)
    expect(view.context as NotificationContext).toMatchObject(record)
    expect(messagesTo(phone)).toHaveLength(messages)
    // Whatever becomes of the SMS, the access was paid for.
    expect((await recordOf(world.system, id)).confirmedBy).toBe('callback')
  })

  test('254700020403: a recipient refused in an answer of success is a failure', async () => {
    const id = await start('254700020403')
    const view = await untilState(world.system, 'notification', smsOf(id), 'failed')
    expect(view.context as NotificationContext).toMatchObject({ attempts: 1, failure: { reason: 'refused', code: 'invalid-phone' } })
    expect((await actorOf(world.system, 'hotspot-session', id)).states).toEqual(['ready'])
  })
})
