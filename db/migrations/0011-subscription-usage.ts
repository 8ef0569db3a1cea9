/** Subscriptions of before: found by their accounting and by the hash of their phone, as those made from now on are by their projections. */
import type { Migration } from '../migration.ts'

const SUBSCRIPTIONS_BEFORE = /* sql */ `
insert into radius.access (username, tenant, actor_type, actor_id, devices)
select a.context::json ->> 'accountNumber', a.tenant, a.type, a.id, (a.context::json -> 'plan' ->> 'devices')::integer
from standing.actors a where a.type = 'subscription'
on conflict do nothing;

insert into standing.identifiers (tenant, kind, value, type, id)
select i.tenant, 'phoneHash', encode(sha256(convert_to(i.value, 'UTF8')), 'hex'), i.type, i.id
from standing.identifiers i where i.type = 'subscription' and i.kind = 'phone'
on conflict do nothing;

-- What is left of the data is worked out by radius.live_radreply from now on.
delete from radius.radreply r using radius.access a
where a.username = r.username and a.actor_type = 'subscription' and r.attribute like 'Mikrotik-Total-Limit%';
insert into radius.radreply (username, attribute, op, value)
select c.username, 'Acct-Interim-Interval', ':=', '300'
from radius.radcheck c join radius.access a using (username) where a.actor_type = 'subscription' and c.attribute = 'Cleartext-Password';
`

const NAS = /* sql */ `
-- The routers' projection finds its row by it.
create index nas_shortname on radius.nas (shortname);
`

const DASHBOARD = /* sql */ `
-- Sums that were made before subscriptions and vouchers were counted; made anew from the journal when somebody looks.
delete from business.dashboard_days;
`

export const subscriptionUsage: Migration = {
  name: '0011-subscription-usage',
  async up(knex) {
    await knex.raw(SUBSCRIPTIONS_BEFORE)
    await knex.raw(NAS)
    await knex.raw(DASHBOARD)
  },
}
