/** News that a router is back is told as that, so that what waits for it is asked again however lately it was asked. docs/adr/0018. */
import type { Migration } from '../migration.ts'

const BACK_VERSION = /* sql */ `
-- Beyond what was told: a router of the user is said to be back with what is told next.
alter table radius.accounting_changes add column back_version bigint not null default 0;

create or replace function radius.ask_again_of_routers_back() returns bigint language sql security definer set search_path = radius, standing, pg_temp as $$
  with back as (delete from routers_back returning nasaddress),
    waiting as (
      select distinct a.username from effects e
        join access a on a.tenant = e.tenant and a.actor_type = e.type and a.actor_id = e.id
        join radacct r on r.username = a.username
      where e.status <> 'failed' and r.nasipaddress in (select nasaddress from back) and (r.acctstoptime is null or r.acctterminatecause = 'Stale-Session')
    ),
    told as (
      insert into accounting_changes as c (username, version, back_version) select username, nextval('accounting_versions'), 1 from waiting order by username
      -- Drawn anew: what was drawn before may be older by now than what accounting has told meanwhile.
      on conflict (username) do update set version = nextval('accounting_versions'), back_version = c.told + 1, due_at = excluded.due_at
      returning 1
    )
  select count(*) from told
$$;
`

export const routersBackTold: Migration = {
  name: '0035-routers-back-told',
  async up(knex) {
    await knex.raw(BACK_VERSION)
  },
}
