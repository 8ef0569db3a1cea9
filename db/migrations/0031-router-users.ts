/**
 * The use of routers that keep their users themselves (docs/adr/0028): what their counters came to at the last look. The logins stand in
 * `radius.radacct` like those that RADIUS tells of, so that the same rules and views hold for both.
 */
import type { Migration } from '../migration.ts'

const COUNTERS = /* sql */ `
-- One row a router; the revision keeps apart two looks at once.
create table business.router_counts (
  tenant     text collate "C" not null,
  router_id  text collate "C" not null,
  revision   bigint not null,
  -- By the clock of the actors.
  counted_at timestamptz not null,
  primary key (tenant, router_id)
);

-- One row a record of the router's own list of users.
create table business.router_users (
  tenant        text collate "C" not null,
  router_id     text collate "C" not null,
  record        text collate "C" not null,
  upload        bigint not null,
  download      bigint not null,
  -- Seen of logins that have ended, and not yet in the two above.
  owed_upload   bigint not null,
  owed_download bigint not null,
  primary key (tenant, router_id, record)
) with (fillfactor = 70);

-- Logins at such routers that are not known to be over.
create index radacct_own_users on radius.radacct (nasipaddress) where acctauthentic = 'Local' and (acctstoptime is null or acctterminatecause in ('Stale-Session', 'NAS-Reboot'));
`

const STALE = /* sql */ `
-- As in 0025, but a router that is looked at and keeps its users itself is not silent between two looks, however far they are apart.
create or replace function radius.close_stale(silent_for interval, at timestamptz) returns bigint language sql security definer set search_path = radius, pg_temp as $$
  with closed as (
    update radacct r set acctstoptime = coalesce(acctupdatetime, acctstarttime, at), acctterminatecause = 'Stale-Session'
    where acctstoptime is null and coalesce(acctupdatetime, acctstarttime, '-infinity') < at - silent_for
      and not (acctauthentic = 'Local' and exists (select from business.routers o where o.tunnel_address = host(r.nasipaddress) and o.provisioning = 'rest' and o.state <> 'offline'))
    returning 1
  ) select count(*) from closed
$$;
`

export const routerUsers: Migration = {
  name: '0031-router-users',
  async up(knex) {
    await knex.raw(COUNTERS)
    await knex.raw(STALE)
  },
}
