/** Schema `business`: ordinary tables beside the actors. db/models/ reads and writes them, but for those that projections keep. Money is integer minor units. */
import type { Migration } from '../migration.ts'

const TABLES = /* sql */ `
create schema if not exists business;

create table business.packages (
  tenant           text collate "C" not null,
  id               text collate "C" not null,
  name             text not null,
  description      text,
  price_minor      integer not null check (price_minor >= 0),
  currency         text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
  duration_seconds integer not null check (duration_seconds > 0),
  data_bytes       bigint check (data_bytes > 0),
  rate_up_kbps     integer check (rate_up_kbps > 0),
  rate_down_kbps   integer check (rate_down_kbps > 0),
  simultaneous_use integer not null default 1 check (simultaneous_use > 0),
  active           boolean not null default true,
  position         integer not null default 0,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (tenant, id)
);

create table business.customers (
  tenant     text collate "C" not null,
  phone      text collate "C" not null,
  name       text,
  created_at timestamptz not null default now(),
  primary key (tenant, phone)
);

-- One open prompt a phone: the first step of a second payment breaks this key, and with it its whole commit (R1).
create table business.open_prompts (
  tenant     text collate "C" not null,
  phone      text collate "C" not null,
  payment_id text collate "C" not null,
  opened_at  timestamptz not null default now(),
  primary key (tenant, phone)
);

-- One receipt credits one payment, for ever.
create table business.payment_receipts (
  tenant     text collate "C" not null,
  receipt    text collate "C" not null,
  payment_id text collate "C" not null,
  amount     bigint not null,
  currency   text collate "C" not null,
  paid_at    timestamptz not null,
  primary key (tenant, receipt)
);
create index payment_receipts_payment on business.payment_receipts (tenant, payment_id);

-- The key itself is shown once and never stored.
create table business.api_keys (
  id           text collate "C" primary key,
  tenant       text collate "C" not null,
  name         text not null,
  hash         text collate "C" not null unique check (hash ~ '^[0-9a-f]{64}$'),
  roles        text[] collate "C" not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
create index api_keys_tenant on business.api_keys (tenant, created_at);

-- What others call us with, written down before it is answered, so that no call back is lost to a crash.
create table business.hook_inbox (
  id              bigint generated always as identity primary key,
  provider        text collate "C" not null,
  kind            text collate "C" not null,
  received_at     timestamptz not null,
  remote_ip       text collate "C",
  content_hash    text collate "C" not null,
  headers         json not null,
  body            text not null,
  processed_at    timestamptz,
  outcome         text collate "C",
  note            text,
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null,
  unique (provider, content_hash)
);
create index hook_inbox_open on business.hook_inbox (next_attempt_at, id) where processed_at is null;
`

export const businessTables: Migration = {
  name: '0003-business',
  async up(knex) {
    await knex.raw(TABLES)
  },
}
