/** How a router's own interface is reached, beside the address that RADIUS knows it by: to end logins where it does not answer RADIUS. */
import type { Migration } from '../migration.ts'

const REACH = /* sql */ `
alter table business.routers
  -- 'rest': its own list of users is kept by us; else it asks RADIUS.
  add column provisioning   text collate "C" not null default 'radius',
  add column api_url        text,
  -- Of the secrets it has; null: it has not joined yet.
  add column secret_version integer;

update business.routers r set api_url = a.context::json ->> 'apiUrl',
  secret_version = case when a.context::json ->> 'enrolledAt' is not null then (a.context::json ->> 'secretVersion')::integer end
from standing.actors a where a.tenant = r.tenant and a.type = 'router' and a.id = r.id;
`

export const routerReach: Migration = {
  name: '0014-router-reach',
  async up(knex) {
    await knex.raw(REACH)
  },
}
