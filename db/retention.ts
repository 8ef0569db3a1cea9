/**
 * How long rows are kept, for every table there is. What proves something, or what the engine needs for ever, is kept for ever; what was
 * written down to be worked through, and what says who did what with which phone or device, goes when nobody needs it any more.
 */
import type { Knex } from 'knex'

export interface Forever {
  table: string
  keep: 'for ever'
  why: string
}

export interface Days {
  table: string
  /** Unless the operator says otherwise. */
  days: number
  /** From when on a row's days are counted. */
  since: string
  /** Rows of which this is not true stay, however old. */
  where?: string
  why: string
}

const NO_ACCESS_ANY_MORE =
  "not exists (select from radius.access a where a.username = t.username and a.actor_type = 'subscription') and not exists (select from radius.radcheck c where c.username = t.username)"

const forever = (why: string, ...tables: string[]): Forever[] => tables.map((table) => ({ table, keep: 'for ever', why }))

export const RETENTION: readonly (Forever | Days)[] = [
  ...forever('the history of every actor: what was applied once is known by it (R3), and read models are made from it', 'standing.journal'),
  ...forever('what is: changed in place, and gone by itself when it is done', 'standing.actors', 'standing.identifiers', 'standing.timers', 'standing.effects', 'standing.outbox', 'standing.parked', 'standing.slices', 'standing.nodes', 'standing.machines'),
  ...forever('books: what was paid, posted, and told by the provider', 'business.ledger_entries', 'business.payment_receipts', 'business.statement_rows', 'business.statement_periods', 'business.open_prompts'),
  ...forever('what is: kept in step with its actor, or by staff', 'business.packages', 'business.subscriptions', 'business.customers', 'business.api_keys', 'business.routers', 'business.router_names', 'business.router_live', 'business.router_counts', 'business.router_users', 'business.access_points', 'business.voucher_codes', 'business.vouchers', 'business.dashboard_days', 'business.unexplained_days', 'business.imported_statements'),
  ...forever('what availability is worked out from', 'business.router_outages'),
  ...forever('what is: who may log in, kept in step with the actors', 'radius.access', 'radius.held_back', 'radius.accounting_changes', 'radius.routers_back', 'radius.radcheck', 'radius.radreply', 'radius.radgroupcheck', 'radius.radgroupreply', 'radius.radusergroup', 'radius.nas', 'radius.nasreload'),
  { table: 'business.hook_inbox', days: 90, since: 'received_at', where: 'processed_at is not null', why: 'web hooks as they came: long enough to look into a dispute' },
  { table: 'business.audit', days: 400, since: 'at', why: 'who looked at whose data: a year and its closing; what was done to actors is in the journal' },
  { table: 'business.sms_sends', days: 400, since: 'sent_at', why: 'what each message cost: a year and its closing' },
  { table: 'business.opt_outs', days: 1_095, since: 'opted_in_at', where: 'opted_in_at is not null', why: 'who was not to be written to for a while; a wish that stands is kept for ever' },
  { table: 'radius.radacct', days: 400, since: 'acctstoptime', where: `acctstoptime is not null and ${NO_ACCESS_ANY_MORE}`, why: "logins of guests whose access is over; a subscription's are summed up for as long as it lasts" },
  { table: 'radius.devices', days: 400, since: 'last_seen_at', where: NO_ACCESS_ANY_MORE, why: 'devices of guests whose access is over' },
  { table: 'radius.admissions', days: 1, since: 'admitted_at', why: 'places kept for a minute' },
  { table: 'radius.radpostauth', days: 30, since: 'authdate', why: 'who tried to log in: for support, and no longer' },
]

/** Tables whose days an operator may set. */
export const KEPT_FOR_DAYS: readonly Days[] = RETENTION.filter((rule): rule is Days => 'days' in rule)

const DAY_MS = 86_400_000
const BATCH = 5_000

/**
 * Deletes what is older than it is kept, in small transactions: any number of processes may do so at once, and one that is killed is gone
 * on with at the next run.
 *
 * @param daysOf days by table, where they are others than the rule's.
 * @returns how many rows went, by table; tables that lost none are left out.
 */
export async function tidy(knex: Knex, now: number, daysOf: Readonly<Record<string, number>> = {}): Promise<Record<string, number>> {
  const gone: Record<string, number> = {}
  for (const { table, since, where = 'true', days } of KEPT_FOR_DAYS) {
    const before = new Date(now - (daysOf[table] ?? days) * DAY_MS)
    const rows = await deleteOlder(knex, { table, since, where, before })
    if (rows > 0) gone[table] = rows
  }
  return gone
}

async function deleteOlder(knex: Knex, { table, since, where, before }: Required<Pick<Days, 'table' | 'since' | 'where'>> & { before: Date }): Promise<number> {
  for (let gone = 0; ; ) {
    const { rowCount } = await knex.raw<{ rowCount: number }>(
      `delete from ${table} where ctid = any (array (select t.ctid from ${table} t where t.${since} < ? and ${where} limit ${BATCH} for update skip locked))`,
      [before],
    )
    gone += rowCount
    if (rowCount < BATCH) return gone
  }
}
