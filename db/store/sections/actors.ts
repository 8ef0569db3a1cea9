import type { ActorCommit } from '../../../runtime/ports/store.ts'
import { freeText, number, optionalText, text, texts, time, type Column } from '../columns.ts'
import { ADDRESS, insertInto, ofActors, SLICE, type Section } from '../section.ts'

/** What a step can change of an actor. */
const STATE: readonly Column<unknown>[] = [
  number('seq', 'bigint', (_, actor) => actor.seq),
  freeText('version', (_, actor) => actor.version),
  text('status', (_, actor) => actor.status),
  optionalText('hold', (_, actor) => actor.hold),
  text('value', (_, actor) => actor.value),
  text('context', (_, actor) => actor.context),
  optionalText('history', (_, actor) => actor.history),
  optionalText('children', (_, actor) => actor.children),
  optionalText('output', (_, actor) => actor.output),
  optionalText('error', (_, actor) => actor.error),
  texts('states', (_, actor) => actor.states),
  texts('tags', (_, actor) => actor.tags),
  time('updated_at', (_, actor) => actor.updatedAt),
]

/** R2: takes only actors whose seq is the one their step was computed from. */
export const actorsChanged: Section<ActorCommit> = {
  name: 'actors_changed',
  columns: [...ADDRESS, number('expected', 'bigint', (commit) => commit.expectedSeq), ...STATE],
  exact: true,
  sql: (source, value) => `
    update standing.actors a set ${STATE.map(({ name }) => `${name} = ${value(name)}`).join(', ')}
    from ${source}
    where a.tenant = n.tenant and a.type = n.type and a.id = n.id and a.seq = n.expected`,
  collect: (batch) => ofActors(batch, (commit) => commit.expectedSeq > 0),
}

const NEW: readonly Column<unknown>[] = [
  ...ADDRESS,
  SLICE,
  ...STATE,
  optionalText('parent', (_, actor) => actor.parent),
  time('created_at', (_, actor) => actor.createdAt),
]

/** R2: an actor that somebody else made meanwhile is not taken. */
export const actorsAdded: Section<ActorCommit> = {
  name: 'actors_added',
  columns: NEW,
  exact: true,
  sql: (source, value) => `${insertInto('actors', NEW, source, value)} on conflict do nothing`,
  collect: (batch) => ofActors(batch, (commit) => commit.expectedSeq === 0),
}
