/**
 * A year and a month of virtual time with 29 February in it, month ends, and days of 23 and 25 hours where clocks change: money is
 * looked for every hour of it, without a gap, and vouchers end at their moment.
 */
import { expect, it } from 'vitest'
import { createCredentialIssuer } from '../../actors/credentials.ts'
import { createRegistry } from '../../actors/registry.ts'
import { createVoucherCodes } from '../../actors/voucher/codes.ts'
import type { PulledTransaction } from '../../actors/gateways/mpesa/port.ts'
import { receiptPaymentIds, type Directory } from '../../actors/payment/received-money.ts'
import { defineReconciliation } from '../../actors/reconciliation/definition.ts'
import type { StatementRows } from '../../actors/reconciliation/matching.ts'
import { addMonths, startOfDay } from '../../machines/calendar.ts'
import type { ReconciliationContext } from '../../machines/reconciliation/context.ts'
import { createRuntime, manualClock, memoryStore, type Runtime } from '../../runtime/index.ts'
import { fakeMpesa } from '../support/fake-mpesa.ts'
import { nobodyOnline } from '../support/live-access.ts'
import { HOUR_PACKAGE } from '../unit/machines/payment.fixture.ts'

const KEY = 'an application key of good length'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START = Date.parse('2027-03-01T00:00:00+01:00')
const END = Date.parse('2028-04-01T00:00:00+02:00')
/** Where clocks change: on 28 March and 31 October 2027, and on 26 March 2028. */
const ZONE = 'Europe/Amsterdam'

function world(list: (window: { fromMs: number; toMs: number }) => PulledTransaction[]) {
  const clock = manualClock(START)
  const mpesa = fakeMpesa({ pullTransactions: async (window) => list(window) })
  const receiptIds = receiptPaymentIds(KEY)
  const directory: Directory = { search: (query) => runtime.search(query), get: (address) => runtime.get(address) }
  const registry = createRegistry({
    credentials: createCredentialIssuer(KEY),
    voucherCodes: createVoucherCodes(KEY),
    liveAccess: nobodyOnline(),
    sms: { send: async () => ({ providerId: 'p', status: 'sent', segments: 1 }) },
    mpesa,
    config: { receiptIds, directory },
  })
  // The provider's clock goes with ours here.
  const matched: { from: number; until: number }[] = []
  const statements: StatementRows = {
    addPulled: async () => undefined,
    countUnexplained: async (_tenant, { from, until }) => {
      matched.push({ from, until })
      return { provider: 0, ours: 0 }
    },
  }
  const pulling = defineReconciliation({ mpesa, receiptIds, directory, providerNow: () => clock.now(), statements, timeZone: ZONE })
  const runtime: Runtime = createRuntime({ store: memoryStore(), clock, actors: registry.map((one) => (one.type === pulling.type ? pulling : one)) })
  return { runtime, clock, matched }
}

/** The first moments of the days of ZONE, and of the months' ends among them all that a calendar stumbles over. */
function localMidnights(): number[] {
  const first = Array.from({ length: 13 }, (_, month) => addMonths(START, month, ZONE))
  const odd = ['2027-03-28T00:00:00+01:00', '2027-03-29T00:00:00+02:00', '2027-10-31T00:00:00+02:00', '2027-11-01T00:00:00+01:00', '2028-02-29T00:00:00+01:00', '2028-03-27T00:00:00+02:00']
  return [...new Set([...first.slice(1), ...odd.map((text) => Date.parse(text))])].sort((a, b) => a - b)
}

