/** `kill -9` at the worst moments: no payment is lost, and nothing is done twice that must be done once. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { NotificationContext } from '../../machines/notification/context.ts'
import type { Prompt } from '../../sandbox/daraja/prompts.ts'
import { startWorld, type World } from '../support/system-outside.ts'
import { accessOf, actorOf, advance, atRest, buy, granted, newPhone, recordOf, smsOf, startPayment, untilState, type Bought, type Started } from '../support/system-shop.ts'

let world: World
beforeAll(async () => {
  // Callbacks are tried again until the system is back, as Safaricom's are on a good day.
  const delivery = { attemptsMax: 9, retryAfterMs: 100 }
  world = await startWorld({ daraja: { delivery }, sms: { delivery } })
})
afterAll(() => world.end())

const messagesTo = (phone: string) => world.sms.control.messages().filter(({ to }) => to === phone)
const promptsOf = (phone: string) => world.daraja.control.prompts().filter((prompt) => prompt.phone === phone)

async function expectOnce(id: string, phone: string): Promise<void> {
  await untilState(world.system, 'payment', id, 'completed')
  await untilState(world.system, 'hotspot-session', id, 'ready')
  await untilState(world.system, 'notification', smsOf(id), 'delivered')
  expect((await accessOf(world.system, id)).check).toHaveLength(3)
  expect(promptsOf(phone)).toHaveLength(1)
}

/** Each of these customers is at another point when the power goes. */
describe('killed', () => {
  const asked = { phone: newPhone(), key: 'asked' }
  const startAsked = () => startPayment(world.system, { phone_number: asked.phone, package_id: 'hour-1' }, { 'idempotency-key': asked.key })
  let prompted: Bought
  let told: Bought
  let messaged: Bought
  let checkoutOfAsked: string

  beforeAll(async () => {
    messaged = await buy(world.system)
    world.sms.control.next({ phone: messaged.phone, send: 'timeout-after-accepting', reports: [] })
    await world.daraja.control.answer(messaged.checkout, 0)
    await world.sms.control.until(({ to }) => to === messaged.phone)

    world.daraja.control.next({ phone: asked.phone, push: 'timeout-after-accepting', callback: { manual: true } })
    const cut = startAsked().then(() => 'answered', () => 'cut off')
    checkoutOfAsked = (await world.daraja.control.until(({ phone }) => phone === asked.phone)).checkoutRequestId

    told = await buy(world.system)
    prompted = await buy(world.system)
    expect(await world.daraja.control.answer(told.checkout, 0)).toMatchObject({ httpStatus: 200, attempts: 1 })
    await world.system.kill9()
    expect(await cut).toBe('cut off')
    await world.system.restart()
  })

  test('right after the callback was answered: the payment is credited', async () => {
    await expectOnce(told.id, told.phone)
  })

  test('right after the prompt was announced: the payment waits, and is credited', async () => {
    expect((await actorOf(world.system, 'payment', prompted.id)).states).toEqual(['awaiting'])
    await world.daraja.control.answer(prompted.checkout, 0)
    await expectOnce(prompted.id, prompted.phone)
    expect(messagesTo(prompted.phone)).toHaveLength(1)
  })

  test('while M-Pesa was asked: it is not asked again, and the callback finds its payment all the same', async () => {
    const again = await startAsked()
    expect(again).toMatchObject({ status: 202, body: { transaction_id: null } })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    await untilState(world.system, 'payment', again.body.payment_id, 'uncertain')
    await world.daraja.control.answer(checkoutOfAsked, 0)
    await expectOnce(again.body.payment_id, asked.phone)
    expect(await recordOf(world.system, again.body.payment_id)).toMatchObject({ checkoutRequestId: checkoutOfAsked, attempts: 1 })
  })

  /** The provider knows no idempotency key: a send that may have been taken is repeated once, after a minute (N2). */
  test('while the SMS was sent: it is sent once more, and no more, with the same credentials', async () => {
    await untilState(world.system, 'notification', smsOf(messaged.id), 'queued')
    expect(messagesTo(messaged.phone)).toHaveLength(1)
    await advance(world.system, 'PT1M')
    await expectOnce(messaged.id, messaged.phone)
    // Through the other provider: the first one may be what is wrong.
    const [first] = messagesTo(messaged.phone).map(({ text }) => text)
    const { body } = await world.system.ask<{ data: { to: string; text: string }[] }>('/api/v1/sandbox/outbox')
    expect(messagesTo(messaged.phone)).toHaveLength(1)
    expect(body.data.filter(({ to }) => to.endsWith(messaged.phone.slice(-9))).map(({ text }) => text)).toEqual([first])
  })

  test('nothing is left over', async () => {
    await advance(world.system, 'PT1M')
    await atRest(world.system)
    expect(await granted(world.system)).toEqual({ sessions: 4, notifications: 4, users: 4 })
  })
})

