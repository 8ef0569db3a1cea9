/** The whole way of a purchase, with nothing but what `npm start` brings. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSystem, type System } from '../support/system.ts'
import { accessOf, actorOf, advance, atRest, buy, granted, historyOf, newPhone, paymentOf, smsOf, startPayment, untilState } from '../support/system-shop.ts'

let system: System
beforeAll(async () => {
  system = await startSystem()
})
afterAll(() => system.dispose())

interface Message {
  to: string
  text: string
  channel: string
}

async function messagesTo(phone: string): Promise<Message[]> {
  const { body } = await system.ask<{ data: Message[] }>('/api/v1/sandbox/outbox')
  return body.data.filter(({ to }) => to === phone)
}

async function journal(type: string, id: string) {
  return (await historyOf(system, type, id)).map(({ event, to }) => [event.type, to])
}

describe('an hour of internet', () => {
  const phone = newPhone()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  let id: string
  let credentials: { username: string; password: string }

  test('is on the price list, and paid by a prompt on the phone', async () => {
    const packages = await system.ask<{ data: { id: string; amount: number; currency: string }[] }>('/api/packages', { anonymous: true })
    expect(packages.body.data).toContainEqual(expect.objectContaining({ id: 'hour-1', amount: 10, currency: 'KES' }))

    const started = await startPayment(system, { phone_number: `0${phone.slice(3)}`, package_id: 'hour-1', mac_address: 'aabb.cc00.1122' }, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    expect(started.status).toBe(202)
    expect(started.body).toMatchObject({ success: true, transaction_id: expect.stringMatching(/^ws_CO_/) as unknown })
    expect(started.body.data).toEqual({ CheckoutRequestID: started.body.transaction_id, payment_id: started.body.payment_id })
    id = started.body.payment_id
  })

  test('the paying browser waits for the answer and sees the credentials once', async () => {
    const paid = await paymentOf(system, id)
    expect(paid).toMatchObject({ payment_id: id, status: 'completed', amount: 10, currency: 'KES', receipt: expect.stringMatching(/^[A-Z0-9]{10}$/) as unknown })
    expect(paid.credentials).toEqual({ username: expect.stringMatching(/^[a-z0-9]{10}$/) as unknown, password: expect.stringMatching(/^[a-z0-9]{10}$/) as unknown })
    credentials = paid.credentials as typeof credentials

    const again = await paymentOf(system, id)
    expect(again.status).toBe('completed')
    expect(again).not.toHaveProperty('credentials')
  })

  test('the ledger knows the sale, and balances', async () => {
    const { body } = await system.ask<{ data: { account: string; amount_minor: number }[] }>('/api/v1/ledger/accounts')
    expect(body.data).toEqual([
      { account: 'mpesa', currency: 'KES', amount_minor: 1_000 },
      { account: 'revenue:hotspot', currency: 'KES', amount_minor: -1_000 },
    ])
  })

  test('the session is ready, and FreeRADIUS finds its user with the same credentials', async () => {
    const session = await actorOf(system, 'hotspot-session', id)
    expect(session).toMatchObject({ status: 'active', states: ['ready'] })
    const { expiresAt, startsAt, macAddress } = session.context as { expiresAt: number; startsAt: number; macAddress: string }
    expect(expiresAt - startsAt).toBe(3_600_000)
    expect(macAddress).toBe('AA:BB:CC:00:11:22')
    expect(session.timers.map(({ dueAt }) => Date.parse(dueAt))).toEqual([expiresAt])

    const { username } = credentials
    expect(await accessOf(system, id)).toEqual({
      check: [
        { username, attribute: 'Cleartext-Password', op: ':=', value: credentials.password },
        { username, attribute: 'Expiration', op: ':=', value: String(Math.ceil(expiresAt / 1_000)) },
        { username, attribute: 'Simultaneous-Use', op: ':=', value: '1' },
      ],
      reply: [{ username, attribute: 'Mikrotik-Rate-Limit', op: ':=', value: '2048k/5120k' }],
    })
  })

  test('one SMS brings the same credentials, and is reported as delivered', async () => {
    await untilState(system, 'notification', smsOf(id), 'delivered')
    const messages = await messagesTo(phone)
    expect(messages).toHaveLength(1)
    expect(messages[0]?.text).toContain(`username ${credentials.username} password ${credentials.password} `)
  })

  test('every journal tells what happened, and what it follows from: the request with its trace, then the callback', async () => {
    expect(await journal('payment', id)).toEqual([
      ['xstate.init', 'prompting'],
      [expect.stringMatching(/^xstate\.done\.actor\./), 'awaiting'],
      ['payment.callback', 'completed'],
    ])
    expect(await journal('hotspot-session', id)).toEqual([['xstate.init', 'ready'], ['session.revealCredentials', 'ready']])
    expect(await journal('notification', smsOf(id))).toEqual([
      ['xstate.init', 'sending'],
      [expect.stringMatching(/^xstate\.done\.actor\./), 'sent'],
      ['notification.report', 'delivered'],
    ])

    const chain = async (type: string, of: string) => (await historyOf(system, type, of)).map(({ correlationId, causationId }) => [correlationId, causationId])
    const callbackId = expect.stringMatching(/^daraja:stk:[0-9a-f]{64}$/) as unknown
    expect(await chain('payment', id)).toEqual([[traceId, null], [traceId, expect.stringContaining(`main/payment/${id}/1/`)], [callbackId, null]])
    expect(await chain('hotspot-session', id)).toEqual([[callbackId, callbackId], [expect.stringMatching(/./), null]])
    expect((await chain('notification', smsOf(id))).slice(0, 2)).toEqual([
      [callbackId, expect.stringContaining(`main/payment/${id}/3/`)],
      [callbackId, expect.stringContaining(`main/notification/${smsOf(id)}/1/`)],
    ])
  })

  test('staff find it all by the phone, the receipt, the device and the username', async () => {
    const { receipt } = await paymentOf(system, id)
    const found = async (q: string) => {
      const { body } = await system.ask<{ data: { type: string; id: string }[] }>(`/api/v1/search?q=${encodeURIComponent(q)}`)
      return body.data.map((hit) => `${hit.type}/${hit.id}`).sort()
    }
    const all = [`hotspot-session/${id}`, `notification/${smsOf(id)}`, `payment/${id}`]
    expect(await found(`0${phone.slice(3, 6)} ${phone.slice(6)}`)).toEqual(all)
    expect(await found(receipt ?? '')).toEqual([`payment/${id}`])
    expect(await found('AA-BB-CC-00-11-22')).toEqual([`hotspot-session/${id}`, `payment/${id}`])
    expect(await found(credentials.username)).toEqual([`hotspot-session/${id}`])
  })

  test('when the hour is over nobody gets in any more, and after the settling time the session is closed', async () => {
    await advance(system, 'PT1H')
    expect((await actorOf(system, 'hotspot-session', id)).states).toEqual(['expired'])
    expect(await accessOf(system, id)).toEqual({ check: [], reply: [] })

    await advance(system, 'PT1H')
    expect(await actorOf(system, 'hotspot-session', id)).toMatchObject({ status: 'done', states: ['closed'], output: { reason: 'time' } })
    expect(await journal('hotspot-session', id)).toEqual([
      ['xstate.init', 'ready'],
      ['session.revealCredentials', 'ready'],
      [expect.stringMatching(/^xstate\.after\.paidTime/), 'expired'],
      [expect.stringMatching(/^xstate\.after\.settlingTime/), 'closed'],
    ])
    expect(await messagesTo(phone)).toHaveLength(1)
    await atRest(system)
  })
})

/** Thirty days are more milliseconds than a timer of Node takes. */
test('thirty days end after thirty days, in one move of the clock and not a moment before', async () => {
  const { id } = await buy(system, { package: 'month-1' })
  expect(await paymentOf(system, id)).toMatchObject({ status: 'completed', amount: 800 })
  const { expiresAt, startsAt } = (await untilState(system, 'hotspot-session', id, 'ready')).context as { expiresAt: number; startsAt: number }
  expect(expiresAt - startsAt).toBe(30 * 86_400_000)

  await advance(system, 'P29DT23H59M')
  expect((await actorOf(system, 'hotspot-session', id)).states).toEqual(['ready'])
  expect((await accessOf(system, id)).check.find(({ attribute }) => attribute === 'Simultaneous-Use')?.value).toBe('3')

  const other = await buy(system, { package: 'month-1' })
  await paymentOf(system, other.id)
  await untilState(system, 'hotspot-session', other.id, 'ready')
  await advance(system, 'P30D')
  const view = await actorOf(system, 'hotspot-session', other.id)
  expect(view.states).toEqual(['expired'])
  const { endedAt, expiresAt: endsAt } = view.context as { endedAt: number; expiresAt: number }
  // The sandbox's clock also runs by itself, so the timer may fire some milliseconds late; never the thirty days of the jump.
  expect(endedAt).toBeGreaterThanOrEqual(endsAt)
  expect(endedAt - endsAt).toBeLessThan(2_000)
  expect((await actorOf(system, 'hotspot-session', id)).states).toEqual(['closed'])
  expect(await granted(system)).toMatchObject({ sessions: 3, notifications: 3, users: 0 })
  await atRest(system)
})
