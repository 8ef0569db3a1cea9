/**
 * The money, in double entry: what every actor posts, and what the provider's statement says.
 *
 * L1. The lines of one entry sum to zero in each currency. The database itself looks, when the transaction commits, so that no
 *     mistake of ours can store half an entry.
 * L2. A line never changes. A rebuild may take a whole entry away and write it again.
 *
 * A reference, which names its tenant, finds its lines by itself. Were the tenant asked for too, every index would do while the table
 * is empty, and a plan made then might take another one for as long as it lives.
 */
import type { Migration } from '../migration.ts'

const TABLES = /* sql */ `
create table business.ledger_entries (
  position     bigint generated always as identity,
  tenant       text collate "C" not null,
  entry_ref    text collate "C" not null check (starts_with(entry_ref, tenant || '/')),
  line         integer not null check (line > 0),
  account      text collate "C" not null check (account <> ''),
  amount_minor bigint not null check (amount_minor <> 0),
  currency     text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
  at           timestamptz not null,
  description  text not null,
  actor_type   text collate "C" not null,
  actor_id     text collate "C" not null,
  receipt      text collate "C",
  primary key (entry_ref, line)
);
create index ledger_entries_order on business.ledger_entries (tenant, position);
create index ledger_entries_account on business.ledger_entries (tenant, account, position) include (currency, amount_minor);
create index ledger_entries_actor on business.ledger_entries (tenant, actor_type, actor_id);

create function business.demand_balance() returns trigger language plpgsql as $$
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
end $$;

create constraint trigger ledger_entry_balances after insert or delete on business.ledger_entries
  deferrable initially deferred for each row execute function business.demand_balance();

create function business.refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'a ledger line never changes; post a new entry that corrects it' using errcode = 'check_violation', constraint = 'ledger_line_stays';
end $$;

create trigger ledger_line_stays before update on business.ledger_entries
  for each row execute function business.refuse_ledger_change();

-- What the provider says of the money: one row a receipt and kind, however often and by whichever way it is imported.
create table business.statement_rows (
  position     bigint generated always as identity,
  tenant       text collate "C" not null,
  receipt      text collate "C" not null,
  kind         text collate "C" not null check (kind in ('paid-in', 'withdrawn', 'charge')),
  amount_minor bigint not null check (amount_minor <> 0),
  currency     text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
  at           timestamptz not null,
  account_ref  text,
  details      text,
  source       text collate "C" not null,
  imported_at  timestamptz not null,
  imported_by  text collate "C" not null,
  primary key (tenant, receipt, kind)
);
create index statement_rows_at on business.statement_rows (tenant, at);
`

export const ledgerTables: Migration = {
  name: '0005-ledger',
  async up(knex) {
    await knex.raw(TABLES)
  },
}
