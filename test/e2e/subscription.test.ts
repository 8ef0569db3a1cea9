/** A home connection over months, with nothing but what `npm start` brings: paid, reminded of, slowed down, cut off, paid again. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ActorView } from '../../runtime/index.ts'
import { runToEnd, startSystem, type System } from '../support/system.ts'
import { actorOf, advance, newPhone, send, untilState } from '../support/system-shop.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ env: { STANDING_QUIET_HOURS: 'off' } })
})
afterAll(() => system.dispose())

const HOME = {
  id: 'home-10', kind: 'subscription', name: 'Home 10', amount_minor: 250_000, currency: 'KES', term: 'P30D', upload_kbps: 5_000, download_kbps: 10_000, devices: 5,
  grace: 'P3D', grace_upload_kbps: 256, grace_download_kbps: 512, reminders: ['P7D', 'P1D'],
}
const INTERIM = { attribute: 'Acct-Interim-Interval', value: '300' }
const phone = newPhone()
let id: string
let account: string

const pay = (paymentId: string, amount: number) => send(system, 'subscription', id, { type: 'subscription.pay', paymentId, amount, currency: 'KES', receipt: null, paidAt: 0 })
const rows = (table: string) => system.rows<{ attribute: string; value: string }>(`select attribute, value from radius.${table} where username = $1 order by attribute`, [account])
const revenue = async () => Number((await system.rows<{ sum: string }>(`select coalesce(sum(amount_minor), 0) as sum from business.ledger_entries where account = 'revenue:subscription'`))[0]?.sum)

/** Oldest first. */
async function messages(): Promise<{ to: string; text: string; at: string }[]> {
  const { body } = await system.ask<{ data: { to: string; text: string; at: string }[] }>('/api/v1/sandbox/outbox')
  return body.data.filter(({ to }) => to === phone).reverse()
}

const texts = async (): Promise<string[]> => (await messages()).map(({ text }) => text)