describe('killed again and again with 200 payments in flight', () => {
  const COUNT = 200
  const purchases = Array.from({ length: COUNT }, (_none, index) => ({ phone: newPhone(), key: `crash-${index}` }))
  let ids: string[]

  /** A client that is told nothing asks again, with the same key. */
  async function persist(phone: string, key: string): Promise<Started> {
    return vi.waitFor(async () => {
      const { status, body, text } = await startPayment(world.system, { phone_number: phone, package_id: 'hour-1' }, { 'idempotency-key': key })
      if (status !== 202) throw new Error(`${status} ${text}`)
      return body
    }, { timeout: 90_000, interval: 200 })
  }

  async function killWhen(moment: Promise<unknown>): Promise<void> {
    await moment
    await world.system.kill9()
    await world.system.restart()
  }

  test('all of them come to their end', { timeout: 180_000 }, async () => {
    const { daraja, sms } = world
    const [promptsBefore, messagesBefore] = [daraja.control.prompts().length, sms.control.messages().length]
    const prompted = (count: number) => daraja.control.until(() => daraja.control.prompts().length >= promptsBefore + count)
    const told = (count: number) => sms.control.until(() => sms.control.messages().length >= messagesBefore + count)
    daraja.control.setDefault({ callback: { afterMs: 300 } })

    const started = Promise.all(purchases.map(({ phone, key }) => persist(phone, key)))
    await killWhen(prompted(20))
    await killWhen(prompted(120))
    await killWhen(told(60))
    ids = (await started).map(({ payment_id }) => payment_id)
    expect(new Set(ids).size).toBe(COUNT)

    await daraja.control.idle()
    // Who was down at every try is told once more, as on a bad day much later.
    const isTold = ({ deliveries }: Prompt) => deliveries.some(({ httpStatus }) => httpStatus === 200)
    for (const prompt of daraja.control.prompts().filter((one) => !isTold(one))) await daraja.control.answer(prompt.checkoutRequestId, 0)
    // Prompts that we may have asked for and nobody got: three minutes, then a person looks. An SMS that may have been sent: another one after a minute.
    await advance(world.system, 'PT10M')
    await sms.control.idle()
    await vi.waitFor(async () => {
      const open = await world.system.rows("select type, id, states from standing.actors where status = 'active' and type in ('payment', 'notification') and not states && '{completed,failed,review,delivered}'")
      expect(open).toEqual([])
    }, { timeout: 30_000, interval: 200 })
    // Reports about messages whose sending was cut off name nobody we know; they are kept for ten minutes in case somebody turns up.
    await world.system.rows("update business.hook_inbox set received_at = received_at - interval '11 minutes', next_attempt_at = now() where processed_at is null and provider = 'sms'")
    await atRest(world.system)
  })

  test('who paid has one session and one user; who did not has none', async () => {
    const paid = new Set(purchases.filter(({ phone }) => promptsOf(phone).some(({ resultCode }) => resultCode === '0')).map(({ phone }) => phone))
    for (const { phone } of purchases) expect(promptsOf(phone).length, phone).toBeLessThanOrEqual(1)

    interface Row extends Record<string, unknown> {
      id: string
      phone: string
      states: string[]
      completions: number
      sessions: number
      checks: number
      users: number
      receipts: number
    }
    const rows = await world.system.rows<Row>(`
      select a.id, a.context::json->>'phone' as phone, a.states,
        (select count(*)::int from standing.journal j where j.type = 'payment' and j.id = a.id and j.facts like '%"payment.completed"%') as completions,
        (select count(*)::int from standing.actors s where s.type = 'hotspot-session' and s.id = a.id) as sessions,
        (select count(*)::int from radius.radcheck c join standing.identifiers i on i.value = c.username and i.kind = 'username' where i.id = a.id) as checks,
        (select count(distinct c.username)::int from radius.radcheck c join standing.identifiers i on i.value = c.username and i.kind = 'username' where i.id = a.id) as users,
        (select count(*)::int from business.payment_receipts r where r.payment_id = a.id) as receipts
      from standing.actors a where a.type = 'payment' and a.id = any($1)`, [ids])
    expect(rows).toHaveLength(COUNT)
    for (const { id, phone, ...row } of rows) {
      const once = { states: ['completed'], completions: 1, sessions: 1, checks: 3, users: 1, receipts: 1 }
      const never = { states: ['review'], completions: 0, sessions: 0, checks: 0, users: 0, receipts: 0 }
      expect(row, `${id} of ${phone}`).toEqual(paid.has(phone) ? once : never)
    }
    // A kill cuts off some calls, not most.
    expect(paid.size).toBeGreaterThan(COUNT / 2)
  })

  test('the sums are equal: what customers paid, what was credited, what was opened', async () => {
    const shillings = world.daraja.control.prompts().filter(({ resultCode }) => resultCode === '0').reduce((sum, { amount }) => sum + amount, 0)
    const [sums] = await world.system.rows(`
      select (select sum(amount)::int from business.payment_receipts) as credited,
             (select sum((context::json->'package'->>'durationSeconds')::int)::int from standing.actors where type = 'hotspot-session') as seconds`)
    expect(sums).toEqual({ credited: shillings * 100, seconds: (shillings / 10) * 3_600 })
  })

  test('one SMS each; two only where the first was cut off', async () => {
    for (const [index, { phone }] of purchases.entries()) {
      const messages = messagesTo(phone)
      if (promptsOf(phone).length === 0) {
        expect(messages).toEqual([])
        continue
      }
      const { context, states } = await actorOf(world.system, 'notification', smsOf(ids[index] ?? ''))
      expect(states).toEqual(['delivered'])
      const { attempts, uncertainSends } = context as NotificationContext
      expect(attempts).toBeLessThanOrEqual(2)
      expect(uncertainSends).toBe(attempts - 1)
      // A send that was cut off may have been taken or not; it is repeated by the other provider.
      const sends = await world.system.rows<{ provider: string }>(`select provider from business.sms_sends where notification_id = '${smsOf(ids[index] ?? '')}'`)
      expect(sends, phone).toEqual([{ provider: attempts === 1 ? 'africas-talking' : 'twilio' }])
      expect(messages.length, phone).toBeLessThanOrEqual(1)
      if (attempts === 1) expect(messages, phone).toHaveLength(1)
    }
  })
})
