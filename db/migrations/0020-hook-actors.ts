/** Whose a web hook was, once it is known: who looks into a payment finds what the provider told of it, taken or refused. */
import type { Migration } from '../migration.ts'

const HOOK_ACTORS = /* sql */ `
alter table business.hook_inbox
  add column tenant text collate "C",
  add column actor_type text collate "C",
  add column actor_id text collate "C";
create index hook_inbox_actor on business.hook_inbox (actor_id) where actor_id is not null;
`

export const hookActors: Migration = {
  name: '0020-hook-actors',
  async up(knex) {
    await knex.raw(HOOK_ACTORS)
  },
}
