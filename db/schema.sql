-- Made by tools/schema-dump.ts from db/migrations/. Not to be edited, and not run by anything.

create schema standing;

create schema radius;

create schema business;

CREATE OR REPLACE FUNCTION business.demand_balance()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  touched record;
  unbalanced text;
begin
  if tg_op = 'DELETE' then touched := old; else touched := new; end if;
  select currency into unbalanced from business.ledger_entries
  where entry_ref = touched.entry_ref
  group by currency having sum(amount_minor) <> 0 limit 1;
  if found then
    raise exception 'the lines of ledger entry % do not sum to zero in %', touched.entry_ref, unbalanced
      using errcode = 'check_violation', constraint = 'ledger_entry_balances';
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION business.refuse_ledger_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'a ledger line never changes; post a new entry that corrects it' using errcode = 'check_violation', constraint = 'ledger_line_stays';
end $function$;

CREATE OR REPLACE FUNCTION radius.admit(of_user text, station text, session text, at timestamp with time zone DEFAULT now())
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
declare
  answer text := admit_by_rules(of_user, station, session);
begin
  if answer = 'ok' then
    insert into radpostauth (username, reply, callingstationid, authdate) values (of_user, 'Access-Accept', station, at);
  end if;
  return answer;
end $function$;

CREATE OR REPLACE FUNCTION radius.admit_by_rules(of_user text, station text, session text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
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
  delete from admissions where username = of_user and (admitted_at <= now() - interval '60 seconds' or device is not distinct from d and acctsessionid is not distinct from nullif(session, ''));
  insert into admissions (username, device, acctsessionid) values (of_user, d, nullif(session, ''));
  return 'ok';
end $function$;

CREATE OR REPLACE FUNCTION radius.ask_again_of_routers_back()
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'radius', 'standing', 'pg_temp'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION radius.bytes_used(of_user text)
 RETURNS bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
  select coalesce(sum(coalesce(acctinputoctets, 0) + coalesce(acctoutputoctets, 0)), 0)::bigint from radacct where username = of_user
$function$;

CREATE OR REPLACE FUNCTION radius.close_stale(silent_for interval, at timestamp with time zone)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
  with closed as (
    update radacct r set acctstoptime = coalesce(acctupdatetime, acctstarttime, at), acctterminatecause = 'Stale-Session'
    where acctstoptime is null and coalesce(acctupdatetime, acctstarttime, '-infinity') < at - silent_for
      and not (acctauthentic = 'Local' and exists (select from business.routers o where o.tunnel_address = host(r.nasipaddress) and o.provisioning = 'rest' and o.state <> 'offline'))
    returning 1
  ) select count(*) from closed
$function$;

CREATE OR REPLACE FUNCTION radius.device_of(station text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case
    when regexp_replace(station, '[-:. ]', '', 'g') ~ '^[0-9A-Fa-f]{12}$'
      then upper(regexp_replace(regexp_replace(station, '[-:. ]', '', 'g'), '(..)(?=.)', '\1:', 'g'))
    else nullif(left(trim(station), 253), '')
  end
$function$;

CREATE OR REPLACE FUNCTION radius.device_to_replace(of_user text, by_device text)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
  select d.device from devices d join access a using (username)
  where d.username = of_user and d.generation = a.device_generation and d.changes < 5
    and is_made_up(d.device) and is_made_up(by_device)
    and not exists (select from devices_in_use(of_user) u where u.device = d.device)
  order by d.last_seen_at limit 1
$function$;

CREATE OR REPLACE FUNCTION radius.devices_in_use(of_user text)
 RETURNS TABLE(device text, acctsessionid text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
  select device_of(callingstationid), acctsessionid from radacct where username = of_user and acctstoptime is null
  union
  select device, acctsessionid from admissions where username = of_user and admitted_at > now() - interval '60 seconds'
$function$;

CREATE OR REPLACE FUNCTION radius.is_made_up(device text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select device ~ '^.[26AE](:..){5}$'
$function$;

CREATE OR REPLACE FUNCTION radius.keep_accounting_true()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION radius.note_accounting_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
begin
  if new.username is null or not exists (select from access a where a.username = new.username) then return null; end if;
  -- The login has come about, or is over: it needs no place kept for it any more.
  delete from admissions a where a.username = new.username
    and (a.acctsessionid = new.acctsessionid or a.device is not distinct from device_of(new.callingstationid));
  insert into accounting_changes as c (username, version) values (new.username, nextval('accounting_versions'))
  on conflict (username) do update set version = nextval('accounting_versions'), due_at = excluded.due_at;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION radius.note_rejected(of_user text, station text, said text, at timestamp with time zone DEFAULT now())
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
declare
  words text := nullif(left(trim(said), 253), '');
begin
  if words is null then
    words := case
      when not exists (select from radcheck where username = of_user) then coalesce(refusal(of_user, station, ''), 'There is no such username.')
      -- As seconds since the epoch (docs/adr/0007); the module 'expiration' says nothing.
      when exists (select from radcheck where username = of_user and attribute = 'Expiration' and value ~ '^\d{1,15}$' and value::bigint <= extract(epoch from at)) then 'Your access has ended.'
    end;
  end if;
  insert into radpostauth (username, reply, callingstationid, reason, authdate)
  values (of_user, 'Access-Reject', station, coalesce(words, 'The password was wrong.'), at);
  return 'noted';
end $function$;

CREATE OR REPLACE FUNCTION radius.note_router_back()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
begin
  insert into routers_back (nasaddress) values (new.tunnel_address::inet);
  return null;
end $function$;

CREATE OR REPLACE FUNCTION radius.password_of_refused(of_user text)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
  select password from held_back where username = of_user
  union all
  select c.value from radcheck c join access a using (username)
  where c.username = of_user and c.attribute = 'Cleartext-Password' and a.data_bytes is not null and bytes_used(of_user) >= a.data_bytes
  limit 1
$function$;

CREATE OR REPLACE FUNCTION radius.refusal(of_user text, station text, session text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'radius', 'pg_temp'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION standing.refuse(reason text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  raise exception using errcode = 'ST001', message = 'refused: ' || reason;
end
$function$;

CREATE OR REPLACE FUNCTION standing.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception using errcode = 'ST002', message = 'the journal is append-only';
end
$function$;

create table standing.actors (
  "tenant" text collate "C" not null,
  "type" text collate "C" not null,
  "id" text collate "C" not null,
  "slice" smallint not null,
  "seq" bigint not null,
  "version" text collate "C" not null,
  "status" text collate "C" not null,
  "hold" text,
  "value" text not null,
  "context" text not null,
  "history" text,
  "children" text,
  "output" text,
  "error" text,
  "states" text[] collate "C" not null,
  "tags" text[] collate "C" not null,
  "parent" text,
  "created_at" timestamp with time zone not null,
  "updated_at" timestamp with time zone not null,
  constraint actors_pkey PRIMARY KEY (tenant, type, id)
) with (autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=2000, fillfactor=70);

create table standing.effects (
  "key" text collate "C" not null,
  "tenant" text collate "C" not null,
  "type" text collate "C" not null,
  "id" text collate "C" not null,
  "slice" smallint not null,
  "name" text collate "C" not null,
  "kind" text collate "C" not null,
  "child_id" text collate "C",
  "lane" text collate "C" not null,
  "input" text not null,
  "status" text collate "C" not null,
  "attempts" integer not null,
  "next_attempt_at" timestamp with time zone not null,
  "last_error" text,
  "created_at" timestamp with time zone not null,
  "correlation_id" text collate "C" not null,
  constraint effects_pkey PRIMARY KEY (key)
) with (autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=2000, fillfactor=80);
CREATE INDEX effects_due ON standing.effects USING btree (next_attempt_at) WHERE (status <> 'failed'::text);
CREATE INDEX effects_lane ON standing.effects USING btree (lane, next_attempt_at) WHERE (status <> 'failed'::text);

create table standing.identifiers (
  "tenant" text collate "C" not null,
  "value" text collate "C" not null,
  "kind" text collate "C" not null,
  "type" text collate "C" not null,
  "id" text collate "C" not null,
  constraint identifiers_pkey PRIMARY KEY (tenant, value, kind, type, id)
);
CREATE INDEX identifiers_actor ON standing.identifiers USING btree (tenant, type, id);

create table standing.journal (
  "tenant" text collate "C" not null,
  "type" text collate "C" not null,
  "id" text collate "C" not null,
  "seq" bigint not null,
  "slice" smallint not null,
  "at" timestamp with time zone not null,
  "event_id" text collate "C" not null,
  "fresh" boolean not null,
  "event_type" text collate "C" not null,
  "event" text not null,
  "outcome" text collate "C" not null,
  "from" text,
  "to" text not null,
  "facts" text,
  "effects" text,
  "timers" text,
  "source" text collate "C" not null,
  "correlation_id" text collate "C" not null,
  "causation_id" text collate "C",
  "version" text collate "C" not null,
  constraint journal_pkey PRIMARY KEY (tenant, type, id, seq)
);
CREATE INDEX journal_at ON standing.journal USING brin (at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX journal_by_people ON standing.journal USING btree (tenant, at) WHERE (("left"(source, 5) = ANY (ARRAY['rest:'::text, 'staff'::text, 'nats'::text])) AND (source <> ALL (ARRAY['rest:public'::text, 'rest:payer'::text])));
CREATE UNIQUE INDEX journal_event_once ON standing.journal USING btree (tenant, type, id, event_id) WHERE (NOT fresh);
CREATE TRIGGER journal_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON standing.journal FOR EACH STATEMENT EXECUTE FUNCTION standing.refuse_change();

create table standing.machines (
  "type" text collate "C" not null,
  "version" text collate "C" not null,
  "hash" text collate "C" not null,
  "definition" text not null,
  "deployed_at" timestamp with time zone not null,
  constraint machines_pkey PRIMARY KEY (type, version, hash)
);

create table standing.nodes (
  "node" text collate "C" not null,
  "address" text,
  "started_at" timestamp with time zone not null,
  "seen_at" timestamp with time zone not null,
  "seen_until" timestamp with time zone not null,
  "session_pid" integer not null,
  "session_start" timestamp with time zone,
  constraint nodes_pkey PRIMARY KEY (node)
) with (fillfactor=50);

create table standing.outbox (
  "position" bigint not null generated always as identity,
  "key" text collate "C" not null,
  "tenant" text collate "C" not null,
  "type" text collate "C" not null,
  "id" text collate "C" not null,
  "slice" smallint not null,
  "kind" text collate "C" not null,
  "body" text not null,
  "created_at" timestamp with time zone not null,
  constraint outbox_pkey PRIMARY KEY ("position")
) with (autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=2000);
CREATE INDEX outbox_key ON standing.outbox USING hash (key);

create table standing.parked (
  "tenant" text collate "C" not null,
  "event_id" text collate "C" not null,
  "type" text collate "C" not null,
  "id" text collate "C" not null,
  "slice" smallint not null,
  "kind" text collate "C" not null,
  "event_type" text collate "C" not null,
  "delivery" text not null,
  "error" text,
  "at" timestamp with time zone not null,
  "position" bigint not null generated always as identity,
  constraint parked_pkey PRIMARY KEY (tenant, event_id)
);
CREATE INDEX parked_actor ON standing.parked USING btree (tenant, type, id, "position");
CREATE UNIQUE INDEX parked_position ON standing.parked USING btree ("position");

create table standing.slices (
  "slice" smallint not null,
  "owner" text collate "C",
  "epoch" bigint not null default 0,
  "lease_until" timestamp with time zone,
  constraint slices_pkey PRIMARY KEY (slice),
  constraint slices_slice_check CHECK (slice >= 0 AND slice <= 63)
) with (fillfactor=50);

create table standing.timers (
  "tenant" text collate "C" not null,
  "type" text collate "C" not null,
  "id" text collate "C" not null,
  "timer_id" text collate "C" not null,
  "slice" smallint not null,
  "due_at" timestamp with time zone not null,
  "armed_at" timestamp with time zone not null,
  "armed_seq" bigint not null,
  "action" text not null,
  constraint timers_pkey PRIMARY KEY (tenant, type, id, timer_id)
) with (autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=2000, fillfactor=80);
CREATE INDEX timers_due ON standing.timers USING btree (due_at);

-- view standing.v_actors (
--   "tenant" text,
--   "type" text,
--   "id" text,
--   "seq" bigint,
--   "version" text,
--   "status" text,
--   "hold" json,
--   "value" json,
--   "context" json,
--   "history" json,
--   "children" json,
--   "output" json,
--   "error" json,
--   "states" text[],
--   "tags" text[],
--   "parent" json,
--   "created_at" timestamp with time zone,
--   "updated_at" timestamp with time zone
-- )

-- view standing.v_effects (
--   "key" text,
--   "tenant" text,
--   "type" text,
--   "id" text,
--   "name" text,
--   "kind" text,
--   "lane" text,
--   "status" text,
--   "attempts" integer,
--   "next_attempt_at" timestamp with time zone,
--   "input" json,
--   "last_error" json,
--   "created_at" timestamp with time zone
-- )

-- view standing.v_journal (
--   "tenant" text,
--   "type" text,
--   "id" text,
--   "seq" bigint,
--   "at" timestamp with time zone,
--   "event_type" text,
--   "event" json,
--   "outcome" text,
--   "from" json,
--   "to" json,
--   "facts" json,
--   "effects" json,
--   "timers" json,
--   "event_id" text,
--   "source" text,
--   "correlation_id" text,
--   "causation_id" text,
--   "version" text
-- )

-- view standing.v_timers (
--   "tenant" text,
--   "type" text,
--   "id" text,
--   "timer_id" text,
--   "due_at" timestamp with time zone,
--   "armed_at" timestamp with time zone,
--   "armed_seq" bigint,
--   "action" json
-- )

create table radius.access (
  "username" text collate "C" not null,
  "tenant" text collate "C" not null,
  "actor_type" text collate "C" not null,
  "actor_id" text collate "C" not null,
  "devices" integer not null default 1,
  "data_bytes" bigint,
  "device_generation" integer not null default 1,
  constraint access_pkey PRIMARY KEY (username),
  constraint access_devices_check CHECK (devices > 0)
);

create table radius.accounting_changes (
  "username" text collate "C" not null,
  "version" bigint not null,
  "told" bigint not null default 0,
  "due_at" timestamp with time zone not null default now(),
  "back_version" bigint not null default 0,
  constraint accounting_changes_pkey PRIMARY KEY (username)
);
CREATE INDEX accounting_changes_due ON radius.accounting_changes USING btree (due_at) WHERE (version > told);

create table radius.admissions (
  "id" bigint not null generated always as identity,
  "username" text collate "C" not null,
  "device" text,
  "acctsessionid" text,
  "admitted_at" timestamp with time zone not null default now(),
  constraint admissions_pkey PRIMARY KEY (id)
);
CREATE INDEX admissions_username ON radius.admissions USING btree (username);

create table radius.devices (
  "username" text collate "C" not null,
  "device" text not null,
  "generation" integer not null,
  "changes" integer not null default 0,
  "first_seen_at" timestamp with time zone not null default now(),
  "last_seen_at" timestamp with time zone not null default now(),
  constraint devices_pkey PRIMARY KEY (username, device)
);

create table radius.held_back (
  "username" text collate "C" not null,
  "password" text not null,
  "reason" text not null,
  constraint held_back_pkey PRIMARY KEY (username)
);

create table radius.nas (
  "id" integer not null default nextval('radius.nas_id_seq'::regclass),
  "nasname" text not null,
  "shortname" text not null,
  "type" text not null default 'other'::text,
  "ports" integer,
  "secret" text not null,
  "server" text,
  "community" text,
  "description" text,
  "coa_port" integer,
  constraint nas_pkey PRIMARY KEY (id),
  constraint nas_coa_port_check CHECK (coa_port >= 1 AND coa_port <= 65535)
);
CREATE INDEX nas_nasname ON radius.nas USING btree (nasname);
CREATE INDEX nas_shortname ON radius.nas USING btree (shortname);

create table radius.nasreload (
  "nasipaddress" inet not null,
  "reloadtime" timestamp with time zone not null,
  constraint nasreload_pkey PRIMARY KEY (nasipaddress)
);

create table radius.radacct (
  "radacctid" bigint not null default nextval('radius.radacct_radacctid_seq'::regclass),
  "acctsessionid" text not null,
  "acctuniqueid" text not null,
  "username" text,
  "realm" text,
  "nasipaddress" inet not null,
  "nasportid" text,
  "nasporttype" text,
  "acctstarttime" timestamp with time zone,
  "acctupdatetime" timestamp with time zone,
  "acctstoptime" timestamp with time zone,
  "acctinterval" bigint,
  "acctsessiontime" bigint,
  "acctauthentic" text,
  "connectinfo_start" text,
  "connectinfo_stop" text,
  "acctinputoctets" bigint,
  "acctoutputoctets" bigint,
  "calledstationid" text,
  "callingstationid" text,
  "acctterminatecause" text,
  "servicetype" text,
  "framedprotocol" text,
  "framedipaddress" inet,
  "framedipv6address" inet,
  "framedipv6prefix" inet,
  "framedinterfaceid" text,
  "delegatedipv6prefix" inet,
  "class" text,
  constraint radacct_pkey PRIMARY KEY (radacctid),
  constraint radacct_acctuniqueid_key UNIQUE (acctuniqueid)
);
CREATE INDEX radacct_active_session_idx ON radius.radacct USING btree (acctuniqueid) WHERE (acctstoptime IS NULL);
CREATE INDEX radacct_bulk_close ON radius.radacct USING btree (nasipaddress, acctstarttime) WHERE (acctstoptime IS NULL);
CREATE INDEX radacct_own_users ON radius.radacct USING btree (nasipaddress) WHERE ((acctauthentic = 'Local'::text) AND ((acctstoptime IS NULL) OR (acctterminatecause = ANY (ARRAY['Stale-Session'::text, 'NAS-Reboot'::text]))));
CREATE INDEX radacct_start_user_idx ON radius.radacct USING btree (acctstarttime, username);
CREATE INDEX radacct_username ON radius.radacct USING btree (username, acctstarttime);
CREATE TRIGGER keep_true BEFORE INSERT OR UPDATE ON radius.radacct FOR EACH ROW EXECUTE FUNCTION radius.keep_accounting_true();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE ON radius.radacct FOR EACH ROW EXECUTE FUNCTION radius.note_accounting_change();

create table radius.radcheck (
  "id" integer not null default nextval('radius.radcheck_id_seq'::regclass),
  "username" text not null default ''::text,
  "attribute" text not null default ''::text,
  "op" character varying(2) not null default '=='::character varying,
  "value" text not null default ''::text,
  constraint radcheck_pkey PRIMARY KEY (id)
);
CREATE INDEX radcheck_username ON radius.radcheck USING btree (username, attribute);

create table radius.radgroupcheck (
  "id" integer not null default nextval('radius.radgroupcheck_id_seq'::regclass),
  "groupname" text not null default ''::text,
  "attribute" text not null default ''::text,
  "op" character varying(2) not null default '=='::character varying,
  "value" text not null default ''::text,
  constraint radgroupcheck_pkey PRIMARY KEY (id)
);
CREATE INDEX radgroupcheck_groupname ON radius.radgroupcheck USING btree (groupname, attribute);

create table radius.radgroupreply (
  "id" integer not null default nextval('radius.radgroupreply_id_seq'::regclass),
  "groupname" text not null default ''::text,
  "attribute" text not null default ''::text,
  "op" character varying(2) not null default '='::character varying,
  "value" text not null default ''::text,
  constraint radgroupreply_pkey PRIMARY KEY (id)
);
CREATE INDEX radgroupreply_groupname ON radius.radgroupreply USING btree (groupname, attribute);

create table radius.radpostauth (
  "id" bigint not null default nextval('radius.radpostauth_id_seq'::regclass),
  "username" text not null,
  "pass" text,
  "reply" text,
  "calledstationid" text,
  "callingstationid" text,
  "authdate" timestamp with time zone not null default now(),
  "class" text,
  "reason" text,
  constraint radpostauth_pkey PRIMARY KEY (id)
);
CREATE INDEX radpostauth_username ON radius.radpostauth USING btree (username, authdate);

create table radius.radreply (
  "id" integer not null default nextval('radius.radreply_id_seq'::regclass),
  "username" text not null default ''::text,
  "attribute" text not null default ''::text,
  "op" character varying(2) not null default '='::character varying,
  "value" text not null default ''::text,
  constraint radreply_pkey PRIMARY KEY (id)
);
CREATE INDEX radreply_username ON radius.radreply USING btree (username, attribute);

create table radius.radusergroup (
  "id" integer not null default nextval('radius.radusergroup_id_seq'::regclass),
  "username" text not null default ''::text,
  "groupname" text not null default ''::text,
  "priority" integer not null default 0,
  constraint radusergroup_pkey PRIMARY KEY (id)
);
CREATE INDEX radusergroup_username ON radius.radusergroup USING btree (username);

create table radius.routers_back (
  "nasaddress" inet not null
);

-- view radius.live_radcheck (
--   "id" integer,
--   "username" text,
--   "attribute" text,
--   "op" character varying,
--   "value" text
-- )

-- view radius.live_radreply (
--   "id" integer,
--   "username" text,
--   "attribute" text,
--   "op" character varying,
--   "value" text
-- )

create table business.access_points (
  "tenant" text collate "C" not null,
  "router_id" text collate "C" not null,
  "mac" text collate "C" not null,
  "name" text,
  "board" text,
  "version" text,
  "address" text,
  "port" text,
  "clients" integer not null default 0,
  "first_seen_at" timestamp with time zone not null,
  "last_seen_at" timestamp with time zone not null,
  constraint access_points_pkey PRIMARY KEY (tenant, router_id, mac)
) with (fillfactor=70);

create table business.api_keys (
  "id" text collate "C" not null,
  "tenant" text collate "C" not null,
  "name" text not null,
  "hash" text collate "C" not null,
  "roles" text[] collate "C" not null,
  "created_at" timestamp with time zone not null default now(),
  "expires_at" timestamp with time zone,
  "revoked_at" timestamp with time zone,
  "last_used_at" timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_hash_key UNIQUE (hash),
  constraint api_keys_hash_check CHECK (hash ~ '^[0-9a-f]{64}$'::text)
);
CREATE INDEX api_keys_tenant ON business.api_keys USING btree (tenant, created_at);

create table business.audit (
  "id" bigint not null generated always as identity,
  "tenant" text collate "C" not null,
  "at" timestamp with time zone not null,
  "key_id" text collate "C" not null,
  "what" text collate "C" not null,
  "action" text not null,
  "actor_type" text collate "C",
  "actor_id" text collate "C",
  "asked" text not null,
  "status" integer,
  "unmasked" boolean not null,
  "reason" text,
  "request_id" text not null,
  constraint audit_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_actor ON business.audit USING btree (tenant, actor_type, actor_id, at) WHERE (actor_id IS NOT NULL);
CREATE INDEX audit_at ON business.audit USING btree (tenant, at);

create table business.customers (
  "tenant" text collate "C" not null,
  "phone" text collate "C" not null,
  "name" text,
  "created_at" timestamp with time zone not null default now(),
  constraint customers_pkey PRIMARY KEY (tenant, phone)
);

create table business.dashboard_days (
  "tenant" text collate "C" not null,
  "day" date not null,
  "sums" jsonb not null,
  constraint dashboard_days_pkey PRIMARY KEY (tenant, day)
);

create table business.hook_inbox (
  "id" bigint not null generated always as identity,
  "provider" text collate "C" not null,
  "kind" text collate "C" not null,
  "received_at" timestamp with time zone not null,
  "remote_ip" text collate "C",
  "content_hash" text collate "C" not null,
  "headers" json not null,
  "body" text not null,
  "processed_at" timestamp with time zone,
  "outcome" text collate "C",
  "note" text,
  "attempts" integer not null default 0,
  "next_attempt_at" timestamp with time zone not null,
  "tenant" text collate "C",
  "actor_type" text collate "C",
  "actor_id" text collate "C",
  constraint hook_inbox_pkey PRIMARY KEY (id),
  constraint hook_inbox_provider_content_hash_key UNIQUE (provider, content_hash)
);
CREATE INDEX hook_inbox_actor ON business.hook_inbox USING btree (actor_id) WHERE (actor_id IS NOT NULL);
CREATE INDEX hook_inbox_open ON business.hook_inbox USING btree (next_attempt_at, id) WHERE (processed_at IS NULL);

create table business.imported_statements (
  "id" bigint not null generated always as identity,
  "tenant" text collate "C" not null,
  "from_at" timestamp with time zone not null,
  "until_at" timestamp with time zone not null,
  "imported_at" timestamp with time zone not null,
  constraint imported_statements_pkey PRIMARY KEY (id)
);

create table business.ledger_entries (
  "position" bigint not null generated always as identity,
  "tenant" text collate "C" not null,
  "entry_ref" text collate "C" not null,
  "line" integer not null,
  "account" text collate "C" not null,
  "amount_minor" bigint not null,
  "currency" text collate "C" not null,
  "at" timestamp with time zone not null,
  "description" text not null,
  "actor_type" text collate "C" not null,
  "actor_id" text collate "C" not null,
  "receipt" text collate "C",
  constraint ledger_entries_pkey PRIMARY KEY (entry_ref, line),
  constraint ledger_entries_account_check CHECK (account <> ''::text),
  constraint ledger_entries_amount_minor_check CHECK (amount_minor <> 0),
  constraint ledger_entries_check CHECK (starts_with(entry_ref, tenant || '/'::text)),
  constraint ledger_entries_currency_check CHECK (currency ~ '^[A-Z]{3}$'::text),
  constraint ledger_entries_line_check CHECK (line > 0)
);
CREATE INDEX ledger_entries_account ON business.ledger_entries USING btree (tenant, account, "position") INCLUDE (currency, amount_minor);
CREATE INDEX ledger_entries_actor ON business.ledger_entries USING btree (tenant, actor_type, actor_id);
CREATE INDEX ledger_entries_mpesa_at ON business.ledger_entries USING btree (at) WHERE (account = 'mpesa'::text);
CREATE INDEX ledger_entries_order ON business.ledger_entries USING btree (tenant, "position");
CREATE INDEX ledger_entries_receipt ON business.ledger_entries USING btree (receipt) WHERE (receipt IS NOT NULL);
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT OR DELETE ON business.ledger_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION business.demand_balance();
CREATE TRIGGER ledger_line_stays BEFORE UPDATE ON business.ledger_entries FOR EACH ROW EXECUTE FUNCTION business.refuse_ledger_change();

create table business.open_prompts (
  "tenant" text collate "C" not null,
  "phone" text collate "C" not null,
  "payment_id" text collate "C" not null,
  "opened_at" timestamp with time zone not null default now(),
  constraint open_prompts_pkey PRIMARY KEY (tenant, phone)
);

create table business.opt_outs (
  "tenant" text collate "C" not null,
  "phone" text collate "C" not null,
  "reason" text,
  "source" text collate "C" not null,
  "created_at" timestamp with time zone not null default now(),
  "opted_in_at" timestamp with time zone,
  "opted_in_by" text collate "C",
  constraint opt_outs_pkey PRIMARY KEY (tenant, phone)
);

create table business.packages (
  "tenant" text collate "C" not null,
  "id" text collate "C" not null,
  "name" text not null,
  "description" text,
  "price_minor" integer not null,
  "currency" text collate "C" not null,
  "duration_seconds" integer,
  "data_bytes" bigint,
  "rate_up_kbps" integer,
  "rate_down_kbps" integer,
  "simultaneous_use" integer not null default 1,
  "active" boolean not null default true,
  "position" integer not null default 0,
  "created_at" timestamp with time zone not null default now(),
  "updated_at" timestamp with time zone not null default now(),
  "kind" text collate "C" not null default 'hotspot'::text,
  "term_months" integer,
  "grace_seconds" integer not null default 0,
  "grace_up_kbps" integer,
  "grace_down_kbps" integer,
  "reminder_seconds" integer[] not null default '{}'::integer[],
  "revision" integer not null default 1,
  "archived_at" timestamp with time zone,
  constraint packages_pkey PRIMARY KEY (tenant, id),
  constraint packages_currency_check CHECK (currency ~ '^[A-Z]{3}$'::text),
  constraint packages_data_bytes_check CHECK (data_bytes > 0),
  constraint packages_duration_seconds_check CHECK (duration_seconds > 0),
  constraint packages_grace_down_kbps_check CHECK (grace_down_kbps > 0),
  constraint packages_grace_seconds_check CHECK (grace_seconds >= 0),
  constraint packages_grace_up_kbps_check CHECK (grace_up_kbps > 0),
  constraint packages_hotspot_term CHECK (kind = 'subscription'::text OR duration_seconds IS NOT NULL),
  constraint packages_kind_check CHECK (kind = ANY (ARRAY['hotspot'::text, 'subscription'::text])),
  constraint packages_price_minor_check CHECK (price_minor >= 0),
  constraint packages_rate_down_kbps_check CHECK (rate_down_kbps > 0),
  constraint packages_rate_up_kbps_check CHECK (rate_up_kbps > 0),
  constraint packages_simultaneous_use_check CHECK (simultaneous_use > 0),
  constraint packages_term CHECK ((duration_seconds IS NULL) <> (term_months IS NULL)),
  constraint packages_term_months_check CHECK (term_months > 0)
);

create table business.payment_receipts (
  "tenant" text collate "C" not null,
  "receipt" text collate "C" not null,
  "payment_id" text collate "C" not null,
  "amount" bigint not null,
  "currency" text collate "C" not null,
  "paid_at" timestamp with time zone not null,
  "credited" boolean not null default true,
  constraint payment_receipts_pkey PRIMARY KEY (tenant, receipt)
);
CREATE INDEX payment_receipts_payment ON business.payment_receipts USING btree (tenant, payment_id);

create table business.router_counts (
  "tenant" text collate "C" not null,
  "router_id" text collate "C" not null,
  "revision" bigint not null,
  "counted_at" timestamp with time zone not null,
  constraint router_counts_pkey PRIMARY KEY (tenant, router_id)
);

create table business.router_live (
  "tenant" text collate "C" not null,
  "router_id" text collate "C" not null,
  "reading" json,
  "read_at" timestamp with time zone,
  "heartbeat" json,
  "heard_at" timestamp with time zone,
  constraint router_live_pkey PRIMARY KEY (tenant, router_id)
) with (fillfactor=70);

create table business.router_names (
  "tenant" text collate "C" not null,
  "name_key" text collate "C" not null,
  "router_id" text collate "C" not null,
  constraint router_names_pkey PRIMARY KEY (tenant, name_key)
);
CREATE INDEX router_names_router ON business.router_names USING btree (tenant, router_id);

create table business.router_outages (
  "tenant" text collate "C" not null,
  "router_id" text collate "C" not null,
  "since" timestamp with time zone not null,
  "closed_at" timestamp with time zone,
  constraint router_outages_pkey PRIMARY KEY (tenant, router_id, since),
  constraint router_outages_check CHECK (closed_at >= since)
);

create table business.router_users (
  "tenant" text collate "C" not null,
  "router_id" text collate "C" not null,
  "record" text collate "C" not null,
  "upload" bigint not null,
  "download" bigint not null,
  "owed_upload" bigint not null,
  "owed_download" bigint not null,
  constraint router_users_pkey PRIMARY KEY (tenant, router_id, record)
) with (fillfactor=70);

create table business.routers (
  "tenant" text collate "C" not null,
  "id" text collate "C" not null,
  "name" text not null,
  "site" text,
  "tunnel_address" text collate "C" not null,
  "state" text collate "C" not null,
  "public_key" text collate "C",
  "provisioning" text collate "C" not null default 'radius'::text,
  "api_url" text,
  "secret_version" integer,
  constraint routers_pkey PRIMARY KEY (tenant, id),
  constraint routers_tunnel_address_key UNIQUE (tunnel_address)
);
CREATE TRIGGER note_back AFTER INSERT ON business.routers FOR EACH ROW WHEN (new.secret_version IS NOT NULL AND new.state <> 'offline'::text) EXECUTE FUNCTION radius.note_router_back();

create table business.sms_sends (
  "tenant" text collate "C" not null,
  "notification_id" text collate "C" not null,
  "send_number" integer not null,
  "phone" text collate "C" not null,
  "template" text collate "C" not null,
  "provider" text collate "C" not null,
  "provider_id" text collate "C" not null,
  "segments" integer not null,
  "cost" numeric,
  "currency" text collate "C",
  "sent_at" timestamp with time zone not null,
  constraint sms_sends_pkey PRIMARY KEY (tenant, notification_id, send_number)
);
CREATE INDEX sms_sends_phone ON business.sms_sends USING btree (phone, template, sent_at);

create table business.statement_periods (
  "tenant" text collate "C" not null,
  "from_at" timestamp with time zone not null,
  "to_at" timestamp with time zone not null,
  constraint statement_periods_pkey PRIMARY KEY (tenant, from_at),
  constraint statement_periods_check CHECK (to_at > from_at)
);

create table business.statement_rows (
  "position" bigint not null generated always as identity,
  "tenant" text collate "C" not null,
  "receipt" text collate "C" not null,
  "kind" text collate "C" not null,
  "amount_minor" bigint not null,
  "currency" text collate "C" not null,
  "at" timestamp with time zone not null,
  "account_ref" text,
  "details" text,
  "source" text collate "C" not null,
  "imported_at" timestamp with time zone not null,
  "imported_by" text collate "C" not null,
  constraint statement_rows_pkey PRIMARY KEY (tenant, receipt, kind),
  constraint statement_rows_amount_minor_check CHECK (amount_minor <> 0),
  constraint statement_rows_currency_check CHECK (currency ~ '^[A-Z]{3}$'::text),
  constraint statement_rows_kind_check CHECK (kind = ANY (ARRAY['paid-in'::text, 'withdrawn'::text, 'charge'::text]))
);
CREATE INDEX statement_rows_at ON business.statement_rows USING btree (tenant, at);
CREATE INDEX statement_rows_filed ON business.statement_rows USING btree (tenant, at) WHERE (source <> 'pull'::text);

create table business.subscriptions (
  "tenant" text collate "C" not null,
  "id" text collate "C" not null,
  "account_number" text collate "C" not null,
  "phone" text collate "C" not null,
  "name" text not null,
  "state" text collate "C" not null,
  "blocked" boolean not null,
  "package_id" text collate "C" not null,
  "price_minor" integer not null,
  "currency" text collate "C" not null,
  "balance_minor" bigint not null,
  "expires_at" timestamp with time zone,
  "created_at" timestamp with time zone not null,
  constraint subscriptions_pkey PRIMARY KEY (tenant, id),
  constraint subscriptions_account_number_key UNIQUE (account_number)
);
CREATE INDEX subscriptions_phone ON business.subscriptions USING btree (phone);

create table business.unexplained_days (
  "tenant" text collate "C" not null,
  "reconciliation_id" text collate "C" not null,
  "day" date not null,
  "provider_count" integer not null,
  "our_count" integer not null,
  constraint unexplained_days_pkey PRIMARY KEY (tenant, reconciliation_id, day)
);

create table business.voucher_codes (
  "tenant" text collate "C" not null,
  "code_hash" text collate "C" not null,
  "batch_id" text collate "C" not null,
  "number" integer not null,
  constraint voucher_codes_pkey PRIMARY KEY (tenant, code_hash),
  constraint voucher_codes_code_hash_check CHECK (code_hash ~ '^[0-9a-f]{64}$'::text),
  constraint voucher_codes_number_check CHECK (number > 0)
);
CREATE INDEX voucher_codes_batch ON business.voucher_codes USING btree (tenant, batch_id);

create table business.vouchers (
  "tenant" text collate "C" not null,
  "id" text collate "C" not null,
  "batch_id" text collate "C" not null,
  "number" integer not null,
  "state" text collate "C" not null,
  "changed_at" timestamp with time zone not null,
  constraint vouchers_pkey PRIMARY KEY (tenant, id)
);
CREATE INDEX vouchers_batch ON business.vouchers USING btree (batch_id, state);
