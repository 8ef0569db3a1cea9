/** The text of db/schema.sql: the same on every server from Postgres 15 to 18. */
import type pg from 'pg'

/** Knex's own book-keeping, which it may change. */
const LEFT_OUT = ['knex_migrations', 'knex_migrations_lock']

const TABLES = `
  select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind, c.reloptions as options
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'v') and n.nspname = any ($1) and c.relname <> all ($2)
  order by array_position($1, n.nspname::text), c.relkind, c.relname collate "C"`

const COLUMNS = `
  select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required, a.attidentity as identity,
    pg_get_expr(d.adbin, d.adrelid) as "default", case when a.attcollation <> t.typcollation then l.collname end as collation
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join pg_catalog.pg_collation l on l.oid = a.attcollation
  where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`

/** Not-null constraints are columns' business here: Postgres 18 lists them among the others, earlier ones do not. */
const CONSTRAINTS = `
  select conname as name, pg_get_constraintdef(oid, true) as definition from pg_catalog.pg_constraint
  where conrelid = $1 and contype in ('p', 'u', 'c', 'f', 'x') order by array_position('{p,u,f,c,x}', contype::text), conname collate "C"`

const INDEXES = `
  select pg_get_indexdef(i.indexrelid) as definition from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
  where i.indrelid = $1 and not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid)
  order by c.relname collate "C"`

const TRIGGERS = `
  select pg_get_triggerdef(oid, true) as definition from pg_catalog.pg_trigger where tgrelid = $1 and not tgisinternal order by tgname collate "C"`

const FUNCTIONS = `
  select pg_get_functiondef(p.oid) as definition from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where n.nspname = any ($1) order by n.nspname collate "C", p.proname collate "C"`

interface Relation {
  oid: number
  schema: string
  name: string
  kind: 'r' | 'v'
  options: string[] | null
}

interface Column {
  name: string
  type: string
  required: boolean
  identity: string
  default: string | null
  collation: string | null
}

export async function describeSchema(client: pg.Client, schemas: readonly string[]): Promise<string> {
  // Names are then written in full, whatever the server's default.
  await client.query('set search_path to pg_catalog')
  const parts = ['-- Made by tools/schema-dump.ts from db/migrations/. Not to be edited, and not run by anything.']
  parts.push(...schemas.map((schema) => `create schema ${schema};`))
  for (const { definition } of await all<{ definition: string }>(client, FUNCTIONS, [schemas])) parts.push(`${definition.trim()};`)
  for (const relation of await all<Relation>(client, TABLES, [schemas, LEFT_OUT])) {
    parts.push(await (relation.kind === 'v' ? view(client, relation) : table(client, relation)))
  }
  return `${parts.join('\n\n')}\n`
}

/** Its columns only: servers of different versions write the query in different words. */
async function view(client: pg.Client, { oid, schema, name }: Relation): Promise<string> {
  const columns = await all<Column>(client, COLUMNS, [oid])
  return `-- view ${schema}.${name} (\n${columns.map((column) => `--   "${column.name}" ${column.type}`).join(',\n')}\n-- )`
}

async function table(client: pg.Client, { oid, schema, name, options }: Relation): Promise<string> {
  const columns = await all<Column>(client, COLUMNS, [oid])
  const constraints = await all<{ name: string; definition: string }>(client, CONSTRAINTS, [oid])
  const lines = [...columns.map(columnLine), ...constraints.map((one) => `constraint ${one.name} ${one.definition}`)]
  const storage = options === null ? '' : ` with (${[...options].sort().join(', ')})`
  const others = [...(await all<{ definition: string }>(client, INDEXES, [oid])), ...(await all<{ definition: string }>(client, TRIGGERS, [oid]))]
  return [`create table ${schema}.${name} (\n  ${lines.join(',\n  ')}\n)${storage};`, ...others.map(({ definition }) => `${definition};`)].join('\n')
}

function columnLine(column: Column): string {
  return [
    `"${column.name}" ${column.type}`,
    column.collation === null ? '' : `collate "${column.collation}"`,
    column.required ? 'not null' : '',
    column.identity === 'a' ? 'generated always as identity' : '',
    column.default === null ? '' : `default ${column.default}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

async function all<Row extends pg.QueryResultRow>(client: pg.Client, text: string, values: unknown[]): Promise<Row[]> {
  return (await client.query<Row>(text, values)).rows
}
