/**
 * The store port in memory: for tests, trials and machines run as a library. As strict as Postgres (one contract suite proves both),
 * all or nothing (R1), and usable by one runtime after another, so that a test can crash one and start the next on the same data.
 */
import { factsOf } from '../feed/journaled.ts'
import { addressKey, parseAddressKey, type Address } from '../model/address.ts'
import type { DueTimer, EffectProgress, EffectRow, JournalRow, ParkedKind, ParkedRow, PositionedOutboxRow, PositionedParkedRow, RowSet, StoredActor, TimerRow } from '../model/records.ts'
import type {
  CommitBatch,
  EffectQuery,
  HistoryQuery,
  JournalFactsQuery,
  JournalPage,
  ListQuery,
  LoadedActor,
  MachineRow,
  ParkedQuery,
  SearchHit,
  StateCount,
  Store,
  StoredShape, StoredTimers,
} from '../ports/store.ts'
import type { Leases } from '../ports/leases.ts'
import { memoryLeases } from './memory-leases.ts'
import { hasKey, MemoryTables, parkedKey } from './memory-tables.ts'
import { compareAddresses, compareCursors, compareEffects, compareText } from './order.ts'
import { countShapes, countTimers, countStates, matches, shownStatus } from './shapes.ts'

export interface MemoryStoreOptions {
  /** Unique keys of tables that projections write: `{'business.open_prompts': [['tenant', 'phone']]}`. */
  uniqueKeys?: Readonly<Record<string, readonly (readonly string[])[]>>
  /** The time that leases run on. */
  leaseNow?: () => number
}

export interface MemoryStore extends Store {
  /** What is stored, for tests to look at. */
  readonly tables: MemoryTables
}

export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new InMemory(options)
}

class InMemory implements MemoryStore {
  readonly tables: MemoryTables
  readonly leases: Leases

