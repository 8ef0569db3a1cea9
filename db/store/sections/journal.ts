import type { JournalRow } from '../../../runtime/model/records.ts'
import { boolean, freeText, number, optionalText, text, time, type Column } from '../columns.ts'
import { ADDRESS, insertInto, ofEach, SLICE, type Section } from '../section.ts'

const COLUMNS: readonly Column<JournalRow>[] = [
  ...ADDRESS,
  SLICE,
  number('seq', 'bigint', (row) => row.seq),
  time('at', (row) => row.at),
  text('event_id', (row) => row.eventId),
  boolean('fresh', (row) => row.fresh),
  freeText('event_type', (row) => row.eventType),
  text('event', (row) => row.event),
  text('outcome', (row) => row.outcome),
  optionalText('from', (row) => row.from),
  text('to', (row) => row.to),
  optionalText('facts', (row) => row.facts),
  optionalText('effects', (row) => row.effects),
  optionalText('timers', (row) => row.timers),
  freeText('source', (row) => row.source),
  freeText('correlation_id', (row) => row.correlationId),
  optionalText('causation_id', (row) => row.causationId),
  freeText('version', (row) => row.version),
]

/** R3: a unique index refuses an event id that the actor has seen. */
export const journalAdded: Section<JournalRow> = {
  name: 'journal_added',
  columns: COLUMNS,
  exact: false,
  sql: (source, value) => insertInto('journal', COLUMNS, source, value),
  collect: (batch) => ofEach(batch, (commit) => commit.journal),
}
