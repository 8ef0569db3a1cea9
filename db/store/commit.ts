/**
 * R1: one batch, one transaction. The common batch is one statement and so one round trip; one with projections' rows is a
 * transaction of several, sent together.
 */
import type { Address } from '../../runtime/model/address.ts'
import { addressKey } from '../../runtime/model/address.ts'
import { ConflictError, DuplicateEventError, UniqueKeyError, type CommitBatch } from '../../runtime/ports/store.ts'
import { assertBatch, ParkedElsewhereError, repeatedEvents } from '../../runtime/store/batch-rules.ts'
import type { Catalogue } from './catalogue.ts'
import type { Database } from './connections.ts'
import { isRefusal, violatedKey, violatedTable } from './errors.ts'
import { storedEvents } from './journal.ts'
import { rowStatements } from './rows.ts'
import type { Section } from './section.ts'
import { actorsAdded, actorsChanged } from './sections/actors.ts'
import { effectsAdded, effectsRemoved } from './sections/effects.ts'
import { identifiersAdded, identifiersDropped } from './sections/identifiers.ts'
import { journalAdded } from './sections/journal.ts'
import { outboxAdded, outboxRelayed } from './sections/outbox.ts'
import { parkedAdded, parkedRemoved } from './sections/parked.ts'
import { timersCleared, timersSet } from './sections/timers.ts'
import { StatementBuilder } from './statement.ts'

const SECTIONS: readonly Section[] = [
  actorsChanged,
  actorsAdded,
  journalAdded,
  timersCleared,
  timersSet,
  effectsRemoved,
  effectsAdded,
  outboxAdded,
  outboxRelayed,
  parkedRemoved,
  parkedAdded,
  identifiersDropped,
  identifiersAdded,
]

export class Committer {
  readonly #database: Database
  readonly #catalogue: Catalogue
  readonly #statements = new StatementBuilder('commit', SECTIONS)

  constructor(database: Database, catalogue: Catalogue) {
    this.#database = database
    this.#catalogue = catalogue
  }

  async commit(batch: CommitBatch): Promise<void> {
    assertBatch(batch)
    const repeated = repeatedEvents(batch)
    if (repeated.length > 0) throw new DuplicateEventError(repeated)

    const statement = this.#statements.build(batch)
    const rows = rowStatements(batch.actors.flatMap((commit) => commit.rows), this.#catalogue)
    try {
      if (rows.length > 0) await this.#database.transaction(statement === undefined ? rows : [statement, ...rows])
      else if (statement !== undefined) await this.#database.run(statement)
    } catch (error) {
      throw (await this.#explain(error, batch)) ?? error
    }
  }

  /** The database says that something differs; who it was is asked only then. */
  async #explain(error: unknown, batch: CommitBatch): Promise<Error | undefined> {
    switch (violatedKey(error)) {
      case 'journal_event_once': {
        const events = batch.actors.flatMap(({ next, journal }) => journal.filter((row) => !row.fresh).map(({ eventId }) => ({ address: next.address, eventId })))
        const found = await storedEvents(this.#database, events)
        return new DuplicateEventError(found.map(({ address, row }) => ({ address, eventId: row.eventId })))
      }
      case 'journal_pkey':
        return new ConflictError(await this.#movedOn(batch))
      case undefined:
        break
      default:
        return new UniqueKeyError(violatedTable(error), (error as Error).message, { cause: error })
    }
    if (!isRefusal(error)) return undefined
    const moved = await this.#movedOn(batch)
    const parked = batch.actors.flatMap((commit) => commit.parked)
    return moved.length === 0 && parked.length > 0 ? new ParkedElsewhereError(parked) : new ConflictError(moved)
  }

  async #movedOn({ actors }: CommitBatch): Promise<Address[]> {
    const addresses = actors.map(({ next }) => next.address)
    const rows = await this.#database.run<Address & { seq: number | string }>({
      text: `
        select tenant, type, id, seq from standing.actors
        where (tenant, type, id) in (select * from unnest($1::text[], $2::text[], $3::text[]))`,
      values: [addresses.map(({ tenant }) => tenant), addresses.map(({ type }) => type), addresses.map(({ id }) => id)],
    })
    const stored = new Map(rows.map((row) => [addressKey(row), Number(row.seq)]))
    return actors.filter(({ next, expectedSeq }) => (stored.get(addressKey(next.address)) ?? 0) !== expectedSeq).map(({ next }) => next.address)
  }
}
