/**
 * Projections' rows (R1): written in the commit's transaction, set-based like all else, but as JSON: values are free text here, and
 * the tables' own column types decide how each is read.
 */
import type { RowSet } from '../../runtime/model/records.ts'
import type { Catalogue } from './catalogue.ts'
import type { Query } from './connections.ts'

interface Group {
  table: string
  keyColumns: string[]
  keys: RowSet['key'][]
  rows: RowSet['rows']
}

/** The statements that make the sets true, in order. Two sets of one key: the later one holds. */
export function rowStatements(sets: readonly RowSet[], catalogue: Catalogue): Query[] {
  return group(sets).flatMap((part) => [remove(part, catalogue), ...insert(part, catalogue)])
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

function remove({ table, keyColumns, keys }: Group, catalogue: Catalogue): Query {
  const known = catalogue.table(table)
  const columns = keyColumns.map((name) => known.column(name))
  const matches = columns.map(({ quoted }) => `s.${quoted} = k.${quoted}`).join(' and ')
  // Key by key through the index, whatever the statistics say (`offset 0` keeps the planner from turning it round): a table that was
  // nearly empty when it was last looked at would be read whole, for every key, until the next look.
  const found = `select s.ctid from ${recordset(columns, 'k')} cross join lateral (select s.ctid from ${known.quoted} s where ${matches} offset 0) s`
  return catalogue.prepared(`delete from ${known.quoted} t using (${found}) f where t.ctid = f.ctid`, keys)
}

/** Rows may name different columns; a column that a row does not name gets its default. */
function insert({ table, rows }: Group, catalogue: Catalogue): Query[] {
  const known = catalogue.table(table)
  const bySignature = new Map<string, RowSet['rows']>()
  for (const row of rows) {
    const signature = columnsOf(row).join()
    const same = bySignature.get(signature)
    if (same === undefined) bySignature.set(signature, [row])
    else same.push(row)
  }
  return [...bySignature.values()].map((same) => {
    const columns = columnsOf(same[0] ?? {}).map((name) => known.column(name))
    const names = columns.map(({ quoted }) => quoted).join(', ')
    return catalogue.prepared(`insert into ${known.quoted} (${names}) select ${names} from ${recordset(columns, 'r')}`, same)
  })
}

function recordset(columns: readonly { quoted: string; type: string }[], alias: string): string {
  return `json_to_recordset($1::json) as ${alias}(${columns.map(({ quoted, type }) => `${quoted} ${type}`).join(', ')})`
}

function columnsOf(record: object): string[] {
  return Object.keys(record).sort()
}

function keyOf({ key }: RowSet): string {
  return JSON.stringify(columnsOf(key).map((column) => [column, key[column]]))
}
