/**
 * Payments of before are found by what may still be told of them, as those of now are by their identifiers (actors/payment/identifiers.ts): money
 * of which the payer is not known, or which only a callback has told of. A parted receipt finds the payment that it has become, not the one that
 * it came beside.
 */
import type { Migration } from '../migration.ts'

const IDENTIFIERS = /* sql */ `
update standing.identifiers set kind = 'incomplete', value = 'more of ' || substr(value, length('payer of ') + 1) where type = 'payment' and kind = 'unknownPayer';

insert into standing.identifiers (tenant, kind, value, type, id)
select a.tenant, 'incomplete', 'more of ' || (a.context::json ->> 'receipt'), a.type, a.id
from (select * from standing.actors where type = 'payment' and context like '%"method":"c2b"%' offset 0) a
where a.states && array['review', 'failed', 'completed'] and a.context::json -> 'received' ->> 'source' = 'callback' and a.context::json ->> 'receipt' is not null
on conflict do nothing;

delete from standing.identifiers i using standing.actors a
where i.type = 'payment' and i.kind = 'receipt' and a.tenant = i.tenant and a.type = i.type and a.id = i.id and a.context like '%"parted":["%'
  and exists (select from json_array_elements_text(a.context::json -> 'parted') as p(receipt) where upper(p.receipt) = i.value);
`

export const whatCompletesAPayment: Migration = {
  name: '0034-what-completes-a-payment',
  async up(knex) {
    await knex.raw(IDENTIFIERS)
  },
}
