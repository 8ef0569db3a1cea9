import type { Migration } from '../migration.ts'

const TABLES = /* sql */ `
-- Keyed hashes: without the application key nobody can make a code of them. Kept by the batches' projection.
create table business.voucher_codes (
  tenant    text collate "C" not null,
  code_hash text collate "C" not null check (code_hash ~ '^[0-9a-f]{64}$'),
  batch_id  text collate "C" not null,
  number    integer not null check (number > 0),
  primary key (tenant, code_hash)
);
create index voucher_codes_batch on business.voucher_codes (tenant, batch_id);

-- Those that were used, taken back, or otherwise more than a number of their batch. Kept by the vouchers' projection.
create table business.vouchers (
  tenant     text collate "C" not null,
  id         text collate "C" not null,
  batch_id   text collate "C" not null,
  number     integer not null,
  state      text collate "C" not null,
  changed_at timestamptz not null,
  primary key (tenant, id)
);
create index vouchers_batch on business.vouchers (tenant, batch_id, state);
`

export const voucherTables: Migration = {
  name: '0009-vouchers',
  async up(knex) {
    await knex.raw(TABLES)
  },
}
