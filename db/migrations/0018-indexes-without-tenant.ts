/**
 * Indexes beside a primary key leave the tenant out. The engine's plans are made while a table may still be empty, when an index that
 * knows the tenant alone looks as good as the key: it would then read a tenant's every row, for each row that is written.
 */
import type { Migration } from '../migration.ts'

const INDEXES = `
drop index business.sms_sends_phone;
create index sms_sends_phone on business.sms_sends (phone, template, sent_at);
drop index business.subscriptions_phone;
create index subscriptions_phone on business.subscriptions (phone);
drop index business.vouchers_batch;
create index vouchers_batch on business.vouchers (batch_id, state);
`

export const indexesWithoutTenant: Migration = {
  name: '0018-indexes-without-tenant',
  async up(knex) {
    await knex.raw(INDEXES)
  },
}
