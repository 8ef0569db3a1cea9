/** Routers: the list that projections keep, and the cache of what routers last said of themselves. */
import type { Migration } from '../migration.ts'

const TABLES = /* sql */ `
-- Kept by the routers' projection. One address, one router: the first step of a second one breaks this key, and with it its whole commit (R1).
create table business.routers (
  tenant         text collate "C" not null,
  id             text collate "C" not null,
  name           text not null,
  site           text,
  tunnel_address text collate "C" not null unique,
  state          text collate "C" not null,
  public_key     text collate "C",
  primary key (tenant, id)
);

-- Kept by the routers' projection.
create table business.router_outages (
  tenant    text collate "C" not null,
  router_id text collate "C" not null,
  since     timestamptz not null,
  closed_at timestamptz check (closed_at >= since),
  primary key (tenant, router_id, since)
);

-- A cache: written by every look and heartbeat, and by no step. Lost with a crash it is made anew in minutes.
create unlogged table business.router_live (
  tenant     text collate "C" not null,
  router_id  text collate "C" not null,
  reading    json,
  read_at    timestamptz,
  heartbeat  json,
  heard_at   timestamptz,
  primary key (tenant, router_id)
) with (fillfactor = 70);

create table business.access_points (
  tenant        text collate "C" not null,
  router_id     text collate "C" not null,
  mac           text collate "C" not null,
  name          text,
  board         text,
  version       text,
  address       text,
  port          text,
  clients       integer not null default 0,
  first_seen_at timestamptz not null,
  last_seen_at  timestamptz not null,
  primary key (tenant, router_id, mac)
) with (fillfactor = 70);
`

export const routerTables: Migration = {
  name: '0008-routers',
  async up(knex) {
    await knex.raw(TABLES)
  },
}
