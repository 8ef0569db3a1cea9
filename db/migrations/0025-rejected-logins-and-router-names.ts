/**
 * Who was let in and who was not, and why, both ways of asking alike: written by functions, for FreeRADIUS's own query would write down
 * the password that was tried. Silent logins are closed by a clock that is given. And routers have names of their own.
 */
import type { Migration } from '../migration.ts'

const REASON = /* sql */ `
-- In words, of a refusal.
alter table radius.radpostauth add column reason text;
`

/** The rules as they were (0007), under another name: what they decide is what is written down. */
const ADMIT = /* sql */ `
alter function radius.admit(text, text, text) rename to admit_by_rules;

-- Lets a login in that has shown its password, and writes that down. 'ok', or why not: then it is rejected, and written down as that.
create function radius.admit(of_user text, station text, session text, at timestamptz default now()) returns text language plpgsql volatile security definer set search_path = radius, pg_temp as $$
declare
  answer text := admit_by_rules(of_user, station, session);
begin
  if answer = 'ok' then
    insert into radpostauth (username, reply, callingstationid, authdate) values (of_user, 'Access-Accept', station, at);
  end if;
  return answer;
end $$;
`

const REJECTED = /* sql */ `
-- Writes down a login that was rejected. What was said to the customer is the reason; where nothing was, it is what the rules say now.
-- Only where they would let him in was it the password.
create function radius.note_rejected(of_user text, station text, said text, at timestamptz default now()) returns text language plpgsql volatile security definer set search_path = radius, pg_temp as $$
declare
  words text := nullif(left(trim(said), 253), '');
begin
  if words is null then
    words := case
      when not exists (select from radcheck where username = of_user) then coalesce(refusal(of_user, station, ''), 'There is no such username.')
      -- As seconds since the epoch (docs/adr/0007); the module 'expiration' says nothing.
      when exists (select from radcheck where username = of_user and attribute = 'Expiration' and value ~ '^\\d{1,15}$' and value::bigint <= extract(epoch from at)) then 'Your access has ended.'
    end;
  end if;
  insert into radpostauth (username, reply, callingstationid, reason, authdate)
  values (of_user, 'Access-Reject', station, coalesce(words, 'The password was wrong.'), at);
  return 'noted';
end $$;
`

const STALE = /* sql */ `
drop function radius.close_stale(interval);
-- Sessions whose router has fallen silent, by the clock that their times are by. They would keep the place of a device for ever; one that
-- speaks again is reopened.
create function radius.close_stale(silent_for interval, at timestamptz) returns bigint language sql security definer set search_path = radius, pg_temp as $$
  with closed as (
    update radacct set acctstoptime = coalesce(acctupdatetime, acctstarttime, at), acctterminatecause = 'Stale-Session'
    where acctstoptime is null and coalesce(acctupdatetime, acctstarttime, '-infinity') < at - silent_for
    returning 1
  ) select count(*) from closed
$$;
`

const ROUTER_NAMES = /* sql */ `
-- Kept by the routers' projection. One name, one router of a tenant: as with its address, the first step of a second one breaks this key.
create table business.router_names (
  tenant    text collate "C" not null,
  name_key  text collate "C" not null,
  router_id text collate "C" not null,
  primary key (tenant, name_key)
);
create index router_names_router on business.router_names (tenant, router_id);

-- Of those that were registered under one name before it was refused, the first has it; the others go on as they are.
insert into business.router_names (tenant, name_key, router_id)
select tenant, lower(regexp_replace(trim(name), '\\s+', ' ', 'g')), id from business.routers order by tenant, id
on conflict do nothing;
`

export const rejectedLoginsAndRouterNames: Migration = {
  name: '0025-rejected-logins-and-router-names',
  async up(knex) {
    await knex.raw(REASON)
    await knex.raw(ADMIT)
    await knex.raw(REJECTED)
    await knex.raw(STALE)
    await knex.raw(ROUTER_NAMES)
  },
}
