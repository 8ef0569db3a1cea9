import type { Identifier } from '../../../runtime/model/records.ts'
import type { ActorCommit } from '../../../runtime/ports/store.ts'
import { freeText, text, texts } from '../columns.ts'
import { ADDRESS, insertInto, ofActors, ofEach, type Section } from '../section.ts'

const COLUMNS = [...ADDRESS, text<Identifier>('kind', ({ kind }) => kind), freeText<Identifier>('value', ({ value }) => value)]

/** Control characters are no part of an identifier, so kind and value joined by one are as good as a pair. */
const PAIR = '\u001c'

/** Those the actor has no more. The ones that stay are not touched, as a delete and an insert of one row have no order in one statement. */
export const identifiersDropped: Section<ActorCommit> = {
  name: 'identifiers_dropped',
  columns: [...ADDRESS, texts('kept', ({ identifiers }) => (identifiers ?? []).map(({ kind, value }) => kind + PAIR + value))],
  exact: false,
  sql: (source, value) => `
    delete from standing.identifiers i using ${source}
    where i.tenant = n.tenant and i.type = n.type and i.id = n.id
      and i.kind || E'\\x1c' || i.value <> all (${value('kept')})`,
  collect: (batch) => ofActors(batch, ({ expectedSeq, identifiers }) => expectedSeq > 0 && identifiers !== undefined),
}

export const identifiersAdded: Section<Identifier> = {
  name: 'identifiers_added',
  columns: COLUMNS,
  exact: false,
  sql: (source, value) => `${insertInto('identifiers', COLUMNS, source, value)} on conflict do nothing`,
  collect: (batch) => ofEach(batch, ({ identifiers }) => identifiers ?? []),
}
