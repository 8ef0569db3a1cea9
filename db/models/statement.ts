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

/**
 * A row is one, whoever tells of it. What the portal's file says takes the place of what was pulled: it knows more, and its rows say what
 * it covers.
 */
const ADD = `
  insert into business.statement_rows (tenant, receipt, kind, amount_minor, currency, at, account_ref, details, source, imported_at, imported_by)
  select distinct on (s.receipt, s.kind) :tenant, s.receipt, s.kind, s.amount, s.currency, s.at, s."accountReference", s.details, :source, to_timestamp(:at / 1000.0), :by
  from json_to_recordset(cast(:entries as json)) as s(receipt text, kind text, amount bigint, currency text, at timestamptz, "accountReference" text, details text)
  on conflict (tenant, receipt, kind) do update
    set amount_minor = excluded.amount_minor, currency = excluded.currency, at = excluded.at, account_ref = excluded.account_ref, details = excluded.details,
        source = excluded.source, imported_at = excluded.imported_at, imported_by = excluded.imported_by
    where statement_rows.source = 'pull' and excluded.source <> 'pull'
  returning xmax = 0 as "isNew"`

const FILED = "select min(at) as \"from\", max(at) as \"to\" from business.statement_rows where tenant = ? and source <> 'pull'"
const PULLED = 'select min(from_at) as "from", max(to_at) as "to" from business.statement_periods where tenant = ?'

/**
 * What moved at the provider, by us: lines of the account `mpesa`, without charges, which the statement lists apart. The reference of an
 * entry names its tenant; were that asked for too, all charges of the tenant could be read for each line.
 */
const IS_OURS = `l.tenant = :tenant and l.account = 'mpesa'
    and not exists (select from business.ledger_entries f where f.entry_ref = l.entry_ref and f.account = 'fees')`

/**
 * Files say what they cover by their rows: between two that are at most a week apart, nothing is left out. Two files may have a month between
 * them that is in neither, and a date that was typed wrongly is alone in its year.
 */
const filedAround = (moment: string) => `
  exists (select from business.statement_rows s where s.tenant = :tenant and s.source <> 'pull' and s.at between ${moment} - interval '7 days' and ${moment})
  and exists (select from business.statement_rows s where s.tenant = :tenant and s.source <> 'pull' and s.at between ${moment} and ${moment} + interval '7 days')`

/** A payment that a query confirmed learnt its receipt later, so the table of receipts knows it, not the line. */
const LEARNT = `r.tenant = l.tenant and l.actor_type = 'payment' and r.payment_id = l.actor_id and r.credited and l.amount_minor > 0`

/** All that is booked under the receipt of a row, whenever: found by the receipt, for the ledger is long. */
const bookedUnder = (row: string) => `
  select sum(o.amount_minor) as amount_minor from (
    select l.amount_minor from business.ledger_entries l where l.receipt = ${row}.receipt and l.currency = ${row}.currency and ${IS_OURS}
    union all
    select l.amount_minor from business.payment_receipts r join business.ledger_entries l on ${LEARNT}
    where r.tenant = :tenant and r.receipt = ${row}.receipt and l.receipt is null and l.currency = ${row}.currency and ${IS_OURS}
  ) o`

/** A receipt is of the moment of its first row. */
const PROVIDER_SIDE = `
  with named as (select distinct receipt from business.statement_rows where tenant = :tenant and at between to_timestamp(:from / 1000.0) and to_timestamp(:to / 1000.0)),
  theirs as (
    select receipt, currency, sum(amount_minor) as amount_minor, min(at) as at, min(account_ref) as account_ref, min(details) as details
    from business.statement_rows where tenant = :tenant and kind <> 'charge' and receipt in (select receipt from named) group by receipt, currency)
  select t.receipt, t.amount_minor, t.currency, t.at, t.account_ref, t.details, b.amount_minor as ledger_amount
  from theirs t cross join lateral (${bookedUnder('t')}) b
  where t.at between to_timestamp(:from / 1000.0) and to_timestamp(:to / 1000.0) and t.amount_minor is distinct from b.amount_minor
    and (cast(:afterAt as double precision) is null or (t.at, t.receipt, t.currency) > (to_timestamp(:afterAt / 1000.0), :afterReceipt, :afterCurrency))
  order by t.at, t.receipt, t.currency limit :limit`