it('money that nobody told us of is looked for every hour, without a gap, and each is found once', async () => {
  const windows: { fromMs: number; toMs: number }[] = []
  const days = localMidnights()
  // One payment a minute before and one at each of the midnights, listed as long as M-Pesa shows them.
  const money = days.flatMap((day, n) => [day - 60_000, day].map((at, m) => ({ receipt: `RKT${String(n).padStart(3, '0')}${m}`, at: new Date(at).toISOString(), amount: 1_000, currency: 'KES' as const, phone: null, accountReference: 'rent' })))
  const { runtime, clock, matched } = world((window) => {
    windows.push(window)
    return money.filter(({ at }) => Date.parse(at) >= window.fromMs && Date.parse(at) <= window.toMs)
  })
  await runtime.start()
  await runtime.create({ type: 'reconciliation', id: 'mpesa' }, {})
  for (let at = START; at < END; at = Math.min(END, at + 30 * DAY_MS)) await clock.advance(Math.min(END, at + 30 * DAY_MS) - at)
  await runtime.settled()

  const hours = (END - START) / HOUR_MS
  expect(days.slice(1).map((day, n) => day - (days[n] ?? 0))).toEqual(expect.arrayContaining([23 * HOUR_MS, 25 * HOUR_MS]))
  expect(windows).toHaveLength(hours + 1)
  for (const [n, { fromMs, toMs }] of windows.entries()) {
    expect(toMs).toBe(START + n * HOUR_MS)
    if (n > 0) expect(fromMs).toBeLessThanOrEqual(windows[n - 1]?.toMs ?? 0)
  }
  const { data } = await runtime.list({ type: 'payment', limit: 200 })
  expect(data.map(({ context }) => (context as { receipt: string }).receipt).sort()).toEqual(money.map(({ receipt }) => receipt).sort())
  expect((await runtime.get({ type: 'reconciliation', id: 'mpesa' }))?.context as ReconciliationContext).toMatchObject({ pulls: hours + 1, found: money.length, lastError: null })

  // Each day of the calendar is matched, once, from its first moment to that of the next; the last is not on the list as a whole yet.
  expect(matched[0]?.until).toBe(START - DAY_MS)
  for (const [n, { from, until }] of matched.entries()) {
    expect(startOfDay(from, ZONE)).toBe(from)
    if (n > 0) expect(from).toBe(matched[n - 1]?.until)
    expect([23, 24, 25]).toContain((until - from) / HOUR_MS)
  }
  expect(matched.at(-1)?.until).toBe(END - DAY_MS)
  expect(new Set(matched.map(({ from, until }) => (until - from) / HOUR_MS))).toEqual(new Set([23, 24, 25]))
  await runtime.stop()
}, 120_000)

it('vouchers end at the first moment of their last day, however long the days before were', async () => {
  const { runtime, clock } = world(() => [])
  await runtime.start()
  const days = localMidnights()
  for (const [n, expiresAt] of days.entries()) {
    await runtime.create({ type: 'voucher-batch', id: `vb_${n}` }, { name: 'x', package: HOUR_PACKAGE, count: 2, expiresAt })
    for (const number of [1, 2]) await runtime.create({ type: 'voucher', id: `vb_${n}-0000${number}` }, { batchId: `vb_${n}`, number, package: HOUR_PACKAGE, expiresAt })
  }
  const redeem = (n: number, number: number) => runtime.send({ type: 'voucher', id: `vb_${n}-0000${number}` }, { type: 'voucher.redeem', phone: '254708374149', macAddress: null }).then(({ outcome }) => outcome, ({ code }: { code: string }) => code)
  const stateOf = async (type: string, id: string) => (await runtime.get({ type, id }))?.states[0]
  for (const [n, expiresAt] of days.entries()) {
    await clock.advance(expiresAt - 1 - clock.now())
    expect([await stateOf('voucher-batch', `vb_${n}`), await redeem(n, 1)]).toEqual(['open', 'applied'])
    await clock.advance(1)
    expect([await stateOf('voucher-batch', `vb_${n}`), await stateOf('voucher', `vb_${n}-00001`), await stateOf('voucher', `vb_${n}-00002`), await redeem(n, 2)]).toEqual(['expired', 'redeemed', 'expired', 'actor-done'])
  }
  await runtime.stop()
}, 60_000)