describe('a home connection', () => {
  test('is put on the price list and subscribed to', async () => {
    expect((await system.ask('/api/v1/packages', { body: HOME })).status).toBe(201)
    const asked = { name: 'Wanjiru Kamau', phone: `0${phone.slice(3)}`, package_id: 'home-10' }
    const made = await system.ask<ActorView>('/api/v1/subscriptions', { body: asked, headers: { 'idempotency-key': 'first' } })
    expect([made.status, made.text]).toEqual([201, expect.stringContaining('service.pending')])
    ;({ id } = made.body)
    account = (made.body.context as { accountNumber: string }).accountNumber
    expect(account).toMatch(/^[1-9]\d{7}$/)
    expect((await system.ask<ActorView>('/api/v1/subscriptions', { body: asked, headers: { 'idempotency-key': 'first' } })).body.id).toBe(id)
    expect(await rows('radcheck')).toEqual([])
  })

  test('is found by account, phone and name', async () => {
    for (const q of [account, `0${phone.slice(3)}`, 'wanjiru kamau']) {
      const { body } = await system.ask<{ data: { type: string; id: string }[] }>(`/api/v1/search?q=${encodeURIComponent(q)}`)
      expect(body.data).toContainEqual(expect.objectContaining({ type: 'subscription', id }))
    }
  })

  test('starts with the payment: access, login and receipt', async () => {
    expect((await pay('pay_1', 250_000)).status).toBe(200)
    await untilState(system, 'subscription', id, 'access.settled')
    expect(await rows('radcheck')).toMatchObject([{ attribute: 'Cleartext-Password' }, { attribute: 'Expiration' }, { attribute: 'Simultaneous-Use', value: '5' }])
    expect(await rows('radreply')).toEqual([INTERIM, { attribute: 'Mikrotik-Rate-Limit', value: '5M/10M' }])
    expect(await revenue()).toBe(-250_000)
    await untilState(system, 'notification', `${id}-credentials-1`, 'delivered')
    await untilState(system, 'notification', 'pay_1-receipt', 'delivered')
    const sent = await texts()
    expect(sent).toHaveLength(2)
    expect(sent.join()).toContain(`username ${account} password ${(await system.rows<{ value: string }>(`select value from radius.radcheck where username = $1 and attribute = 'Cleartext-Password'`, [account]))[0]?.value}`)
    expect(sent.join()).toContain(`Received KES 2,500 for account ${account}`)
    expect(await system.rows('select provider, cost, currency from business.sms_sends where phone = $1', [phone])).toEqual([
      { provider: 'africas-talking', cost: '0.8000', currency: 'KES' },
      { provider: 'africas-talking', cost: '0.8000', currency: 'KES' },
    ])
  })

  test('is held back by a block, and by nothing else', async () => {
    await send(system, 'subscription', id, { type: 'subscription.suspend', block: 'abuse', reason: 'spam' })
    expect(await rows('radcheck')).toEqual([])
    await send(system, 'subscription', id, { type: 'subscription.unsuspend', block: 'abuse', reason: 'cleaned' })
    expect(await rows('radcheck')).toHaveLength(3)
  })

  test('is reminded of, slowed down and cut off when nobody pays, but not who wants no reminders', async () => {
    await advance(system, 'P23D')
    expect((await texts()).at(-1)).toMatch(new RegExp(`^Home 10 ends in 7 days, .* Pay KES 2,500 to account ${account}`))
    // By the moved clock, of which the machine's knows nothing.
    const [first, ...later] = (await messages()).map(({ at }) => Date.parse(at))
    expect((later.at(-1) ?? NaN) - (first ?? NaN)).toBeGreaterThan(22 * 86_400_000)
    expect((await system.ask('/api/v1/opt-outs', { body: { phone, reason: 'asked by phone' } })).status).toBe(201)
    await advance(system, 'P7D')
    expect(await rows('radreply')).toEqual([INTERIM, { attribute: 'Mikrotik-Address-List', value: 'standing-grace' }, { attribute: 'Mikrotik-Rate-Limit', value: '256k/512k' }])
    await advance(system, 'P3D')
    expect(await rows('radcheck')).toEqual([])
    expect((await actorOf(system, 'subscription', id)).states).toContain('service.suspended')
    expect(await texts()).toHaveLength(3)
    const suppressed = await system.ask<{ data: unknown[] }>('/api/v1/actors/notification?state=suppressed')
    expect(suppressed.body.data).toHaveLength(3)
  })

  test('comes back with the payment, in parts, and a receipt for each', async () => {
    await pay('pay_2', 100_000)
    expect(await rows('radcheck')).toEqual([])
    await pay('pay_3', 150_000)
    await untilState(system, 'subscription', id, 'access.settled')
    expect(await rows('radcheck')).toHaveLength(3)
    expect(await revenue()).toBe(-500_000)
    await untilState(system, 'notification', 'pay_3-receipt', 'delivered')
    expect((await texts()).slice(3)).toEqual([expect.stringContaining('Balance KES 1,000'), expect.stringContaining('Balance KES 0')])
    expect(await system.rows('select account_number, state, balance_minor::int, price_minor from business.subscriptions where id = $1', [id])).toEqual([
      { account_number: account, state: 'active', balance_minor: 0, price_minor: 250_000 },
    ])
  })

  test('changes to the package of the price list at the end of the term', async () => {
    await system.ask('/api/v1/packages', { body: { ...HOME, id: 'home-50', name: 'Home 50', amount_minor: 500_000, download_kbps: 50_000 } })
    const changed = await system.ask<ActorView>(`/api/v1/subscriptions/${id}/package`, { body: { package_id: 'home-50' } })
    expect([changed.status, changed.body.states]).toEqual([200, expect.arrayContaining(['change.scheduled'])])
    await pay('pay_4', 500_000)
    await advance(system, 'P30D')
    await untilState(system, 'subscription', id, 'access.settled')
    expect(await rows('radreply')).toEqual([INTERIM, { attribute: 'Mikrotik-Rate-Limit', value: '5M/50M' }])
    expect(await revenue()).toBe(-1_000_000)
  })

  test('of another tenant is told to its own staff: neither sees the messages of the other', async () => {
    const { output } = await runToEnd('cli.ts', ['key', 'create', '--name', 'other', '--roles', 'admin', '--tenant', 'other'], system.environment())
    const headers = { authorization: `Bearer ${/^sk_\S+$/m.exec(output)?.[0] ?? output}` }
    const outbox = async () => (await system.ask<{ data: { text: string }[] }>('/api/v1/sandbox/outbox', { headers })).body.data
    expect(await outbox()).toEqual([])
    expect((await system.ask('/api/v1/packages', { body: { ...HOME, name: 'Elsewhere' }, headers })).status).toBe(201)
    const { body: made } = await system.ask<ActorView>('/api/v1/subscriptions', { body: { name: 'Otieno', phone, package_id: 'home-10' }, headers })
    await system.ask(`/api/v1/actors/subscription/${made.id}/events`, { body: { type: 'subscription.pay', paymentId: 'pay_other', amount: 250_000, currency: 'KES', receipt: null, paidAt: 0 }, headers })
    await vi.waitFor(async () => expect(await outbox()).toHaveLength(2), { timeout: 10_000 })
    const number = (made.context as { accountNumber: string }).accountNumber
    expect((await outbox()).every(({ text }) => text.includes(number))).toBe(true)
    expect((await texts()).join()).not.toContain(number)
  })

  test('a reversed payment takes its time back', async () => {
    const { body } = await send<{ facts: { type: string }[] }>(system, 'subscription', id, { type: 'subscription.revokePayment', paymentId: 'pay_4', amount: 500_000, reason: 'reversed' })
    expect(body.facts.map(({ type }) => type)).toContain('subscription.suspended')
    expect(await rows('radcheck')).toEqual([])
  })
})
