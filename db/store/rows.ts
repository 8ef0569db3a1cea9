/**
 * Projections' rows (R1): written in the commit's transaction, set-based like all else, but as JSON: values are free text here, and
 * the tables' own column types decide how each is read. What was there goes and what holds now comes in one statement for each
 * table: a statement of its own costs a commit more than the few rows in it.
 */
import type { RowSet } from '../../runtime/model/records.ts'
import type { Catalogue, KnownTable } from './catalogue.ts'
import type { Database, Query } from './connections.ts'

interface Group {
  table: string
  keyColumns: string[]
  keys: RowSet['key'][]
  rows: RowSet['rows']
}

/** The statements that make the sets true, in order. Two sets of one key: the later one holds. */
export function rowStatements(sets: readonly RowSet[], catalogue: Catalogue): Query[] {
  return group(sets).flatMap((part) => replace(part, catalogue))
}

/** The row that has these values, as JSON gives it; any one of several. */
export async function findRow(database: Database, catalogue: Catalogue, table: string, key: RowSet['key']): Promise<RowSet['rows'][number] | undefined> {
  const known = catalogue.table(table)
  const columns = columnsOf(key).map((name) => known.column(name))
  const matches = columns.map(({ quoted }) => `s.${quoted} = k.${quoted}`).join(' and ')
  const found = await database.run<{ row: RowSet['rows'][number] }>(catalogue.prepared(`select row_to_json(s) as "row" from ${recordset('$1', columns, 'k')} join ${known.quoted} s on ${matches} limit 1`, [[key]]))
  return found[0]?.row
}

function group(sets: readonly RowSet[]): Group[] {
  const byTable = new Map<string, Map<string, RowSet>>()
  for (const set of sets) {
    const keyed = byTable.get(set.table) ?? new Map<string, RowSet>()
    const key = keyOf(set)
    keyed.delete(key) // so that it moves to the end
    keyed.set(key, set)
    byTable.set(set.table, keyed)
  }
  return [...byTable].flatMap(([table, keyed]) => merge(table, [...keyed.values()]))
}

/** Sets keyed by the same columns cannot overlap, so they may go together; others are taken one after the other. */
function merge(table: string, sets: readonly RowSet[]): Group[] {
  const signatures = new Set(sets.map(({ key }) => columnsOf(key).join()))
  const parts = signatures.size === 1 ? [sets] : sets.map((set) => [set])
  return parts.flatMap((part) => {
    const [first] = part
    return first === undefined ? [] : [{ table, keyColumns: columnsOf(first.key), keys: part.map(({ key }) => key), rows: part.flatMap(({ rows }) => rows) }]
  })
}

/** Rows may name different columns, which makes more than one statement; a column that a row does not name gets its default. */
function replace({ table, keyColumns, keys, rows }: Group, catalogue: Catalogue): Query[] {
  const known = catalogue.table(table)
  const columns = keyColumns.map((name) => known.column(name))
  const matches = columns.map(({ quoted }) => `s.${quoted} = k.${quoted}`).join(' and ')
  // Key by key through the index, whatever the statistics say (`offset 0` keeps the planner from turning it round): a table that was
  // nearly empty when it was last looked at would be read whole, for every key, until the next look.
  const found = `select s.ctid from ${recordset('$1', columns, 'k')} cross join lateral (select s.ctid from ${known.quoted} s where ${matches} offset 0) s`
  const remove = `delete from ${known.quoted} t using (${found}) f where t.ctid = f.ctid`
  const [first, ...others] = bySignature(rows)
  if (first === undefined) return [catalogue.prepared(remove, [keys])]
  // To count what is gone is to have it gone before the first row comes, which may have the same key.
  const exchange = `with gone as (${remove} returning true) ${insert(known, first, '$2')} where (select count(*) from gone) >= 0`
  return [catalogue.prepared(exchange, [keys, first]), ...others.map((same) => catalogue.prepared(insert(known, same, '$1'), [same]))]
}

function bySignature(rows: RowSet['rows']): RowSet['rows'][] {
  const found = new Map<string, RowSet['rows']>()
  for (const row of rows) {
    const signature = columnsOf(row).join()
    const same = found.get(signature)
    if (same === undefined) found.set(signature, [row])
    else same.push(row)
  }
  return [...found.values()]
}

/** @param parameter the one that holds the rows; all of them name the same columns. */
function insert(table: KnownTable, rows: RowSet['rows'], parameter: string): string {
  const columns = columnsOf(rows[0] ?? {}).map((name) => table.column(name))
  const names = columns.map(({ quoted }) => quoted).join(', ')
  return `insert into ${table.quoted} (${names}) select ${names} from ${recordset(parameter, columns, 'r')}`
}

function recordset(parameter: string, columns: readonly { quoted: string; type: string }[], alias: string): string {
  return `json_to_recordset(${parameter}::json) as ${alias}(${columns.map(({ quoted, type }) => `${quoted} ${type}`).join(', ')})`
}

function columnsOf(record: object): string[] {
  return Object.keys(record).sort()
}

function keyOf({ key }: RowSet): string {
  return JSON.stringify(columnsOf(key).map((column) => [column, key[column]]))
}
