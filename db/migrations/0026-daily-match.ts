/**
 * The daily match: what the provider's list covers, which is kept as rows of the statement too, and what a match has left unexplained.
 */
import type { Migration } from '../migration.ts'

const TABLES = /* sql */ `
-- What the provider's list was read for, without gaps. Only money that came in is on it; what a CSV covers follows from its rows.
create table business.statement_periods (
  tenant  text collate "C" not null,
  from_at timestamptz not null,
  to_at   timestamptz not null check (to_at > from_at),
  primary key (tenant, from_at)
);

-- Kept by the projection of the reconciliation: days whose last match left something, and how much.
create table business.unexplained_days (
  tenant            text collate "C" not null,
  reconciliation_id text collate "C" not null,
  day               date not null,
  provider_count    integer not null,
  our_count         integer not null,
  primary key (tenant, reconciliation_id, day)
);
`

export const dailyMatch: Migration = {
  name: '0026-daily-match',
  async up(knex) {
    await knex.raw(TABLES)
  },
}
