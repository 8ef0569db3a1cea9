import type { ParkedRow } from '../../../runtime/model/records.ts'
import { freeText, number, optionalText, text, time, type Column } from '../columns.ts'
import { ADDRESS, insertInto, ofEach, type Section } from '../section.ts'

/** By the row's own address: events can be parked for an actor that does not exist. */
const COLUMNS: readonly Column<ParkedRow>[] = [
  text('tenant', (row) => row.address.tenant),
  text('type', (row) => row.address.type),
  text('id', (row) => row.address.id),
  number('slice', 'smallint', (row) => row.slice),
  text('event_id', (row) => row.eventId),
  text('kind', (row) => row.kind),
  freeText('event_type', (row) => row.eventType),
  text('delivery', (row) => row.delivery),
  optionalText('error', (row) => row.error),
  time('at', (row) => row.at),
]

/**
 * R7: one that is parked again, such as a waiting event whose step then threw, keeps its place. Event ids are unique per actor only:
 * parked for another one, the event would be lost in silence, so that is refused.
 */
export const parkedAdded: Section<ParkedRow> = {
  name: 'parked_added',
  columns: COLUMNS,
  exact: true,
  sql: (source, value) => `${insertInto('parked', COLUMNS, source, value)}
    on conflict (tenant, event_id) do update
    set kind = excluded.kind, event_type = excluded.event_type, delivery = excluded.delivery, error = excluded.error, at = excluded.at
    where parked.type = excluded.type and parked.id = excluded.id`,
  collect: (batch) => ofEach(batch, (commit) => commit.parked),
}

/** The same outside of a commit: what is parked already stays as it is. */
export const parkedAlone: Section<ParkedRow> = {
  ...parkedAdded,
  name: 'parked_alone',
  sql: (source, value) => `${insertInto('parked', COLUMNS, source, value)}
    on conflict (tenant, event_id) do update set at = parked.at where parked.type = excluded.type and parked.id = excluded.id`,
}

export const parkedRemoved: Section<string> = {
  name: 'parked_removed',
  columns: [...ADDRESS, text('event_id', (eventId) => eventId)],
  exact: false,
  sql: (source) => `
    delete from standing.parked p using ${source}
    where p.tenant = n.tenant and p.event_id = n.event_id and p.type = n.type and p.id = n.id`,
  collect: (batch) => ofEach(batch, ({ unparked, parked }) => unparked.filter((eventId) => !parked.some((row) => row.eventId === eventId))),
}
