/**
 * Schema `radius`: FreeRADIUS's own PostgreSQL tables, name for name and index for index, so that a stock FreeRADIUS with this schema
 * in its search path reads and writes them. Its queries are unquoted, so all names are folded to lower case; so are ours.
 */
import type { Migration } from '../migration.ts'

const attributes = (table: string, owner: 'username' | 'groupname', operator: string): string => /* sql */ `
create table radius.${table} (
  id        serial primary key,
  ${owner}  text not null default '',
  attribute text not null default '',
  op        varchar(2) not null default '${operator}',
  value     text not null default ''
);
create index ${table}_${owner} on radius.${table} (${owner}, attribute);
`

const OTHERS = /* sql */ `
create table radius.radusergroup (
  id        serial primary key,
  username  text not null default '',
  groupname text not null default '',
  priority  integer not null default 0
);
create index radusergroup_username on radius.radusergroup (username);

create table radius.nas (
  id          serial primary key,
  nasname     text not null,
  shortname   text not null,
  type        text not null default 'other',
  ports       integer,
  secret      text not null,
  server      text,
  community   text,
  description text
);
create index nas_nasname on radius.nas (nasname);

create table radius.nasreload (
  nasipaddress inet primary key,
  reloadtime   timestamptz not null
);

create table radius.radacct (
  radacctid           bigserial primary key,
  acctsessionid       text not null,
  acctuniqueid        text not null unique,
  username            text,
  realm               text,
  nasipaddress        inet not null,
  nasportid           text,
  nasporttype         text,
  acctstarttime       timestamptz,
  acctupdatetime      timestamptz,
  acctstoptime        timestamptz,
  acctinterval        bigint,
  acctsessiontime     bigint,
  acctauthentic       text,
  connectinfo_start   text,
  connectinfo_stop    text,
  acctinputoctets     bigint,
  acctoutputoctets    bigint,
  calledstationid     text,
  callingstationid    text,
  acctterminatecause  text,
  servicetype         text,
  framedprotocol      text,
  framedipaddress     inet,
  framedipv6address   inet,
  framedipv6prefix    inet,
  framedinterfaceid   text,
  delegatedipv6prefix inet,
  class               text
);
create index radacct_active_session_idx on radius.radacct (acctuniqueid) where acctstoptime is null;
create index radacct_bulk_close on radius.radacct (nasipaddress, acctstarttime) where acctstoptime is null;
create index radacct_start_user_idx on radius.radacct (acctstarttime, username);
-- Not FreeRADIUS's: the sessions of one user, for Simultaneous-Use and for support.
create index radacct_username on radius.radacct (username, acctstarttime);

create table radius.radpostauth (
  id               bigserial primary key,
  username         text not null,
  pass             text,
  reply            text,
  calledstationid  text,
  callingstationid text,
  authdate         timestamptz not null default now(),
  class            text
);
create index radpostauth_username on radius.radpostauth (username, authdate);
`

export const radiusTables: Migration = {
  name: '0002-radius',
  async up(knex) {
    await knex.raw('create schema if not exists radius')
    await knex.raw(attributes('radcheck', 'username', '=='))
    await knex.raw(attributes('radreply', 'username', '='))
    await knex.raw(attributes('radgroupcheck', 'groupname', '=='))
    await knex.raw(attributes('radgroupreply', 'groupname', '='))
    await knex.raw(OTHERS)
  },
}
