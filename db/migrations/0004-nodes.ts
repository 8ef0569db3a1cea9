import type { Migration } from '../migration.ts'

const TABLES = `
-- Who is there. A node is one running engine; it says every second that it lives. The session is that of the connection it says so on:
-- when the database has lost that, the process is gone, long before its lease is over.
create table standing.nodes (
  node          text collate "C" primary key,
  address       text,
  started_at    timestamptz not null,
  seen_at       timestamptz not null,
  seen_until    timestamptz not null,
  session_pid   integer not null,
  session_start timestamptz
) with (fillfactor = 50);
`

export const nodeTable: Migration = {
  name: '0004-nodes',
  async up(knex) {
    await knex.raw(TABLES)
  },
}
