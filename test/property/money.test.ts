/**
 * Whatever is told of money, in whatever order, however often, with crashes in between:
 *   - every entry of the ledger sums to zero;
 *   - each receipt is booked as money that came in at most once, and credits at most one payment;
 *   - what stands at the provider is what came and has not gone back: as soon as we hear of money, whatever is decided of it later;
 *   - money a second time is a payment of its own, which a person assigns or gives back like any other;
 *   - cash is in the till or handed back, and never at the provider.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ACCOUNTS, CASH_ID, MoneyWorld, PROMPTS, type Happening } from './money-world.ts'
import { check, TIMEOUT_MS } from './runs.ts'

const prompt = fc.nat(PROMPTS - 1)
const receipt = fc.nat(3)
/** What is told of one payment; and nothing, of what never came. */
const AMOUNTS = [2_000, 1_900, 5_000, 0]
const account = fc.nat(ACCOUNTS.length - 1)
const payment = fc.nat(5)

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('callback' as const), prompt, receipt, code: fc.constantFrom('0' as const, '0' as const, '1032' as const, '15' as const, '77777' as const), amount: fc.constantFrom(2_000, 2_000, 1_900, 5_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('confirm' as const), receipt, account, isForeign: fc.constant(false) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('confirm' as const), receipt, account, isForeign: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reject' as const), payment, moneyCame: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('ask' as const, 'approveAsked' as const, 'refuse' as const), payment }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), payment, returned: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pull' as const), receipts: fc.uniqueArray(fc.record({ receipt, account }), { maxLength: 3, selector: (one) => one.receipt }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('claim' as const), prompt, receipt }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('assign' as const), payment }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('approve' as const), payment, receipt }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refund' as const), payment }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('result' as const), payment, code: fc.constantFrom('0' as const, '0' as const, 'R000001' as const, '11' as const, '99999' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('timeout' as const), payment }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), minutes: fc.constantFrom(1, 5, 60, 600) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'crash' as const }) },
)

/** How often the interesting ends were met: a campaign that never gets there proves nothing. */
const met = { credited: 0, parted: 0, partedAndDecided: 0, refunded: 0, unmatched: 0, pulled: 0, held: 0, corrected: 0, foreign: 0, cashBack: 0 }

async function expectSound(world: MoneyWorld): Promise<void> {
  const lines = world.rows('business.ledger_entries').map((row) => ({ ref: String(row['entry_ref']), account: String(row['account']), amount: Number(row['amount_minor']), receipt: row['receipt'] as string | null, payment: String(row['actor_id']) }))
  for (const ref of new Set(lines.map((line) => line.ref))) expect(sum(lines.filter((line) => line.ref === ref))).toBe(0)

  const payments = await world.payments()
  expect(payments.filter(({ status }) => status !== 'active')).toEqual([])
  // Money in: each receipt is one payment's and once in the books, with an amount that was told of it; or not at all.
  const atProvider = lines.filter(({ account: name }) => name === 'mpesa')
  for (const named of new Set(atProvider.flatMap((line) => line.receipt ?? []))) {
    const told = atProvider.filter((line) => line.receipt === named)
    const bookedBy = (id: string | undefined) => told.filter((line) => line.payment === id)
    // What was parted has left the books of the payment that it was told of.
    const payers = [...new Set(told.map((line) => line.payment))].filter((id) => sum(bookedBy(id)) !== 0)
    expect(payers.length, named).toBeLessThanOrEqual(1)
    const own = bookedBy(payers[0])
    const payer = payments.find(({ id }) => id === payers[0])
    // A query names no receipt; what came is booked as far as it differs.
    const before = payer?.context.receipt === named ? sum(atProvider.filter((line) => line.payment === payer.id && line.receipt === null && line.amount > 0)) : 0
    expect(AMOUNTS, named).toContain(before + sum(own))
  }
  // Credit: each receipt one payment, each payment once.
  const credited = payments.filter(({ context }) => context.completedAt !== null)
  const receipts = credited.flatMap(({ context }) => context.receipt ?? [])
  expect(receipts).toEqual([...new Set(receipts)])
  for (const { id, context, states } of payments) {
    met.credited += context.completedAt === null ? 0 : 1
    met.refunded += states.includes('refunded') ? 1 : 0
    met.unmatched += context.purpose.kind === 'unmatched' ? 1 : 0
    // Nothing is kept where nobody could decide of it (H3), and what was parted is there.
    expect(context.held.filter((money) => context.completedAt !== null || money.receipt !== context.review?.receipt), id).toEqual([])
    for (const receipt of context.parted) expect(payments.some((one) => one.id !== id && one.context.receipt === receipt), `${receipt} of ${id}`).toBe(true)
    const isParted = context.received?.doubt === 'paid-twice'
    met.parted += isParted ? 1 : 0
    met.partedAndDecided += isParted && !states.includes('review') ? 1 : 0
    met.held += context.held.length === 0 || context.method === 'c2b' ? 0 : 1
    met.corrected += context.mismatch?.difference === undefined ? 0 : 1
    met.foreign += states.includes('review') && context.review?.reason === 'foreign-shortcode' ? 1 : 0
    met.cashBack += id === CASH_ID && states.includes('refunded') ? 1 : 0
    met.pulled += context.confirmedBy === 'pull' ? 1 : 0
    const own = lines.filter((line) => line.payment === id)
    const goods = sum(own.filter(({ account: name }) => name.startsWith('revenue:') || name.startsWith('customer:')))
    const isGone = states.includes('refunded') || states.some((state) => state.startsWith('refunding'))
    expect(goods, `${id} in ${states.join()}`).toBe(context.completedAt === null || isGone ? 0 : -(context.paidAmount ?? context.amount))
    const pending = sum(own.filter(({ account: name }) => name === 'refunds:pending'))
    expect(pending).toBe(states.some((state) => state.startsWith('refunding')) ? -(context.refund?.amount ?? 0) : 0)
    const till = sum(own.filter(({ account: name }) => name === 'cash'))
    expect(till, id).toBe(id === CASH_ID && !states.includes('refunded') ? 2_000 : 0)
    if (id === CASH_ID) expect(own.filter(({ account: name }) => name === 'mpesa')).toEqual([])
    const atMpesa = sum(own.filter(({ account: name }) => name === 'mpesa'))
    // Before anything is decided, all that came is there, and owed to somebody.
    if (context.completedAt === null && !isGone) expect(sum(own.filter(({ account: name }) => name === 'unmatched')), id).toBe(0 - atMpesa)
    if (context.completedAt === null && !isGone) expect(atMpesa, id).toBe(sum(context.held))
    if (context.review?.reason === 'foreign-shortcode' && context.completedAt === null) expect(own).toEqual([])
    // What is left of a payment that went back is what came a second time.
    if (states.includes('refunded')) expect(sum(own.filter(({ account: name }) => name === 'mpesa' || name === 'unmatched'))).toBe(0)
  }
}

function sum(lines: readonly { amount: number }[]): number {
  return lines.reduce((total, { amount }) => total + amount, 0)
}

it(
  'the books are sound after anything',
  async () => {
    const property = fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 30 }), async (list) => {
      const world = new MoneyWorld()
      await world.open()
      try {
        for (const what of list) await world.happen(what)
        await expectSound(world)
      } finally {
        await world.close()
      }
    })
    await check(property, 60)
    for (const [end, times] of Object.entries(met)) expect(times, end).toBeGreaterThan(2)
  },
  TIMEOUT_MS,
)
