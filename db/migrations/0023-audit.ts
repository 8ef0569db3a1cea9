/**
 * Who looked at what, and what staff changed outside an actor. What they did to actors stands in the journal already: an index finds it by
 * time. The engine's own statements never name a source, so no plan of theirs can take that index (0018).
 */
import type { Migration } from '../migration.ts'

const AUDIT = /* sql */ `
create table business.audit (
  id         bigint generated always as identity primary key,
  tenant     text collate "C" not null,
  at         timestamptz not null,
  key_id     text collate "C" not null,
  what       text collate "C" not null,
  action     text not null,
  actor_type text collate "C",
  actor_id   text collate "C",
  asked      text not null,
  status     integer,
  unmasked   boolean not null,
  reason     text,
  request_id text not null
);
create index audit_at on business.audit (tenant, at);
create index audit_actor on business.audit (tenant, actor_type, actor_id, at) where actor_id is not null;
create index journal_by_people on standing.journal (tenant, at)
  where left(source, 5) in ('rest:', 'staff', 'nats') and source not in ('rest:public', 'rest:payer');
`

export const audit: Migration = {
  name: '0023-audit',
  async up(knex) {
    await knex.raw(AUDIT)
  },
}
