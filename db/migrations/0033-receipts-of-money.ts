/**
 * A receipt is that of a payment whose books have its money (docs/adr/0025). Until version 4 a payment also kept the receipts of further money
 * of which it was not told how much: no book has that money, and when it is told in full it is a payment of its own, whose receipt must be free.
 */
import type { Migration } from '../migration.ts'

const FREE = /* sql */ `
delete from business.payment_receipts r where not credited and not exists (
  select from business.ledger_entries l where l.receipt = r.receipt and l.tenant = r.tenant and l.actor_type = 'payment' and l.actor_id = r.payment_id
);
`

export const receiptsOfMoney: Migration = {
  name: '0033-receipts-of-money',
  async up(knex) {
    await knex.raw(FREE)
  },
}
