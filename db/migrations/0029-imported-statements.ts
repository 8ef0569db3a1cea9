/**
 * Statements that were imported and whose days nobody has been asked to match yet: written with their rows, so that a crash in between
 * loses no match, and gone when it was asked for.
 */
import type { Migration } from '../migration.ts'

const TABLE = /* sql */ `
create table business.imported_statements (
  id          bigint generated always as identity primary key,
  tenant      text collate "C" not null,
  from_at     timestamptz not null,
  until_at    timestamptz not null,
  imported_at timestamptz not null
);
`

export const importedStatements: Migration = {
  name: '0029-imported-statements',
  async up(knex) {
    await knex.raw(TABLE)
  },
}
