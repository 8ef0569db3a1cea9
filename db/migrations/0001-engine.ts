/**
 * Schema `standing`: what the engine stores (runtime/model/records.ts says what each column means).
 *
 * Made for one kind of write: every event updates one actor, appends to the journal, and moves timers and messages. Hence:
 * - All text is `collate "C"`: ids compare by bytes, several times faster than by a language's rules, and in every place alike.
 * - `actors` has no index but its key, and room on its pages: an update then touches no index at all ("heap-only tuple").
 * - JSON is kept as text: `jsonb` would lose the order of a state value's keys, and `json` reads through every value it is given, which
 *   was 7 % of a commit. The views show it as `json`.
 * - Tables of rows that come and go (`timers`, `outbox`, `effects`) are vacuumed early and often, so that they stay small.
 * - Everything carries its tenant, and its slice where one node works on it.
 */
import type { Migration } from '../migration.ts'

const CHURNING = 'autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_limit = 2000'

const TABLES = /* sql */ `
create schema if not exists standing;

create table standing.actors (
  tenant     text collate "C" not null,
  type       text collate "C" not null,
  id         text collate "C" not null,
  slice      smallint not null,
  seq        bigint not null,
  version    text collate "C" not null,
  status     text collate "C" not null,
  hold       text,
  value      text not null,
  context    text not null,
  history    text,
  children   text,
  output     text,
  error      text,
  states     text[] collate "C" not null,
  tags       text[] collate "C" not null,
  parent     text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant, type, id)
) with (fillfactor = 70, ${CHURNING});

create table standing.journal (
  tenant         text collate "C" not null,
  type           text collate "C" not null,
  id             text collate "C" not null,
  seq            bigint not null,
  slice          smallint not null,
  at             timestamptz not null,
  event_id       text collate "C" not null,
  fresh          boolean not null,
  event_type     text collate "C" not null,
  event          text not null,
  outcome        text collate "C" not null,
  "from"         text,
  "to"           text not null,
  facts          text,
  effects        text,
  timers         text,
  source         text collate "C" not null,
  correlation_id text collate "C" not null,
  causation_id   text collate "C",
  version        text collate "C" not null,
  primary key (tenant, type, id, seq)
);
-- R3: the journal is the inbox. Ids made for one delivery cannot come again and are left out.
create unique index journal_event_once on standing.journal (tenant, type, id, event_id) where not fresh;

create table standing.timers (
  tenant    text collate "C" not null,
  type      text collate "C" not null,
  id        text collate "C" not null,
  timer_id  text collate "C" not null,
  slice     smallint not null,
  due_at    timestamptz not null,
  armed_at  timestamptz not null,
  armed_seq bigint not null,
  action    text not null,
  primary key (tenant, type, id, timer_id)
) with (fillfactor = 80, ${CHURNING});
create index timers_due on standing.timers (due_at);

-- A key begins with its actor's ("tenant/type/id/..."), so the primary key also finds the effects of one actor.
create table standing.effects (
  key             text collate "C" primary key,
  tenant          text collate "C" not null,
  type            text collate "C" not null,
  id              text collate "C" not null,
  slice           smallint not null,
  name            text collate "C" not null,
  kind            text collate "C" not null,
  child_id        text collate "C",
  lane            text collate "C" not null,
  input           text not null,
  status          text collate "C" not null,
  attempts        integer not null,
  next_attempt_at timestamptz not null,
  last_error      text,
  created_at      timestamptz not null,
  correlation_id  text collate "C" not null
) with (fillfactor = 80, ${CHURNING});
create index effects_due on standing.effects (next_attempt_at) where status <> 'failed';
-- A lane takes its next effects past those of a lane that is stuck.
create index effects_lane on standing.effects (lane, next_attempt_at) where status <> 'failed';

create table standing.outbox (
  position   bigint generated always as identity primary key,
  key        text collate "C" not null,
  tenant     text collate "C" not null,
  type       text collate "C" not null,
  id         text collate "C" not null,
  slice      smallint not null,
  kind       text collate "C" not null,
  body       text not null,
  created_at timestamptz not null
) with (${CHURNING});
-- Only ever asked for equality, by the delete that follows each insert: cheaper by 6 % of the whole commit than a b-tree.
create index outbox_key on standing.outbox using hash (key);

create table standing.parked (
  tenant     text collate "C" not null,
  event_id   text collate "C" not null,
  type       text collate "C" not null,
  id         text collate "C" not null,
  slice      smallint not null,
  kind       text collate "C" not null,
  event_type text collate "C" not null,
  delivery   text not null,
  error      text,
  at         timestamptz not null,
  position   bigint generated always as identity,
  primary key (tenant, event_id)
);
create unique index parked_position on standing.parked (position);
create index parked_actor on standing.parked (tenant, type, id, position);

-- Who owns a slice, until when. A higher epoch fences off an owner that does not know yet that it is none.
create table standing.slices (
  slice       smallint primary key check (slice between 0 and 63),
  owner       text collate "C",
  epoch       bigint not null default 0,
  lease_until timestamptz
) with (fillfactor = 50);
insert into standing.slices (slice) select generate_series(0, 63);

-- Key in this order: callers know the value, seldom its kind.
create table standing.identifiers (
  tenant text collate "C" not null,
  value  text collate "C" not null,
  kind   text collate "C" not null,
  type   text collate "C" not null,
  id     text collate "C" not null,
  primary key (tenant, value, kind, type, id)
);
create index identifiers_actor on standing.identifiers (tenant, type, id);

create table standing.machines (
  type        text collate "C" not null,
  version     text collate "C" not null,
  hash        text collate "C" not null,
  definition  text not null,
  deployed_at timestamptz not null,
  primary key (type, version, hash)
);
`

const VIEWS = /* sql */ `
create view standing.v_actors as
  select tenant, type, id, seq, version, status, hold::json, value::json, context::json, history::json, children::json, output::json,
    error::json, states, tags, parent::json, created_at, updated_at
  from standing.actors;
create view standing.v_journal as
  select tenant, type, id, seq, at, event_type, event::json, outcome, "from"::json, "to"::json, facts::json, effects::json, timers::json,
    event_id, source, correlation_id, causation_id, version
  from standing.journal;
create view standing.v_timers as
  select tenant, type, id, timer_id, due_at, armed_at, armed_seq, action::json from standing.timers;
create view standing.v_effects as
  select key, tenant, type, id, name, kind, lane, status, attempts, next_attempt_at, input::json, last_error::json, created_at
  from standing.effects;
`

const FUNCTIONS = /* sql */ `
-- Ends the statement that calls it and rolls it back: how one statement with many parts says no (db/store/commit.ts).
create function standing.refuse(reason text) returns void language plpgsql as $$
begin
  raise exception using errcode = 'ST001', message = 'refused: ' || reason;
end
$$;

-- The journal is evidence. Once per statement and not on inserts, so it costs nothing where it matters.
create function standing.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'ST002', message = 'the journal is append-only';
end
$$;
create trigger journal_append_only before update or delete or truncate on standing.journal
  for each statement execute function standing.refuse_change();
`

export const engineTables: Migration = {
  name: '0001-engine',
  async up(knex) {
    await knex.raw(TABLES)
    await knex.raw(VIEWS)
    await knex.raw(FUNCTIONS)
  },
}
