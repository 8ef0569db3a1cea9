/** The memory store's tables, and the one place that changes several of them: `commit`. */
import { addressKey } from '../model/address.ts'
import type {
  DueTimer,
  EffectRow,
  Identifier,
  JournalRow,
  OutboxRow,
  ParkedRow,
  PositionedOutboxRow,
  PositionedParkedRow,
  RowSet,
  StoredActor,
} from '../model/records.ts'
import { ConflictError, DuplicateEventError, UniqueKeyError, type ActorCommit, type CommitBatch, type MachineRow } from '../ports/store.ts'
import { assertBatch, ParkedElsewhereError, repeatedEvents } from './batch-rules.ts'
import { compareTimers } from './order.ts'
import { SortedList } from './sorted-list.ts'

type Row = RowSet['rows'][number]

export class MemoryTables {
  readonly actors = new Map<string, StoredActor>()
  readonly journal = new Map<string, JournalRow[]>()
  /** Per actor: event id -> row, for rows that R3 fences. */
  readonly inbox = new Map<string, Map<string, JournalRow>>()
  readonly timers = new Map<string, Map<string, DueTimer>>()
  readonly dueOrder = new SortedList<DueTimer>(compareTimers)
  readonly effects = new Map<string, EffectRow>()
  /** By key, in order of position. */
  readonly outbox = new Map<string, PositionedOutboxRow & { at: number }>()
  /** By tenant and event id, in order of position. */
  readonly parked = new Map<string, PositionedParkedRow>()
  readonly identifiers = new Map<string, readonly Identifier[]>()
  readonly machines = new Map<string, MachineRow>()
  /** Rows of projections, by table name. */
  readonly rows = new Map<string, Row[]>()
  readonly #uniqueKeys: Readonly<Record<string, readonly (readonly string[])[]>>
  #position = 0

  constructor(uniqueKeys: Readonly<Record<string, readonly (readonly string[])[]>>) {
    this.#uniqueKeys = uniqueKeys
  }

  /** R1: everything that can refuse comes first and changes nothing; what follows cannot fail. */
  commit(batch: CommitBatch): void {
    assertBatch(batch)
    this.#refuseConflicts(batch)
    this.#refuseDuplicates(batch)
    this.refuseParkedElsewhere(batch.actors.flatMap((commit) => commit.parked))
    const rows = this.#projected(batch)

    for (const commit of batch.actors) this.#apply(commit)
    for (const key of batch.relayed) this.outbox.delete(key)
    for (const [table, next] of rows) this.rows.set(table, next)
  }

  park(row: ParkedRow, replace: boolean): void {
    const key = parkedKey(row.address.tenant, row.eventId)
    const existing = this.parked.get(key)
    if (existing !== undefined && !replace) return
    this.parked.set(key, { ...row, position: existing?.position ?? ++this.#position })
  }

  refuseParkedElsewhere(rows: readonly ParkedRow[]): void {
    const elsewhere = rows.filter(({ address, eventId }) => {
      const stored = this.parked.get(parkedKey(address.tenant, eventId))
      return stored !== undefined && addressKey(stored.address) !== addressKey(address)
    })
    if (elsewhere.length > 0) throw new ParkedElsewhereError(elsewhere)
  }

  /** R2 */
  #refuseConflicts({ actors }: CommitBatch): void {
    const moved = actors.filter(({ next, expectedSeq }) => (this.actors.get(addressKey(next.address))?.seq ?? 0) !== expectedSeq)
    if (moved.length > 0) throw new ConflictError(moved.map(({ next }) => next.address))
  }

  /** R3 */
  #refuseDuplicates(batch: CommitBatch): void {
    const duplicates = repeatedEvents(batch)
    for (const { next, journal } of batch.actors) {
      const known = this.inbox.get(addressKey(next.address))
      for (const { eventId, fresh } of journal) {
        if (!fresh && known?.has(eventId)) duplicates.push({ address: next.address, eventId })
      }
    }
    if (duplicates.length > 0) throw new DuplicateEventError(duplicates)
  }

  /** The projections' tables as they will be, made aside because a unique key may refuse them. */
  #projected({ actors }: CommitBatch): Map<string, Row[]> {
    const changed = new Map<string, Row[]>()
    for (const { table, key, rows } of actors.flatMap((commit) => commit.rows)) {
      const present = changed.get(table) ?? this.rows.get(table) ?? []
      const kept = present.filter((row) => !hasKey(row, key))
      changed.set(table, [...kept, ...rows.map((row) => ({ ...row }))])
    }
    for (const [table, rows] of changed) {
      for (const columns of this.#uniqueKeys[table] ?? []) assertUnique(table, rows, columns)
    }
    return changed
  }

  #apply(commit: ActorCommit): void {
    const { next } = commit
    const key = addressKey(next.address)
    this.actors.set(key, { ...next, states: [...next.states], tags: [...next.tags] })
    this.#record(key, commit.journal)
    this.#arm(key, commit)
    for (const effectKey of commit.effectsRemoved) this.effects.delete(effectKey)
    for (const effect of commit.effectsAdded) this.effects.set(effect.key, { ...effect })
    for (const row of commit.outbox) this.#send(row, next.updatedAt)
    for (const row of commit.parked) this.park(row, true)
    const parkedNow = new Set(commit.parked.map((row) => row.eventId))
    for (const eventId of commit.unparked) if (!parkedNow.has(eventId)) this.parked.delete(parkedKey(next.address.tenant, eventId))
    if (commit.identifiers !== undefined) this.identifiers.set(key, distinct(commit.identifiers))
  }

  #record(key: string, rows: readonly JournalRow[]): void {
    const journal = getOrAdd(this.journal, key, () => [])
    const inbox = getOrAdd(this.inbox, key, () => new Map<string, JournalRow>())
    for (const row of rows) {
      const copy = { ...row }
      journal.push(copy)
      if (!row.fresh) inbox.set(row.eventId, copy)
    }
  }

  #arm(key: string, { next, timersSet, timersCleared }: ActorCommit): void {
    const armed = getOrAdd(this.timers, key, () => new Map<string, DueTimer>())
    const disarm = (id: string): void => {
      const timer = armed.get(id)
      if (timer === undefined) return
      armed.delete(id)
      this.dueOrder.remove(timer)
    }
    for (const id of timersCleared) disarm(id)
    for (const timer of timersSet) {
      disarm(timer.id)
      const due: DueTimer = { ...timer, address: next.address, slice: next.slice }
      armed.set(due.id, due)
      this.dueOrder.add(due)
    }
  }

  #send(row: OutboxRow, at: number): void {
    this.outbox.set(row.key, { ...row, position: ++this.#position, at })
  }
}

export function hasKey(row: Row, key: RowSet['key']): boolean {
  return Object.entries(key).every(([column, value]) => row[column] === value)
}

export function parkedKey(tenant: string, eventId: string): string {
  return `${tenant}/${eventId}`
}

function distinct(identifiers: readonly Identifier[]): Identifier[] {
  return [...new Map(identifiers.map(({ kind, value }) => [JSON.stringify([kind, value]), { kind, value }])).values()]
}

function getOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function assertUnique(table: string, rows: readonly Row[], columns: readonly string[]): void {
  const seen = new Set<string>()
  for (const row of rows) {
    const key = JSON.stringify(columns.map((column) => row[column]))
    if (seen.has(key)) throw new UniqueKeyError(table, `${table} holds (${columns.join(', ')}) = ${key} already`)
    seen.add(key)
  }
}