/**
 * Where the list is pulled, and where a day is counted, money is missed only where something covers it: what came in by the list, what went
 * out by files alone, for the list does not have it. Within the first hour it may be money of the time before, of which we heard later.
 */
const OUR_SIDE = `
  with ours as (
    select l.position, l.amount_minor, l.currency, l.at, l.description, l.actor_type, l.actor_id, coalesce(l.receipt, r.receipt) as receipt
    from business.ledger_entries l left join business.payment_receipts r on ${LEARNT}
    where l.at between to_timestamp(:from / 1000.0) and to_timestamp(:to / 1000.0) and ${IS_OURS})
  select o.* from ours o
  where not exists (select from business.statement_rows s where s.tenant = :tenant and s.receipt = o.receipt and s.kind <> 'charge')
    and (not cast(:onlyCovered as boolean)
      or ${filedAround('o.at')}
      or o.amount_minor > 0 and exists (select from business.statement_periods p where p.tenant = :tenant and o.at >= p.from_at + interval '1 hour' and o.at < p.to_at))
    and (o.receipt is null or (${bookedUnder('o')}) <> 0)
    and (cast(:afterPosition as bigint) is null or o.position > :afterPosition)
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
  position: string
  receipt: string | null
  amount_minor: string
  currency: string
  at: Date
  description: string
  actor_type: string
  actor_id: string
}

interface UnexplainedQuery {
  from: number | undefined
  to: number | undefined
  periodMs: number
  limit: number
  after?: { provider: { at: number; receipt: string; currency: string } | null; ours: number | null } | undefined
}

const AT_THE_BEGINNING = { afterAt: null, afterReceipt: null, afterCurrency: null, afterPosition: null }

interface Span {
  from: number
  to: number
}

interface Imported {
  id: string
  tenant: string
  from_at: Date
  until_at: Date
  imported_at: Date
}

/** R9: within what a reconciliation may be asked at once. What came before is in the list of unexplained money all the same. */
const SPAN_MAX_MS = 9 * 366 * 86_400_000

const imports = (db: Knex) => db<Imported>('business.imported_statements')

export function statementQueries(knex: Knex) {
  async function spanOf(query: string, tenant: string): Promise<Span | null> {
    const found = (await knex.raw<{ rows: { from: Date | null; to: Date | null }[] }>(query, [tenant])).rows[0]
    return found?.from == null || found.to === null ? null : { from: found.from.getTime(), to: found.to.getTime() }
  }

  /** What the two sides are asked with; undefined while no statement says anything. */
  async function scopeOf(tenant: string, { from, to, periodMs }: { from: number | undefined; to: number | undefined; periodMs: number }) {
    const [filed, pulled] = await Promise.all([spanOf(FILED, tenant), spanOf(PULLED, tenant)])
    const spans = [filed, pulled].filter((span) => span !== null)
    if (spans.length === 0) return undefined
    const covered = { from: Math.min(...spans.map((span) => span.from)), to: Math.max(...spans.map((span) => span.to)) }
    const end = to ?? (from === undefined ? covered.to : Math.max(from, Math.min(covered.to, from + periodMs)))
    const period = { from: from ?? Math.min(end, Math.max(covered.from, end - periodMs)), to: end }
    return { period, covered, given: { tenant, ...period, ...AT_THE_BEGINNING, onlyCovered: pulled !== null } }
  }

  async function add(db: Knex, tenant: string, entries: readonly StatementEntry[], { source, by, at }: { source: string; by: string; at: number }): Promise<{ added: number }> {
    const { rows } = await db.raw<{ rows: { isNew: boolean }[] }>(ADD, { tenant, source, at, by, entries: JSON.stringify(entries) })
    return { added: rows.filter(({ isNew }) => isNew).length }
  }

  return {
    /** In one transaction with what is to be matched because of it. */
    async add(tenant: string, entries: readonly StatementEntry[], by: { source: string; by: string; at: number }): Promise<{ added: number }> {
      return knex.transaction(async (transaction) => {
        const added = await add(transaction, tenant, entries, by)
        const times = entries.map(({ at }) => Date.parse(at))
        const [first, last] = [times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), -Infinity)]
        if (times.length > 0) await imports(transaction).insert({ tenant, from_at: new Date(Math.max(first, last - SPAN_MAX_MS)), until_at: new Date(last + 1), imported_at: new Date(by.at) })
        return added
      })
    },
    async imported(limit: number): Promise<{ id: string; tenant: string; from: number; until: number }[]> {
      const rows = await imports(knex).orderBy('id').limit(limit)
      return rows.map(({ id, tenant, from_at, until_at }) => ({ id, tenant, from: from_at.getTime(), until: until_at.getTime() }))
    },
    forgetImported: (id: string) => imports(knex).where({ id }).delete(),
    /** Keeps what the provider's list said, and of which time that was all; the same again changes nothing. */
    async addPulled(tenant: string, entries: readonly StatementEntry[], { from, to, at, by }: Span & { at: number; by: string }): Promise<{ added: number }> {
      return knex.transaction(async (transaction) => {
        const added = await add(transaction, tenant, entries, { source: 'pull', by, at })
        const [start, end] = [new Date(from), new Date(to)]
        const periods = transaction<{ tenant: string; from_at: Date; to_at: Date }>('business.statement_periods')
        const touching = await periods.where({ tenant }).where('from_at', '<=', end).where('to_at', '>=', start).delete(['from_at', 'to_at'])
        const merged = { from_at: earliest([start, ...touching.map((one) => one.from_at)]), to_at: latest([end, ...touching.map((one) => one.to_at)]) }
        await transaction('business.statement_periods').insert({ tenant, ...merged })
        return added
      })
    },
    /** How much of a span of time, its end not included, is not explained. A file may end within the day: what it does not cover is not missed. */
    async countUnexplained(tenant: string, { from, until }: { from: number; until: number }): Promise<{ provider: number; ours: number }> {
      const scope = await scopeOf(tenant, { from, to: until - 1, periodMs: 0 })
      if (scope === undefined) return { provider: 0, ours: 0 }
      const count = async (side: string) => Number((await knex.raw<{ rows: { count: string }[] }>(`select count(*) from (${side}) as unexplained`, { ...scope.given, onlyCovered: true, limit: null })).rows[0]?.count ?? 0)
      const [provider, ours] = await Promise.all([count(PROVIDER_SIDE), count(OUR_SIDE)])
      return { provider, ours }
    },
    async unexplained(tenant: string, { from, to, periodMs, limit, after }: UnexplainedQuery) {
      const scope = await scopeOf(tenant, { from, to, periodMs })
      if (scope === undefined) return { period: null, covered: null, provider: [], ours: [], hasMore: false }
      const { period, covered } = scope
      const { provider: theirLast, ours: ourLast } = after ?? { provider: null, ours: null }
      const given = { ...scope.given, afterAt: theirLast?.at ?? null, afterReceipt: theirLast?.receipt ?? null, afterCurrency: theirLast?.currency ?? null, afterPosition: ourLast, limit: limit + 1 }
      const [provider, ours] = await Promise.all([knex.raw<{ rows: ProviderRow[] }>(PROVIDER_SIDE, given), knex.raw<{ rows: OurRow[] }>(OUR_SIDE, given)])
      return {
        period,
        covered,
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
          position: Number(row.position),
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

function earliest(moments: readonly Date[]): Date {
  return new Date(Math.min(...moments.map((moment) => moment.getTime())))
}

function latest(moments: readonly Date[]): Date {
  return new Date(Math.max(...moments.map((moment) => moment.getTime())))
}
