import type { Identifier } from '../../../runtime/model/records.ts'
import type { ActorCommit } from '../../../runtime/ports/store.ts'
import { InvalidBatchError } from '../../../runtime/store/batch-rules.ts'
import { freeText, text, texts } from '../columns.ts'
import { ADDRESS, insertInto, ofActors, ofEach, type Section } from '../section.ts'

const COLUMNS = [...ADDRESS, text<Identifier>('kind', ({ kind }) => kind), freeText<Identifier>('value', ({ value }) => value)]

const PAIR = '\u001c'

/** One text for both, to compare lists of them. */
function pairOf({ kind, value }: Identifier): string {
  const pair = kind + PAIR + value
  if (pair.includes('\u001d') || pair.indexOf(PAIR) !== pair.lastIndexOf(PAIR)) throw new InvalidBatchError(`an identifier of kind ${kind} holds a control character`)
  return pair
}

/** Those the actor has no more. The ones that stay are not touched, as a delete and an insert of one row have no order in one statement. */
export const identifiersDropped: Section<ActorCommit> = {
  name: 'identifiers_dropped',
  columns: [...ADDRESS, texts('kept', ({ identifiers }) => (identifiers ?? []).map(pairOf))],
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
