/** Who may log in, with which device, and how much is left. */

export const ACCESS_TABLES = /* sql */ `
-- Where the router takes Disconnect and CoA, if not on port 3799.
alter table radius.nas add column coa_port integer check (coa_port between 1 and 65535);

-- Whose username it is and what it may do; kept by projections of the actors, beyond the end of the access for late accounting.
create table radius.access (
  username          text collate "C" primary key,
  tenant            text collate "C" not null,
  actor_type        text collate "C" not null,
  actor_id          text collate "C" not null,
  devices           integer not null default 1 check (devices > 0),
  data_bytes        bigint,
  -- Raised to let other devices in: those of earlier generations do not count.
  device_generation integer not null default 1
);

-- The devices that the first logins have bound an access to.
create table radius.devices (
  username      text collate "C" not null,
  device        text not null,
  generation    integer not null,
  -- How often a device has made way for the next before this one.
  changes       integer not null default 0,
  first_seen_at timestamptz not null default now(),
  last_seen_at  timestamptz not null default now(),
  primary key (username, device)
);

-- A place kept for a login that was let in, until its accounting begins: without it two at once would both find a place free.
create table radius.admissions (
  id            bigint generated always as identity primary key,
  username      text collate "C" not null,
  device        text,
  acctsessionid text,
  admitted_at   timestamptz not null default now()
);
create index admissions_username on radius.admissions (username);

-- A MAC address in one form, however written; other station ids as they are. Null: the router does not tell.
create function radius.device_of(station text) returns text language sql immutable as $$
  select case
    when regexp_replace(station, '[-:. ]', '', 'g') ~ '^[0-9A-Fa-f]{12}$'
      then upper(regexp_replace(regexp_replace(station, '[-:. ]', '', 'g'), '(..)(\\?=.)', '\\1:', 'g'))
    else nullif(left(trim(station), 253), '')
  end
$$;

-- Phones make up an address per network, and now and then another: the second digit tells.
create function radius.is_made_up(device text) returns boolean language sql immutable as $$
  select device ~ '^.[26AE](:..){5}$'
$$;
`

/** A place is kept this long for a Start that does not come. */
const ADMISSION = `interval '60 seconds'`

/** So often a phone may come under another made-up address before we think that it is another phone. */
const CHANGES_MAX = 5

export const LOGIN_RULES = /* sql */ `
-- Devices that are logged in, or are about to be; a device counts once, however many sessions of it were never closed.
create function radius.devices_in_use(of_user text) returns table (device text, acctsessionid text) language sql stable security definer set search_path = radius, pg_temp as $$
  select device_of(callingstationid), acctsessionid from radacct where username = of_user and acctstoptime is null
  union
  select device, acctsessionid from admissions where username = of_user and admitted_at > now() - ${ADMISSION}
$$;

-- The bound device that would make way for this one: offline, and both under addresses that phones make up.
create function radius.device_to_replace(of_user text, by_device text) returns text language sql stable security definer set search_path = radius, pg_temp as $$
  select d.device from devices d join access a using (username)
  where d.username = of_user and d.generation = a.device_generation and d.changes < ${CHANGES_MAX}
    and is_made_up(d.device) and is_made_up(by_device)
    and not exists (select from devices_in_use(of_user) u where u.device = d.device)
  order by d.last_seen_at limit 1
$$;

-- Why this login is refused, in words for the customer; null: it is not.
create function radius.refusal(of_user text, station text, session text) returns text language plpgsql stable security definer set search_path = radius, pg_temp as $$
declare
  a access;
  d text := device_of(station);
  bound boolean;
  known integer;
begin
  select * into a from access where username = of_user;
  if not found then return null; end if; -- Not ours: somebody else's rules hold.
  if not exists (select from radcheck where username = of_user) then return 'Your access has ended.'; end if;
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

-- Lets a login in that has shown its password: binds the device and keeps a place. 'ok', or why not.
create function radius.admit(of_user text, station text, session text) returns text language plpgsql volatile security definer set search_path = radius, pg_temp as $$
declare
  d text := device_of(station);
  reason text;
  room integer;
  replaced devices;
begin
  -- One login of a user at a time: both of two at once would find the place free.
  perform pg_advisory_xact_lock(hashtextextended('radius.admit/' || of_user, 0));
  reason := refusal(of_user, station, session);
  if reason is not null then return reason; end if;
  if not exists (select from access where username = of_user) then return 'ok'; end if;
  if d is not null then
    delete from devices x using access a where a.username = of_user and x.username = of_user and x.generation < a.device_generation;
    select a.devices - count(x.*) into room from access a left join devices x on x.username = a.username where a.username = of_user group by a.devices;
    if room <= 0 and not exists (select from devices where username = of_user and device = d) then
      delete from devices where username = of_user and device = device_to_replace(of_user, d) returning * into replaced;
    end if;
    insert into devices (username, device, generation, changes)
    select of_user, d, device_generation, coalesce(replaced.changes + 1, 0) from access where username = of_user
    on conflict (username, device) do update set last_seen_at = now();
  end if;
  delete from admissions where username = of_user and (admitted_at <= now() - ${ADMISSION} or device is not distinct from d and acctsessionid is not distinct from nullif(session, ''));
  insert into admissions (username, device, acctsessionid) values (of_user, d, nullif(session, ''));
  return 'ok';
end $$;

-- radcheck and radreply with what changes between two logins: what is left of the data. For authcheck_table and authreply_table.
create view radius.live_radcheck as
  select id, username, attribute, op, value from radius.radcheck
  union all
  select 0, c.username, 'Auth-Type', ':=', 'Reject' from radius.access a join radius.radcheck c on c.username = a.username and c.attribute = 'Cleartext-Password'
  where a.data_bytes is not null and radius.bytes_used(a.username) >= a.data_bytes;

create view radius.live_radreply as
  select r.id, r.username, r.attribute, r.op, r.value from radius.radreply r
  where r.attribute not like 'Mikrotik-Total-Limit%' or not exists (select from radius.access a where a.username = r.username and a.data_bytes is not null)
  union all
  select 0, l.username, x.attribute, ':=', x.value
  from (
    select a.username, greatest(a.data_bytes - radius.bytes_used(a.username), 0) as bytes from radius.access a
    where a.data_bytes is not null and exists (select from radius.radcheck c where c.username = a.username)
  ) l
  cross join lateral (values
    ('Mikrotik-Total-Limit', case when l.bytes > 0 then (l.bytes % 4294967296)::text end),
    ('Mikrotik-Total-Limit-Gigawords', case when l.bytes >= 4294967296 then (l.bytes / 4294967296)::text end),
    ('Reply-Message', case when l.bytes = 0 then 'Your data is used up.' end)
  ) as x (attribute, value)
  where x.value is not null;
`

/** Sessions that were sold before there were rules. */
export const ACCESS_BEFORE = /* sql */ `
insert into radius.access (username, tenant, actor_type, actor_id, devices, data_bytes)
select i.value, a.tenant, a.type, a.id, (a.context::json -> 'package' ->> 'devices')::integer, (a.context::json -> 'package' ->> 'dataBytes')::bigint
from standing.actors a join standing.identifiers i on i.tenant = a.tenant and i.type = a.type and i.id = a.id and i.kind = 'username'
where a.type = 'hotspot-session' and a.status = 'active'
on conflict do nothing;
`
