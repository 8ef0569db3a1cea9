/** Money by hand and money back, over the whole system: a paybill that confirms or does not, two people, a ledger that balances. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { ActorView } from '../../runtime/index.ts'
import { runToEnd } from '../support/system.ts'
import { startWorld, type World } from '../support/system-outside.ts'
import { actorOf, atRest, newPhone, untilState } from '../support/system-shop.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ daraja: { resultAfterMs: 0, callbackAfterMs: 0 }, env: { DARAJA_PULL: 'true' } })
  const registered = await runToEnd('cli.ts', ['mpesa', 'register-c2b'], world.system.environment({ DARAJA_CALLBACK_BASE_URL: world.system.url }))
  expect(registered).toMatchObject({ code: 0, output: expect.stringContaining('are validated and confirmed at') as unknown })
})
afterAll(() => world.end())

async function keyOf(role: string): Promise<{ authorization: string }> {
  const { output } = await runToEnd('cli.ts', ['key', 'create', '--name', role, '--roles', role], world.system.environment())
  return { authorization: `Bearer ${output.split('\n')[1] ?? ''}` }
}

interface Line {
  account: string
  amount_minor: number
}
const balances = async () => Object.fromEntries((await world.system.ask<{ data: Line[] }>('/api/v1/ledger/accounts')).body.data.map(({ account, amount_minor: amount }) => [account, amount]))
const idOf = async (receipt: string) => {
  const { body } = await world.system.ask<{ data: { type: string; id: string }[] }>(`/api/v1/search?q=${receipt}`)
  const hit = body.data.find(({ type }) => type === 'payment')
  if (hit === undefined) throw new Error(`nobody knows of ${receipt}`)
  return hit.id
}

test('a payer whose account number is unknown is refused before paying; whose money nobody told us of is found', async () => {
  expect(await world.daraja.control.pay({ account: 'rent', amount: 50 })).toEqual({ outcome: 'refused', code: 'C2B00012' })
  // Validation is off for this shortcode: the money comes, and nobody tells.
  world.daraja.control.setC2bUrls({ validationUrl: 'http://127.0.0.1:9/validation', confirmationUrl: `${world.system.url}/nowhere` })
  const paid = await world.daraja.control.pay({ account: 'rent', amount: 50, confirmations: 0 })
  if (paid.outcome !== 'paid') throw new Error('refused')
  await world.system.ask('/api/v1/actors/reconciliation/mpesa/events', { body: { type: 'reconciliation.pull' } })
  const id = await vi.waitFor(() => idOf(paid.receipt), { timeout: 20_000, interval: 100 })
  expect(await untilState(world.system, 'payment', id, 'review')).toMatchObject({ context: { purpose: { kind: 'unmatched' }, confirmedBy: null, review: { reason: 'account-unknown' } } })
  expect(await balances()).toMatchObject({ mpesa: 5_000, unmatched: -5_000 })

  const [one, two] = await Promise.all([keyOf('billing'), keyOf('senior')])
  const send = (event: object, headers: Record<string, string>) => world.system.ask(`/api/v1/actors/payment/${id}/events`, { body: event, headers })
  expect((await send({ type: 'payment.refund', reason: 'not for us' }, one)).status).toBe(200)
  expect((await send({ type: 'payment.approveRefund' }, one)).status).toBe(409)
  expect((await send({ type: 'payment.approveRefund' }, two)).status).toBe(200)
  await untilState(world.system, 'payment', id, 'refunded')
  expect(await balances()).toMatchObject({ mpesa: 0, unmatched: 0, 'refunds:pending': 0 })
})

test('a sold hour goes back: access ends, and a result that never comes is asked for', async () => {
  const phone = newPhone()
  const started = await world.system.ask<{ payment_id: string; transaction_id: string }>('/api/payments/stk', { body: { phone_number: phone, package_id: 'hour-1' }, anonymous: true })
  const { payment_id: id, transaction_id: checkout } = started.body
  await world.daraja.control.answer(checkout, 0)
  await untilState(world.system, 'hotspot-session', id, 'ready')
  world.daraja.control.nextReturn({ times: 0, timeout: true })
  const [one, two] = await Promise.all([keyOf('billing'), keyOf('senior')])
  await world.system.ask(`/api/v1/actors/payment/${id}/events`, { body: { type: 'payment.refund', reason: 'router was down', way: 'b2c' }, headers: one })
  await world.system.ask(`/api/v1/actors/payment/${id}/events`, { body: { type: 'payment.approveRefund' }, headers: two })
  await untilState(world.system, 'payment', id, 'refunding.uncertain')
  expect((await actorOf(world.system, 'hotspot-session', id)).states).toContain('ready')
  await world.system.ask('/api/v1/sandbox/clock', { body: { advance: 'PT2M' } })
  await untilState(world.system, 'payment', id, 'refunded')
  expect(world.daraja.control.returns().filter(({ kind }) => kind === 'payout')).toHaveLength(1)
  await vi.waitFor(async () => expect((await actorOf(world.system, 'hotspot-session', id)).states).not.toContain('ready'), { timeout: 10_000 })
  await atRest(world.system)
  expect(await balances()).toMatchObject({ mpesa: 0, 'revenue:hotspot': 0, 'refunds:pending': 0 })
  const [{ unbalanced } = { unbalanced: '?' }] = await world.system.rows<{ unbalanced: string }>('select count(*) as unbalanced from (select from business.ledger_entries group by tenant, entry_ref, currency having sum(amount_minor) <> 0) as odd')
  expect(unbalanced).toBe('0')
})

test('the paybill pays a subscription by account number and by phone; a refund takes the money and the access back', async () => {
  const { system, daraja } = world
  // Version 1 tells who has paid by the hash of the number.
  const registered = await runToEnd('cli.ts', ['mpesa', 'register-c2b'], system.environment({ DARAJA_CALLBACK_BASE_URL: system.url, DARAJA_C2B_VERSION: 'v1' }))
  expect(registered.code).toBe(0)
  await system.ask('/api/v1/packages', { body: { id: 'home-5', kind: 'subscription', name: 'Home 5', amount_minor: 100_000, currency: 'KES', term: 'P30D', upload_kbps: 1_000, download_kbps: 5_000, devices: 3 } })
  const phone = newPhone()
  const made = await system.ask<ActorView>('/api/v1/subscriptions', { body: { name: 'Otieno', phone, package_id: 'home-5' } })
  const { id } = made.body
  const account = (made.body.context as { accountNumber: string }).accountNumber
  const checks = () => system.rows('select from radius.radcheck where username = $1', [account])
  const paid = async (asked: object) => {
    const outcome = await daraja.control.pay({ amount: 1_000, confirmations: 2, ...asked })
    if (outcome.outcome !== 'paid') throw new Error(`refused: ${outcome.code}`)
    return await vi.waitFor(() => idOf(outcome.receipt), { timeout: 20_000, interval: 100 })
  }
  const before = await balances()
  const of = (all: Record<string, number>, name: string) => (all[name] ?? 0) - (before[name] ?? 0)

  await untilState(system, 'payment', await paid({ account, phone: newPhone() }), 'completed')
  await untilState(system, 'subscription', id, 'service.active')
  expect(await checks()).toHaveLength(3)
  // Nothing but the hash of the number tells whose it is.
  const byPhone = await paid({ account: 'home', phone })
  expect(await untilState(system, 'payment', byPhone, 'completed')).toMatchObject({ context: { purpose: { kind: 'subscription', subscriptionId: id } } })
  await vi.waitFor(async () => expect((await actorOf(system, 'subscription', id)).context).toMatchObject({ payments: [{ amount: 100_000 }, { amount: 100_000 }], terms: [{}, {}] }), { timeout: 10_000 })
  const full = await balances()
  expect([of(full, 'mpesa'), of(full, `customer:${id}`), of(full, 'revenue:subscription')]).toEqual([200_000, 0, -200_000])

  const [one, two] = await Promise.all([keyOf('billing'), keyOf('senior')])
  const send = (event: object, headers: Record<string, string>) => system.ask(`/api/v1/actors/payment/${byPhone}/events`, { body: event, headers })
  expect((await send({ type: 'payment.refund', reason: 'moved away' }, one)).status).toBe(200)
  expect((await send({ type: 'payment.approveRefund' }, two)).status).toBe(200)
  await untilState(system, 'payment', byPhone, 'refunded')
  await vi.waitFor(async () => expect((await actorOf(system, 'subscription', id)).context).toMatchObject({ payments: [{ revoked: 0 }, { id: byPhone, revoked: 100_000 }], terms: [{}] }), { timeout: 10_000 })
  await atRest(system)
  const after = await balances()
  expect([of(after, 'mpesa'), of(after, `customer:${id}`), of(after, 'revenue:subscription'), of(after, 'refunds:pending')]).toEqual([100_000, 0, -100_000, 0])
  expect(Object.values(after).reduce((sum, amount) => sum + amount, 0)).toBe(0)
})
