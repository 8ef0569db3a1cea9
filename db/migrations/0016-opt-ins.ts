/** Opting in again keeps the row: who asked for what and when is on record, and an older wish that comes late changes nothing. */
import type { Migration } from '../migration.ts'

const OPT_INS = /* sql */ `
alter table business.opt_outs
  add column opted_in_at timestamptz,
  add column opted_in_by text collate "C";
`

export const optIns: Migration = {
  name: '0016-opt-ins',
  async up(knex) {
    await knex.raw(OPT_INS)
  },
}