  constructor({ uniqueKeys = {}, leaseNow }: MemoryStoreOptions) {
    this.tables = new MemoryTables(uniqueKeys)
    this.leases = memoryLeases(leaseNow)
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  async load(addresses: readonly Address[]): Promise<Map<string, LoadedActor>> {
    const found = new Map<string, LoadedActor>()
    for (const key of addresses.map(addressKey)) {
      const actor = this.tables.actors.get(key)
      if (actor === undefined) continue
      const timers = [...(this.tables.timers.get(key)?.values() ?? [])].map(toTimerRow).sort((a, b) => a.dueAt - b.dueAt || compareText(a.id, b.id))
      found.set(key, { actor: copyActor(actor), timers })
    }
    return found
  }

  async commit(batch: CommitBatch): Promise<void> {
    this.tables.commit(batch)
  }

  async findEvents(events: readonly { address: Address; eventId: string }[]): Promise<{ address: Address; row: JournalRow }[]> {
    return events.flatMap(({ address, eventId }) => {
      const key = addressKey(address)
      // R3 fences no ids that were made for one delivery, but whoever asks right after a commit wants to know of them too.
      const row = this.tables.inbox.get(key)?.get(eventId) ?? this.tables.journal.get(key)?.findLast((one) => one.eventId === eventId)
      return row === undefined ? [] : [{ address, row: { ...row } }]
    })
  }

  async history(address: Address, { limit, afterSeq, order }: HistoryQuery): Promise<JournalRow[]> {
    const rows = [...(this.tables.journal.get(addressKey(address)) ?? [])]
    if (order === 'desc') rows.reverse()
    const wanted = rows.filter((row) => afterSeq === undefined || (order === 'asc' ? row.seq > afterSeq : row.seq < afterSeq))
    return wanted.slice(0, limit).map((row) => ({ ...row }))
  }

  async journaledFacts({ tenant, from, types, after, limit }: JournalFactsQuery): Promise<JournalPage> {
    const rows = [...this.tables.journal].flatMap(([key, journal]) => {
      const address = parseAddressKey(key)
      if (address.tenant !== tenant || types?.includes(address.type) === false) return []
      return journal.filter(({ at, facts }) => facts !== null && at >= from).map((row) => ({ address, row, cursor: { at: row.at, type: address.type, id: address.id, seq: row.seq } }))
    })
    const page = rows
      .sort((a, b) => compareCursors(a.cursor, b.cursor))
      .filter(({ cursor }) => after === undefined || compareCursors(cursor, after) > 0)
      .slice(0, limit)
    return { facts: page.flatMap(({ address, row }) => factsOf(address, row)), next: page.length < limit ? undefined : page.at(-1)?.cursor }
  }

  async dueTimers(query: { until: number; limit: number; after?: DueTimer | undefined; slices?: readonly number[] | undefined }): Promise<DueTimer[]> {
    const due: DueTimer[] = []
    for (const timer of this.tables.dueOrder.after(query.after)) {
      if (timer.dueAt > query.until || due.length === query.limit) break
      if (isIn(query.slices, timer.slice)) due.push({ ...timer })
    }
    return due
  }

  async nextDueAt(): Promise<number | undefined> {
    const isHeld = (address: Address): boolean => (this.tables.actors.get(addressKey(address))?.hold ?? null) !== null
    let earliest = Infinity
    for (const timer of this.tables.dueOrder.after()) {
      if (isHeld(timer.address)) continue
      earliest = timer.dueAt
      break
    }
    for (const effect of this.tables.effects.values()) {
      const isWaiting = effect.status === 'pending' || effect.status === 'retrying'
      if (isWaiting && effect.nextAttemptAt < earliest && !isHeld(effect.address)) earliest = effect.nextAttemptAt
    }
    return earliest === Infinity ? undefined : earliest
  }

  async dueEffects(query: { until: number; limit: number; lane?: string | undefined; slices?: readonly number[] | undefined }): Promise<EffectRow[]> {
    return [...this.tables.effects.values()]
      .filter((effect) => effect.status !== 'failed' && effect.nextAttemptAt <= query.until && isIn(query.slices, effect.slice))
      .filter((effect) => query.lane === undefined || effect.lane === query.lane)
      .sort(compareEffects)
      .slice(0, query.limit)
      .map((effect) => ({ ...effect }))
  }

  async progressEffects(changes: readonly EffectProgress[]): Promise<void> {
    for (const { key, status, attempts, nextAttemptAt, lastError } of changes) {
      const effect = this.tables.effects.get(key)
      if (effect !== undefined) Object.assign(effect, { status, attempts, nextAttemptAt, lastError })
    }
  }

  async removeEffects(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.tables.effects.delete(key)
  }

  async listEffects({ tenant, status, address, lane, name, since, limit, afterKey }: EffectQuery): Promise<EffectRow[]> {
    return [...this.tables.effects.values()]
      .filter((effect) => matches(effect.address, { tenant, address }) && (status === undefined || effect.status === status))
      .filter((effect) => (lane === undefined || effect.lane === lane) && (name === undefined || effect.name === name) && (since === undefined || effect.createdAt >= since))
      .filter((effect) => afterKey === undefined || effect.key > afterKey)
      .sort((a, b) => compareText(a.key, b.key))
      .slice(0, limit)
      .map((effect) => ({ ...effect }))
  }

  async unsentOutbox(query: { afterPosition: number; limit: number; slices?: readonly number[] | undefined }): Promise<PositionedOutboxRow[]> {
    const rows: PositionedOutboxRow[] = []
    for (const { at: _, ...row } of this.tables.outbox.values()) {
      if (rows.length === query.limit) break
      if (row.position > query.afterPosition && isIn(query.slices, row.slice)) rows.push(row)
    }
    return rows
  }

  async unsentOf(senders: readonly Address[]): Promise<string[]> {
    const wanted = new Set(senders.map(addressKey))
    return [...this.tables.outbox.values()].filter(({ sender }) => wanted.has(addressKey(sender))).map(({ key }) => key)
  }

  async removeOutbox(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.tables.outbox.delete(key)
  }

  async outboxBacklog(): Promise<{ count: number; oldestAt: number | undefined }> {
    let oldestAt: number | undefined
    for (const { at } of this.tables.outbox.values()) if (oldestAt === undefined || at < oldestAt) oldestAt = at
    return { count: this.tables.outbox.size, oldestAt }
  }

  async park(rows: readonly ParkedRow[]): Promise<void> {
    this.tables.refuseParkedElsewhere(rows)
    for (const row of rows) this.tables.park(row, false)
  }

  async listParked({ tenant, kind, address, limit, afterPosition = 0 }: ParkedQuery): Promise<PositionedParkedRow[]> {
    return [...this.tables.parked.values()]
      .filter((row) => row.position > afterPosition && matches(row.address, { tenant, address }) && (kind === undefined || row.kind === kind))
      .slice(0, limit)
      .map((row) => ({ ...row }))
  }

  async findParked(tenant: string, eventId: string): Promise<PositionedParkedRow | undefined> {
    const row = this.tables.parked.get(parkedKey(tenant, eventId))
    return row === undefined ? undefined : { ...row }
  }

  async setParkedKind(tenant: string, eventId: string, kind: ParkedKind): Promise<void> {
    const row = this.tables.parked.get(parkedKey(tenant, eventId))
    if (row !== undefined) this.tables.parked.set(parkedKey(tenant, eventId), { ...row, kind })
  }

  async removeParked(tenant: string, eventIds: readonly string[]): Promise<void> {
    for (const eventId of eventIds) this.tables.parked.delete(parkedKey(tenant, eventId))
  }

  async list({ tenant, type, state, tag, status, updatedSince, limit, afterId }: ListQuery): Promise<StoredActor[]> {
    return [...this.tables.actors.values()]
      .filter(({ address }) => address.tenant === tenant && address.type === type && (afterId === undefined || address.id > afterId))
      .filter((actor) => (state === undefined || actor.states.includes(state)) && (tag === undefined || actor.tags.includes(tag)))
      .filter((actor) => (status === undefined || shownStatus(actor) === status) && (updatedSince === undefined || actor.updatedAt >= updatedSince))
      .sort((a, b) => compareText(a.address.id, b.address.id))
      .slice(0, limit)
      .map(copyActor)
  }

  async findRow(table: string, key: RowSet['key']): Promise<RowSet['rows'][number] | undefined> {
    const row = this.tables.rows.get(table)?.find((one) => hasKey(one, key))
    return row === undefined ? undefined : { ...row }
  }

  async search(tenant: string, values: readonly string[], limit: number): Promise<SearchHit[]> {
    const hits: SearchHit[] = []
    for (const [key, identifiers] of this.tables.identifiers) {
      const address = this.tables.actors.get(key)?.address
      if (address === undefined || address.tenant !== tenant) continue
      for (const identifier of identifiers) if (values.includes(identifier.value)) hits.push({ identifier: { ...identifier }, address })
    }
    const order = (a: SearchHit, b: SearchHit): number =>
      compareText(a.identifier.value, b.identifier.value) || compareText(a.identifier.kind, b.identifier.kind) || compareAddresses(a.address, b.address)
    return hits.sort(order).slice(0, limit)
  }

  async stateCounts(tenant?: string): Promise<StateCount[]> {
    return countStates([...this.tables.actors.values()].filter(({ address }) => tenant === undefined || address.tenant === tenant))
  }

  async saveMachines(rows: readonly MachineRow[]): Promise<void> {
    for (const row of rows) {
      const key = `${row.type}/${row.version}/${row.hash}`
      if (!this.tables.machines.has(key)) this.tables.machines.set(key, { ...row })
    }
  }

  async listMachines(): Promise<MachineRow[]> {
    const order = (a: MachineRow, b: MachineRow): number => compareText(a.type, b.type) || a.deployedAt - b.deployedAt || compareText(a.hash, b.hash)
    return [...this.tables.machines.values()].sort(order).map((row) => ({ ...row }))
  }

  async storedShapes(): Promise<StoredShape[]> {
    return countShapes(this.tables.actors)
  }

  async storedTimers(): Promise<StoredTimers[]> {
    return countTimers(this.tables)
  }
}

function isIn(slices: readonly number[] | undefined, slice: number): boolean {
  return slices === undefined || slices.includes(slice)
}

function toTimerRow({ id, dueAt, armedAt, armedSeq, action }: DueTimer): TimerRow {
  return { id, dueAt, armedAt, armedSeq, action }
}

function copyActor(actor: StoredActor): StoredActor {
  return { ...actor, states: [...actor.states], tags: [...actor.tags] }
}
