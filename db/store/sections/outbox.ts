import type { OutboxRow } from '../../../runtime/model/records.ts'
import { text, time, type Column } from '../columns.ts'
import { ADDRESS, insertInto, ofEach, SLICE, type Section } from '../section.ts'

const COLUMNS: readonly Column<OutboxRow>[] = [
  ...ADDRESS,
  SLICE,
  text('key', (row) => row.key),
  text('kind', (row) => row.kind),
  text('body', (row) => row.body),
  time('created_at', (_, owner) => owner.updatedAt),
]

/** R4: rows are numbered in the order they travel in; commits of one sender follow each other by R2. */
export const outboxAdded: Section<OutboxRow> = {
  name: 'outbox_added',
  columns: COLUMNS,
  exact: false,
  sql: (source, value) => insertInto('outbox', COLUMNS, source, value),
  collect: (batch) => ofEach(batch, (commit) => commit.outbox),
}

export const outboxRelayed: Section<string> = {
  name: 'outbox_relayed',
  columns: [text('key', (key) => key)],
  exact: false,
  sql: (source) => `delete from standing.outbox o using ${source} where o.key = n.key`,
  collect: (batch) => ({ rows: batch.relayed, owners: [] }),
}
