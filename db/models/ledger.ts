/** The ledger, read. Projections write it, in the commit of each step. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class LedgerEntryModel extends Model {
  static override readonly tableName = 'business.ledger_entries'
  static override readonly idColumn = ['entry_ref', 'line']

  declare position: number | string
  declare tenant: string
  declare entry_ref: string
  declare line: number
  declare account: string
  declare amount_minor: number | string
  declare currency: string
  declare at: Date
  declare description: string
  declare actor_type: string
  declare actor_id: string
  declare receipt: string | null
}

export interface LedgerBalance {
  account: string
  currency: string
  amount: number
}

export interface LedgerLine {
  position: number
  ref: string
  line: number
  account: string
  amount: number
  currency: string
  at: number
  description: string
  actor: { type: string; id: string }
  receipt: string | null
}

export function ledgerQueries(knex: Knex) {
  return {
    /** By account, then currency; `afterAccount` leaves out all up to that one. An account has few currencies: a page never cuts one. */
    async balances(tenant: string, { limit, afterAccount }: { limit: number; afterAccount: string | undefined }): Promise<LedgerBalance[]> {
      const accounts = knex('business.ledger_entries').distinct('account').where({ tenant }).orderBy('account').limit(limit)
      if (afterAccount !== undefined) void accounts.where('account', '>', afterAccount)
      const rows = await LedgerEntryModel.query(knex)
        .select('account', 'currency')
        .sum('amount_minor as amount_minor')
        .where({ tenant })
        .whereIn('account', accounts)
        .groupBy('account', 'currency')
        .orderBy(['account', 'currency'])
      return rows.map(({ account, currency, amount_minor: amount }) => ({ account, currency, amount: Number(amount) }))
    },
    /** Oldest first. */
    async lines(tenant: string, { account, since, limit, afterPosition }: { account: string | undefined; since: number | undefined; limit: number; afterPosition: number | undefined }): Promise<LedgerLine[]> {
      const query = LedgerEntryModel.query(knex).where({ tenant }).orderBy('position').limit(limit)
      if (account !== undefined) void query.where({ account })
      if (since !== undefined) void query.where('at', '>=', new Date(since))
      if (afterPosition !== undefined) void query.where('position', '>', afterPosition)
      return (await query).map(toLine)
    },
  }
}

function toLine(row: LedgerEntryModel): LedgerLine {
  return {
    position: Number(row.position),
    ref: row.entry_ref,
    line: row.line,
    account: row.account,
    amount: Number(row.amount_minor),
    currency: row.currency,
    at: row.at.getTime(),
    description: row.description,
    actor: { type: row.actor_type, id: row.actor_id },
    receipt: row.receipt,
  }
}
