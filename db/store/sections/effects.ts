import type { EffectRow } from '../../../runtime/model/records.ts'
import { freeText, number, optionalText, text, time, type Column } from '../columns.ts'
import { ADDRESS, insertInto, ofEach, SLICE, type Section } from '../section.ts'

const COLUMNS: readonly Column<EffectRow>[] = [
  ...ADDRESS,
  SLICE,
  text('key', (effect) => effect.key),
  freeText('name', (effect) => effect.name),
  text('kind', (effect) => effect.kind),
  optionalText('child_id', (effect) => effect.childId),
  freeText('lane', (effect) => effect.lane),
  text('input', (effect) => effect.input),
  text('status', (effect) => effect.status),
  number('attempts', 'integer', (effect) => effect.attempts),
  time('next_attempt_at', (effect) => effect.nextAttemptAt),
  optionalText('last_error', (effect) => effect.lastError),
  time('created_at', (effect) => effect.createdAt),
  freeText('correlation_id', (effect) => effect.correlationId),
]

/** R5: the primary key is the key that the outside system gets. */
export const effectsAdded: Section<EffectRow> = {
  name: 'effects_added',
  columns: COLUMNS,
  exact: false,
  sql: (source, value) => insertInto('effects', COLUMNS, source, value),
  collect: (batch) => ofEach(batch, (commit) => commit.effectsAdded),
}

export const effectsRemoved: Section<string> = {
  name: 'effects_removed',
  columns: [text('key', (key) => key)],
  exact: false,
  sql: (source) => `delete from standing.effects e using ${source} where e.key = n.key`,
  collect: (batch) => ofEach(batch, (commit) => commit.effectsRemoved),
}
