/**
 * Whoever has no access hears why, but only once he has shown the password: what stands in `radius.radcheck` grants access, so the
 * password of one who has none is kept beside it, where FreeRADIUS asks for it only to compare it and then to refuse (docs/adr/0026).
 */
import type { Migration } from '../migration.ts'

const HELD_BACK = /* sql */ `
-- Who has an account and no access: kept by the projection of subscriptions. FreeRADIUS's role cannot read it.
create table radius.held_back (
  username text collate "C" primary key,
  password text not null,
  -- For whoever has shown the password.
  reason   text not null
);

-- To be compared, and never to let anybody in; null: there is no such user, or he has access.
create function radius.password_of_refused(of_user text) returns text language sql stable security definer set search_path = radius, pg_temp as $$
  select password from held_back where username = of_user
  union all
  select c.value from radcheck c join access a using (username)
  where c.username = of_user and c.attribute = 'Cleartext-Password' and a.data_bytes is not null and bytes_used(of_user) >= a.data_bytes
  limit 1
$$;
`

/** As in 0007; what is new is the reason of who has no access. */
const REFUSAL = /* sql */ `
create or replace function radius.refusal(of_user text, station text, session text) returns text language plpgsql stable security definer set search_path = radius, pg_temp as $$
declare
  a access;
  d text := device_of(station);
  bound boolean;
  known integer;
begin
  select * into a from access where username = of_user;
  if not found then return null; end if; -- Not ours: somebody else's rules hold.
  if not exists (select from radcheck where username = of_user) then
    return coalesce((select reason from held_back where username = of_user), 'Your access has ended.');
  end if;
  if a.data_bytes is not null and bytes_used(of_user) >= a.data_bytes then return 'Your data is used up.'; end if;
  if d is not null then
    select count(*), coalesce(bool_or(device = d), false) into known, bound from devices where username = of_user and generation = a.device_generation;
    if not bound and known >= a.devices and device_to_replace(of_user, d) is null then
      return 'This access belongs to another device. Ask us to move it.';
    end if;
  end if;
  if (select count(distinct coalesce(u.device, 'session:' || u.acctsessionid)) from devices_in_use(of_user) u
      where case when d is null or u.device is null then u.acctsessionid is distinct from nullif(session, '') else u.device <> d end) >= a.devices then
    return 'Another device is online with this access.';
  end if;
  return null;
end $$;
`

const VIEWS = /* sql */ `
-- Changed in place, so that what FreeRADIUS was granted stays granted. radcheck without those whose data is used up, whom an Auth-Type of 'Reject' refused in words before any password was shown.
create or replace view radius.live_radcheck as
  select c.id, c.username, c.attribute, c.op::varchar as op, c.value from radius.radcheck c
  where not exists (select from radius.access a where a.username = c.username and a.data_bytes is not null and radius.bytes_used(a.username) >= a.data_bytes);

-- radreply with what changes between two logins: what is left of the data.
create or replace view radius.live_radreply as
  select r.id, r.username, r.attribute, r.op::varchar as op, r.value from radius.radreply r
  where r.attribute not like 'Mikrotik-Total-Limit%' or not exists (select from radius.access a where a.username = r.username and a.data_bytes is not null)
  union all
  select 0, l.username, x.attribute, ':=', x.value
  from (
    select a.username, a.data_bytes - radius.bytes_used(a.username) as bytes from radius.access a
    where a.data_bytes is not null and exists (select from radius.radcheck c where c.username = a.username)
  ) l
  cross join lateral (values
    ('Mikrotik-Total-Limit', (l.bytes % 4294967296)::text),
    ('Mikrotik-Total-Limit-Gigawords', case when l.bytes >= 4294967296 then (l.bytes / 4294967296)::text end)
  ) as x (attribute, value)
  where l.bytes > 0 and x.value is not null;
`

export const whyRefused: Migration = {
  name: '0028-why-refused',
  async up(knex) {
    await knex.raw(HELD_BACK)
    await knex.raw(REFUSAL)
    await knex.raw(VIEWS)
  },
}
