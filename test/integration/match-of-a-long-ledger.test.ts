/** A day is matched by what belongs to it, however long the ledger has grown: what is read is counted, not timed. */
import { expect, onTestFinished, test } from 'vitest'
import type { Knex } from 'knex'
import { createKnex } from '../../db/index.ts'
import { statementQueries } from '../../db/models/statement.ts'
import { createTestDatabase } from '../support/template-database.ts'

const DAYS = 200
const PAYMENTS_A_DAY = 100
const FIRST_DAY = Date.parse('2026-01-01T00:00:00Z')
const DAY_MS = 86_400_000

/** Every tenth payment learnt its receipt later; of each day one is on our side alone, one on theirs, and one has another amount there. */
const FILL = `
  alter table business.ledger_entries disable trigger user;
  with payments as (
    select d * ${PAYMENTS_A_DAY} + p as i, p, timestamptz '2026-01-01Z' + d * interval '1 day' + p * interval '10 minutes' as at
    from generate_series(0, ${DAYS - 1}) d, generate_series(0, ${PAYMENTS_A_DAY - 1}) p),
  booked as (
    insert into business.ledger_entries (tenant, entry_ref, line, account, amount_minor, currency, at, description, actor_type, actor_id, receipt)
    select 'main', 'main/payment/p' || i, l, case l when 1 then 'mpesa' else 'sales' end, case l when 1 then 1000 else -1000 end, 'KES', at, 'payment', 'payment', 'p' || i, case when p % 10 = 0 then null else 'R' || i end
    from payments, generate_series(1, 2) l where p <> 2 order by i),
  known as (
    insert into business.payment_receipts (tenant, receipt, payment_id, amount, currency, paid_at)
    select 'main', 'R' || i, 'p' || i, 1000, 'KES', at from payments where p <> 2)
  insert into business.statement_rows (tenant, receipt, kind, amount_minor, currency, at, source, imported_at, imported_by)
  select 'main', 'R' || i, 'paid-in', case p when 3 then 900 else 1000 end, 'KES', at, 'pull', now(), 'test' from payments where p <> 1;
  insert into business.statement_periods values ('main', '2025-12-31Z', '2027-01-01Z');`

async function longLedger() {
  const database = await createTestDatabase()
  const knex = createKnex(database.url, { max: 1, applicationName: 'test' })
  onTestFinished(async () => {
    await knex.destroy()
    await database.drop()
  })
  await knex.raw(FILL)
  await knex.raw('vacuum analyze business.ledger_entries, business.payment_receipts, business.statement_rows')
  return knex
}

/** Rows that a transaction has read so far. */
async function readIn(transaction: Knex): Promise<{ relname: string; read: number }[]> {
  const { rows } = await transaction.raw<{ rows: { relname: string; read: number }[] }>(
    `select relname, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read from pg_stat_xact_user_tables where schemaname = 'business' and relname in ('ledger_entries', 'payment_receipts', 'statement_rows')`,
  )
  return rows
}

test('one day of two hundred', async () => {
  const knex = await longLedger()
  const from = FIRST_DAY + 120 * DAY_MS
  const { counted, listed, read } = await knex.transaction(async (transaction) => {
    const statements = statementQueries(transaction)
    const counted = await statements.countUnexplained('main', { from, until: from + DAY_MS })
    const listed = await statements.unexplained('main', { from, to: from + DAY_MS - 1, periodMs: DAY_MS, limit: 10 })
    return { counted, listed, read: await readIn(transaction) }
  })

  // Ours: one that is not on the list. Theirs: one that we do not know, and one of another amount.
  expect(counted).toEqual({ provider: 2, ours: 1 })
  expect(listed.ours.map(({ receipt }) => receipt)).toEqual(['R12001'])
  expect(listed.provider.map(({ receipt, amount, ledgerAmount }) => [receipt, amount, ledgerAmount])).toEqual([['R12002', 1_000, null], ['R12003', 900, 1_000]])
  // Both sides, asked twice: each row of the day a few times, of two hundred days.
  expect(read.map(({ relname }) => relname).sort()).toEqual(['ledger_entries', 'payment_receipts', 'statement_rows'])
  for (const { relname, read: rows } of read) expect(rows, relname).toBeLessThan(40 * PAYMENTS_A_DAY)
})

test('unless said, the newest month that statements cover; whoever walks through it in parts and pages finds all, once', async () => {
  const knex = await longLedger()
  const periodMs = 31 * DAY_MS
  const { newest, read } = await knex.transaction(async (transaction) => ({
    newest: await statementQueries(transaction).unexplained('main', { from: undefined, to: undefined, periodMs, limit: 500 }),
    read: await readIn(transaction),
  }))
  const end = Date.parse('2027-01-01T00:00:00Z')
  expect([newest.period, newest.covered]).toEqual([{ from: end - periodMs, to: end }, { from: Date.parse('2025-12-31T00:00:00Z'), to: end }])
  // The ledger ends in July: nothing of it is in that month, and next to nothing is read.
  expect([newest.provider, newest.ours, newest.hasMore]).toEqual([[], [], false])
  for (const { relname, read: rows } of read) expect(rows, relname).toBeLessThan(PAYMENTS_A_DAY)

  const statements = statementQueries(knex)
  const [theirs, ours]: [string[], (string | null)[]] = [[], []]
  for (let from = newest.covered?.from ?? end; from < end; ) {
    let after: { provider: { at: number; receipt: string; currency: string } | null; ours: number | null } = { provider: null, ours: null }
    for (;;) {
      const page = await statements.unexplained('main', { from, to: undefined, periodMs, limit: 20, after })
      theirs.push(...page.provider.map(({ receipt }) => receipt))
      ours.push(...page.ours.map(({ receipt }) => receipt))
      after = { provider: page.provider.at(-1) ?? after.provider, ours: page.ours.at(-1)?.position ?? after.ours }
      if (page.hasMore) continue
      from = (page.period?.to ?? end) + 1
      break
    }
  }
  const expected = (places: number[]) => Array.from({ length: DAYS }, (_, day) => places.map((place) => `R${day * PAYMENTS_A_DAY + place}`)).flat()
  expect(theirs).toEqual(expected([2, 3]))
  expect(ours).toEqual(expected([1]))
})
