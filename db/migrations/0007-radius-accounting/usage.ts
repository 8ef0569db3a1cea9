/** How `radius.radacct` is kept true whatever comes in whatever order, and how its changes are told. */

export const ACCOUNTING_RULES = /* sql */ `
-- Usernames whose accounting has changed since the actor was told (version > told): the outbox of radius.radacct. A row stays, so that
-- its lock puts the versions of one user in the order of the commits.
create table radius.accounting_changes (
  username text collate "C" primary key,
  version  bigint not null,
  told     bigint not null default 0,
  due_at   timestamptz not null default now()
);
create index accounting_changes_due on radius.accounting_changes (due_at) where version > told;
create sequence radius.accounting_versions;

create function radius.keep_accounting_true() returns trigger language plpgsql security definer set search_path = radius, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    -- The janitor was wrong about this one: it goes on.
    update radacct set acctstoptime = null, acctterminatecause = null, acctupdatetime = greatest(acctupdatetime, new.acctupdatetime),
      acctsessiontime = new.acctsessiontime, acctinputoctets = new.acctinputoctets, acctoutputoctets = new.acctoutputoctets
    where acctuniqueid = new.acctuniqueid and acctstoptime is not null and acctterminatecause = 'Stale-Session'
      and new.acctstoptime is null and coalesce(new.acctsessiontime, 0) > 0;
    if found then return null; end if;
    -- The Start was lost: it began before the first thing that we hear of it.
    if new.acctstoptime is null and new.acctsessiontime > 0 then
      new.acctstarttime := new.acctstarttime - make_interval(secs => new.acctsessiontime);
    end if;
    return new;
  end if;
  -- Counters are cumulative over one session; one that is lower was overtaken on its way.
  new.acctinputoctets := greatest(new.acctinputoctets, old.acctinputoctets);
  new.acctoutputoctets := greatest(new.acctoutputoctets, old.acctoutputoctets);
  new.acctsessiontime := greatest(new.acctsessiontime, old.acctsessiontime);
  new.acctupdatetime := greatest(new.acctupdatetime, old.acctupdatetime);
  new.acctstarttime := least(new.acctstarttime, old.acctstarttime);
  -- A session that has ended has ended; only what we or a reboot have supposed gives way to what the router says.
  if old.acctstoptime is not null and new.acctstoptime is not null and coalesce(old.acctterminatecause, '') not in ('Stale-Session', 'NAS-Reboot') then
    new.acctstoptime := old.acctstoptime;
    new.acctterminatecause := old.acctterminatecause;
  end if;
  return new;
end $$;

create trigger keep_true before insert or update on radius.radacct for each row execute function radius.keep_accounting_true();

create function radius.note_accounting_change() returns trigger language plpgsql security definer set search_path = radius, pg_temp as $$
begin
  if new.username is null or not exists (select from access a where a.username = new.username) then return null; end if;
  -- The login has come about, or is over: it needs no place kept for it any more.
  delete from admissions a where a.username = new.username
    and (a.acctsessionid = new.acctsessionid or a.device is not distinct from device_of(new.callingstationid));
  insert into accounting_changes as c (username, version) values (new.username, nextval('accounting_versions'))
  on conflict (username) do update set version = nextval('accounting_versions'), due_at = excluded.due_at;
  return null;
end $$;

create trigger note_change after insert or update on radius.radacct for each row execute function radius.note_accounting_change();

create function radius.bytes_used(of_user text) returns bigint language sql stable security definer set search_path = radius, pg_temp as $$
  select coalesce(sum(coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0)), 0)::bigint from radacct where username = of_user
$$;

-- Sessions whose router has fallen silent. They would keep the place of a device for ever; one that speaks again is reopened.
create function radius.close_stale(silent_for interval) returns bigint language sql security definer set search_path = radius, pg_temp as $$
  with closed as (
    update radacct set acctstoptime = coalesce(acctupdatetime, acctstarttime, now()), acctterminatecause = 'Stale-Session'
    where acctstoptime is null and coalesce(acctupdatetime, acctstarttime, '-infinity') < now() - silent_for
    returning 1
  ) select count(*) from closed
$$;
`
