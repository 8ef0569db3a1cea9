/** Packages as full objects, subscriptions as tables for people to query, and what notifications must know: opt-outs and what was sent. */
import type { Migration } from '../migration.ts'

const PACKAGES = /* sql */ `
alter table business.packages
  alter column duration_seconds drop not null,
  add column kind             text collate "C" not null default 'hotspot' check (kind in ('hotspot', 'subscription')),
  add column term_months      integer check (term_months > 0),
  add column grace_seconds    integer not null default 0 check (grace_seconds >= 0),
  add column grace_up_kbps    integer check (grace_up_kbps > 0),
  add column grace_down_kbps  integer check (grace_down_kbps > 0),
  add column reminder_seconds integer[] not null default '{}',
  add column revision         integer not null default 1,
  add column archived_at      timestamptz,
  add constraint packages_term check ((duration_seconds is null) <> (term_months is null)),
  add constraint packages_hotspot_term check (kind = 'subscription' or duration_seconds is not null);
`

const SUBSCRIPTIONS = /* sql */ `
-- One row a subscription, written in the commit of each of its steps. RADIUS has one table of users for all tenants, and the account
-- number is the name of one, so it is unique over all of them.
create table business.subscriptions (
  tenant         text collate "C" not null,
  id             text collate "C" not null,
  account_number text collate "C" not null unique,
  phone          text collate "C" not null,
  name           text not null,
  state          text collate "C" not null,
  blocked        boolean not null,
  package_id     text collate "C" not null,
  price_minor    integer not null,
  currency       text collate "C" not null,
  balance_minor  bigint not null,
  expires_at     timestamptz,
  created_at     timestamptz not null,
  primary key (tenant, id)
);
create index subscriptions_phone on business.subscriptions (tenant, phone);

create table business.opt_outs (
  tenant     text collate "C" not null,
  phone      text collate "C" not null,
  reason     text,
  source     text collate "C" not null,
  created_at timestamptz not null default now(),
  primary key (tenant, phone)
);

-- What was handed to a provider, and what it cost: decimal, as providers charge fractions of minor units.
create table business.sms_sends (
  tenant          text collate "C" not null,
  notification_id text collate "C" not null,
  send_number     integer not null,
  phone           text collate "C" not null,
  template        text collate "C" not null,
  provider        text collate "C" not null,
  provider_id     text collate "C" not null,
  segments        integer not null,
  cost            numeric,
  currency        text collate "C",
  sent_at         timestamptz not null,
  primary key (tenant, notification_id, send_number)
);
create index sms_sends_phone on business.sms_sends (tenant, phone, template, sent_at);
`

export const subscriptionTables: Migration = {
  name: '0006-subscriptions',
  async up(knex) {
    await knex.raw(PACKAGES)
    await knex.raw(SUBSCRIPTIONS)
  },
}
