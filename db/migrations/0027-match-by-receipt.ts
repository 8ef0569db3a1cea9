/**
 * The daily match reads a day of the ledger and finds the rest by receipt, however long the ledger has grown. Without the tenant, as in 0018.
 */
import type { Migration } from '../migration.ts'

const INDEXES = /* sql */ `
create index ledger_entries_receipt on business.ledger_entries (receipt) where receipt is not null;
-- The account whose days are matched.
create index ledger_entries_mpesa_at on business.ledger_entries (at) where account = 'mpesa';
-- What files cover.
create index statement_rows_filed on business.statement_rows (tenant, at) where source <> 'pull';
`

export const matchByReceipt: Migration = {
  name: '0027-match-by-receipt',
  async up(knex) {
    await knex.raw(INDEXES)
  },
}
