/** SIGTERM: what is in flight is finished or kept, and the process is gone within ten seconds. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startWorld, type World } from '../support/system-outside.ts'
import { actorOf, advance, atRest, buy, newPhone, paymentOf, startPayment, untilState, type Started } from '../support/system-shop.ts'

let world: World
beforeAll(async () => {
  world = await startWorld({ daraja: { delivery: { attemptsMax: 9, retryAfterMs: 100 } } })
})
afterAll(() => world.end())

const LIMIT_MS = 10_000

test('with requests in flight: each is answered or can be repeated, and nothing is lost', async () => {
  const bought = await buy(world.system)
  const waiting = paymentOf(world.system, bought.id, '30s')
  const purchases = Array.from({ length: 100 }, (_none, index) => ({ phone: newPhone(), key: `drain-${index}` }))
  const begin = ({ phone, key }: { phone: string; key: string }) => startPayment(world.system, { phone_number: phone, package_id: 'hour-1' }, { 'idempotency-key': key })
  const answers = purchases.map((purchase) => begin(purchase).then((answer) => answer, () => undefined))
  await world.daraja.control.until(() => world.daraja.control.prompts().length >= 11)
  const ended = await world.system.stop()
  expect(ended).toMatchObject({ code: 0, signal: null })
  expect(ended.ms).toBeLessThan(LIMIT_MS)
  // A browser that waits for its payment is told at once how it stands.
  expect((await waiting).status).toBe('awaiting')

  await world.system.restart()
  expect((await actorOf(world.system, 'payment', bought.id)).states).toEqual(['awaiting'])
  const answered = await Promise.all(answers)
  expect(answered.filter((answer) => answer?.status === 202).length).toBeGreaterThan(0)
  for (const answer of answered) expect([202, 503, undefined]).toContain(answer?.status)

  // Whoever was not answered asks again; whoever was finds the payment there.
  const started: Started[] = []
  for (const [index, purchase] of purchases.entries()) {
    const { status, body } = await begin(purchase)
    expect(status).toBe(202)
    const before = answered[index]
    if (before?.status === 202) expect(body.payment_id).toBe(before.body.payment_id)
    started.push(body)
  }
  expect(new Set(started.map(({ payment_id }) => payment_id)).size).toBe(purchases.length)
  for (const { phone } of purchases) expect(world.daraja.control.prompts().filter((prompt) => prompt.phone === phone)).toHaveLength(1)

  for (const { checkoutRequestId } of world.daraja.control.prompts()) await world.daraja.control.answer(checkoutRequestId, 0)
  await vi.waitFor(async () => {
    const rows = await world.system.rows("select count(*)::int as count from standing.actors where type = 'hotspot-session' and 'ready' = any(states)")
    expect(rows).toEqual([{ count: purchases.length + 1 }])
  }, { timeout: 30_000, interval: 100 })
  await atRest(world.system)
})

test('a call that does not come back is given up in time, not made again, and settled by the callback', async () => {
  const phone = newPhone()
  const { waiting, checkout } = await hang(phone)
  const ended = await world.system.stop()
  expect(ended).toMatchObject({ code: 0, signal: null })
  expect(ended.ms).toBeLessThan(LIMIT_MS)
  const answer = await waiting

  await world.system.restart()
  await world.daraja.control.answer(checkout, 0)
  const id = answer?.body.payment_id ?? ''
  await untilState(world.system, 'hotspot-session', id, 'ready')
  expect(world.daraja.control.prompts().filter((prompt) => prompt.phone === phone)).toHaveLength(1)
  await advance(world.system, 'PT1M')
  await atRest(world.system)
})

test('a second SIGTERM ends it at once; the next start goes on', async () => {
  const phone = newPhone()
  const { waiting, checkout } = await hang(phone)
  const answer = await waiting
  const printed = world.system.logs().length
  world.system.signal('SIGTERM')
  // Right after the first it would be the same one, as npm hands it on.
  await vi.waitFor(() => expect(world.system.logs().slice(printed)).toContain('still stopping; another signal ends it at once'), { timeout: 5_000, interval: 20 })
  const ended = await world.system.stop()
  expect(ended).toMatchObject({ code: 1, signal: null })
  expect(ended.ms).toBeLessThan(1_000)

  await world.system.restart()
  await world.daraja.control.answer(checkout, 0)
  await untilState(world.system, 'hotspot-session', answer?.body.payment_id ?? '', 'ready')
  await advance(world.system, 'PT1M')
  await atRest(world.system)
})

/** A payment whose push is never answered. */
async function hang(phone: string) {
  world.daraja.control.next({ phone, push: 'timeout-after-accepting', callback: { manual: true } })
  const waiting = startPayment(world.system, { phone_number: phone, package_id: 'hour-1' }).then((answer) => answer, () => undefined)
  const { checkoutRequestId } = await world.daraja.control.until((prompt) => prompt.phone === phone)
  return { waiting, checkout: checkoutRequestId }
}
