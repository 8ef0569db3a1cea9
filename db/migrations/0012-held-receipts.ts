/**
 * A receipt belongs to a payment from the step in which we hear of its money, and not only once it is credited: what is under review,
 * or came a second time, is in the ledger, too. Only the credited one is that of a payment whose entry names no receipt.
 */
import type { Migration } from '../migration.ts'

const HELD = /* sql */ `
alter table business.payment_receipts add column credited boolean not null default true;
`

export const heldReceipts: Migration = {
  name: '0012-held-receipts',
  async up(knex) {
    await knex.raw(HELD)
  },
}
