/** The provider's statement, and what of it and of the ledger does not explain each other. */
import type { Knex } from 'knex'

export interface StatementEntry {
  receipt: string
  kind: 'paid-in' | 'withdrawn' | 'charge'
  amount: number
  currency: string
  at: string
  accountReference: string | null
  details: string | null
}

const ADD = `
  insert into business.statement_rows (tenant, receipt, kind, amount_minor, currency, at, account_ref, details, source, imported_at, imported_by)
  select ?, s.receipt, s.kind, s.amount, s.currency, s.at, s."accountReference", s.details, ?, to_timestamp(? / 1000.0), ?
  from json_to_recordset(?::json) as s(receipt text, kind text, amount bigint, currency text, at timestamptz, "accountReference" text, details text)
  on conflict (tenant, receipt, kind) do nothing
  returning 1`

const PERIOD = 'select min(at) as "from", max(at) as "to" from business.statement_rows where tenant = ?'

/**
 * What moved at the provider, by us: lines of the account `mpesa`, without charges, which the statement lists apart. A payment that a
 * query confirmed learnt its receipt later, so the table of receipts knows it, not the line.
 */
const OURS = `
  select l.position, l.amount_minor, l.currency, l.at, l.description, l.actor_type, l.actor_id, coalesce(l.receipt, r.receipt) as receipt
  from business.ledger_entries l
  left join business.payment_receipts r on r.tenant = l.tenant and l.actor_type = 'payment' and r.payment_id = l.actor_id and r.credited and l.amount_minor > 0
  where l.tenant = :tenant and l.account = 'mpesa'
    and not exists (select from business.ledger_entries f where f.tenant = l.tenant and f.entry_ref = l.entry_ref and f.account = 'fees')`

const THEIRS = `
  select receipt, currency, sum(amount_minor) as amount_minor, min(at) as at, min(account_ref) as account_ref, min(details) as details
  from business.statement_rows where tenant = :tenant and kind <> 'charge' group by receipt, currency`

const PROVIDER_SIDE = `
  with ours as (${OURS}), booked as (select receipt, currency, sum(amount_minor) as amount_minor from ours where receipt is not null group by receipt, currency)
  select t.receipt, t.amount_minor, t.currency, t.at, t.account_ref, t.details, b.amount_minor as ledger_amount
  from (${THEIRS}) t left join booked b on b.receipt = t.receipt and b.currency = t.currency
  where t.at between to_timestamp(:from / 1000.0) and to_timestamp(:to / 1000.0) and t.amount_minor is distinct from b.amount_minor
  order by t.at, t.receipt limit :limit`

const OUR_SIDE = `
  with ours as (${OURS})
  select o.* from ours o
  where o.at between to_timestamp(:from / 1000.0) and to_timestamp(:to / 1000.0)
    and not exists (select from business.statement_rows s where s.tenant = :tenant and s.receipt = o.receipt and s.kind <> 'charge')
    and (o.receipt is null or (select sum(b.amount_minor) from ours b where b.receipt = o.receipt and b.currency = o.currency) <> 0)
  order by o.position limit :limit`

interface ProviderRow {
  receipt: string
  amount_minor: string
  currency: string
  at: Date
  account_ref: string | null
  details: string | null
  ledger_amount: string | null
}

interface OurRow {
  receipt: string | null
  amount_minor: string
  currency: string
  at: Date
  description: string
  actor_type: string
  actor_id: string
}

export function statementQueries(knex: Knex) {
  return {
    async add(tenant: string, entries: readonly StatementEntry[], { source, by, at }: { source: string; by: string; at: number }): Promise<{ added: number }> {
      const { rows } = await knex.raw<{ rows: unknown[] }>(ADD, [tenant, source, at, by, JSON.stringify(entries)])
      return { added: rows.length }
    },
    async unexplained(tenant: string, { from, to, limit }: { from: number | undefined; to: number | undefined; limit: number }) {
      const covered = (await knex.raw<{ rows: { from: Date | null; to: Date | null }[] }>(PERIOD, [tenant])).rows[0]
      if (covered?.from == null || covered.to === null) return { period: null, provider: [], ours: [], hasMore: false }
      const period = { from: from ?? covered.from.getTime(), to: to ?? covered.to.getTime() }
      const given = { tenant, ...period, limit: limit + 1 }
      const [provider, ours] = await Promise.all([knex.raw<{ rows: ProviderRow[] }>(PROVIDER_SIDE, given), knex.raw<{ rows: OurRow[] }>(OUR_SIDE, given)])
      return {
        period,
        provider: provider.rows.slice(0, limit).map((row) => ({
          receipt: row.receipt,
          amount: Number(row.amount_minor),
          currency: row.currency,
          at: row.at.getTime(),
          accountReference: row.account_ref,
          details: row.details,
          ledgerAmount: row.ledger_amount === null ? null : Number(row.ledger_amount),
        })),
        ours: ours.rows.slice(0, limit).map((row) => ({
          receipt: row.receipt,
          amount: Number(row.amount_minor),
          currency: row.currency,
          at: row.at.getTime(),
          description: row.description,
          actor: { type: row.actor_type, id: row.actor_id },
        })),
        hasMore: provider.rows.length > limit || ours.rows.length > limit,
      }
    },
  }
}
