/**
 * A section is one part of a commit statement: which rows it takes from a batch, how they travel, and what is done with them. A
 * statement holds only the sections that its batch has rows for (statement.ts).
 */
import type { StoredActor } from '../../runtime/model/records.ts'
import type { ActorCommit, CommitBatch } from '../../runtime/ports/store.ts'
import { number, text, type Column } from './columns.ts'

export interface Section<Row = unknown> {
  /** Its name in the statement. */
  name: string
  columns: readonly Column<Row>[]
  /** The SQL, given its rows as `source` (with the alias `n`) and the SQL of a column's value. */
  sql(source: string, value: (column: string) => string): string
  /** Whether every row must change exactly one row, else the batch is refused. */
  exact: boolean
  collect(batch: CommitBatch): Rows<Row>
}

export interface Rows<Row = unknown> {
  rows: Row[]
  /** The actor of each row, at the same index. */
  owners: StoredActor[]
}

/** Columns of the actor that a row belongs to. */
export const ADDRESS: readonly Column<unknown>[] = [
  text('tenant', (_, owner) => owner.address.tenant),
  text('type', (_, owner) => owner.address.type),
  text('id', (_, owner) => owner.address.id),
]

export const SLICE: Column<unknown> = number('slice', 'smallint', (_, owner) => owner.slice)

export function insertInto<Row>(table: string, columns: readonly Column<Row>[], source: string, value: (column: string) => string): string {
  const names = columns.map(({ name }) => `"${name}"`).join(', ')
  return `insert into standing.${table} (${names}) select ${columns.map(({ name }) => value(name)).join(', ')} from ${source}`
}

/** The commits that fit, each a row of its own actor. */
export function ofActors(batch: CommitBatch, fits: (commit: ActorCommit) => boolean): Rows<ActorCommit> {
  const rows = batch.actors.filter(fits)
  return { rows, owners: rows.map(({ next }) => next) }
}

/** What each commit has of something, with its actor. */
export function ofEach<Row>(batch: CommitBatch, read: (commit: ActorCommit) => readonly Row[]): Rows<Row> {
  const rows: Row[] = []
  const owners: StoredActor[] = []
  for (const commit of batch.actors) {
    for (const row of read(commit)) {
      rows.push(row)
      owners.push(commit.next)
    }
  }
  return { rows, owners }
}
