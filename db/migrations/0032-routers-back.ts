/**
 * A router that is back has what waits for it asked again at once: the step that finds it back notes its address (R1), and the sweep that tells
 * accounting (R10) tells anew those whose calls wait and who are online there. docs/adr/0018.
 */
import type { Migration } from '../migration.ts'

const ROUTERS_BACK = /* sql */ `
-- Those that were found to be up since the sweep last looked. No row waits for another: a step must not be held up by accounting.
create table radius.routers_back (nasaddress inet not null);

create function radius.note_router_back() returns trigger language plpgsql security definer set search_path = radius, pg_temp as $$
begin
  insert into routers_back (nasaddress) values (new.tunnel_address::inet);
  return null;
end $$;

-- The projection replaces its row whenever something in it has changed; once too often costs a call for each who waits.
create trigger note_back after insert on business.routers for each row
when (new.secret_version is not null and new.state <> 'offline') execute function radius.note_router_back();

-- Has those told anew whose calls wait while they are, or may be, online at a router that is back. Says how many.
create function radius.ask_again_of_routers_back() returns bigint language sql security definer set search_path = radius, standing, pg_temp as $$
  with back as (delete from routers_back returning nasaddress),
    waiting as (
      select distinct a.username from effects e
        join access a on a.tenant = e.tenant and a.actor_type = e.type and a.actor_id = e.id
        join radacct r on r.username = a.username
      where e.status <> 'failed' and r.nasipaddress in (select nasaddress from back) and (r.acctstoptime is null or r.acctterminatecause = 'Stale-Session')
    ),
    told as (
      insert into accounting_changes as c (username, version) select username, nextval('accounting_versions') from waiting order by username
      on conflict (username) do update set version = nextval('accounting_versions'), due_at = excluded.due_at
      returning 1
    )
  select count(*) from told
$$;
`

export const routersBack: Migration = {
  name: '0032-routers-back',
  async up(knex) {
    await knex.raw(ROUTERS_BACK)
  },
}
