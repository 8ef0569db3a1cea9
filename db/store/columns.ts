/**
 * How many rows travel in one statement: column by column, each column one parameter, taken apart by `unnest` on the server.
 *
 * - Text travels joined by U+001E. The driver's own array syntax must look at every character to escape it, on both sides; here neither
 *   side does, because no value can hold the separator: JSON escapes control characters, ids are validated, and
 *   {@link joined} refuses the rest.
 * - An absent value travels as a lone U+001F; a column without any value travels as NULL, which `unnest` fills up with nulls.
 * - Numbers travel as array literals, which need no escaping either.
 */
import type { StoredActor } from '../../runtime/model/records.ts'
import { InvalidBatchError } from '../../runtime/store/batch-rules.ts'

export interface Column<Row> {
  name: string
  /** The parameter's SQL, an array. */
  array(parameter: string): string
  /** SQL of one row's value, given the SQL of the array's element. */
  value(element: string): string
  encode(rows: readonly Row[], owners: readonly StoredActor[]): string | null
}

/** Reads a column's value; `owner` is the actor that the row belongs to. */
type Read<Row, Value> = (row: Row, owner: StoredActor) => Value

const SEPARATOR = '\u001e'
const ABSENT = '\u001f'
const INNER_SEPARATOR = '\u001d'

const textArray = (parameter: string): string => `string_to_array(${parameter}, E'\\x1e')`
const optionalTextArray = (parameter: string): string => `string_to_array(${parameter}, E'\\x1e', E'\\x1f')`

/** An id or a word: never empty. */
export function text<Row>(name: string, read: Read<Row, string>): Column<Row> {
  return { name, array: textArray, value: asIs, encode: (rows, owners) => joined(name, collect(rows, owners, read)) }
}

/** Text that may be empty: Postgres takes an empty parameter for an empty array, not for one empty text. */
export function freeText<Row>(name: string, read: Read<Row, string>): Column<Row> {
  return { ...text(name, read), value: (element) => `coalesce(${element}, '')` }
}

export function optionalText<Row>(name: string, read: Read<Row, string | null>): Column<Row> {
  return {
    name,
    array: optionalTextArray,
    value: asIs,
    encode(rows, owners) {
      const values = collect(rows, owners, read)
      return values.every(isAbsent) ? null : joined(name, values.map(orAbsent))
    },
  }
}

export function texts<Row>(name: string, read: Read<Row, readonly string[]>): Column<Row> {
  return {
    ...text(name, (row, owner) => read(row, owner).join(INNER_SEPARATOR)),
    value: (element) => `coalesce(string_to_array(${element}, E'\\x1d'), '{}')`,
  }
}

export function number<Row>(name: string, type: 'smallint' | 'integer' | 'bigint', read: Read<Row, number>): Column<Row> {
  return literal(name, type, asIs, read)
}

export function boolean<Row>(name: string, read: Read<Row, boolean>): Column<Row> {
  return literal(name, 'boolean', asIs, read)
}

/** Milliseconds here, `timestamptz` there. float8 is exact for both and 0.05 µs dearer than a bare bigint, which staff could not read. */
export function time<Row>(name: string, read: Read<Row, number>): Column<Row> {
  return literal(name, 'float8', (element) => `to_timestamp(${element} / 1000)`, read)
}

function literal<Row>(name: string, type: string, value: (element: string) => string, read: Read<Row, number | boolean>): Column<Row> {
  return {
    name,
    array: (parameter) => `${parameter}::${type}[]`,
    value,
    encode: (rows, owners) => `{${collect(rows, owners, read).join(',')}}`,
  }
}

function collect<Row, Value>(rows: readonly Row[], owners: readonly StoredActor[], read: Read<Row, Value>): Value[] {
  const values = new Array<Value>(rows.length)
  for (let i = 0; i < rows.length; i++) values[i] = read(rows[i] as Row, owners[i] as StoredActor)
  return values
}

/** A value with a separator in it would shift all behind it to a wrong actor, so the separators are counted. */
function joined(name: string, values: readonly string[]): string {
  const all = values.join(SEPARATOR)
  let separators = 0
  for (let at = all.indexOf(SEPARATOR); at !== -1; at = all.indexOf(SEPARATOR, at + 1)) separators += 1
  if (separators !== values.length - 1) throw new InvalidBatchError(`a value of ${name} holds the control character U+001E`)
  return all
}

function asIs(element: string): string {
  return element
}

function isAbsent(value: string | null): boolean {
  return value === null
}

function orAbsent(value: string | null): string {
  return value ?? ABSENT
}
