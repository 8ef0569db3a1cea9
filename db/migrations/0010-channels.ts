import type { Migration } from '../migration.ts'

const TABLES = `
-- What happened since a moment, for whoever missed it. The journal grows in order of time, so a summary of each range of pages is
-- enough; it costs a commit next to nothing.
create index journal_at on standing.journal using brin (at) with (pages_per_range = 32, autosummarize = on);

-- Sums of days that are over, as the dashboard shows them: a cache of what the journal says ("npm run cli -- rebuild dashboard").
create table business.dashboard_days (
  tenant text collate "C" not null,
  day    date not null,
  sums   jsonb not null,
  primary key (tenant, day)
);
`

export const channelTables: Migration = {
  name: '0010-channels',
  async up(knex) {
    await knex.raw(TABLES)
  },
}
