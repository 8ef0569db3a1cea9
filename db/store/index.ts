/** The store port on Postgres. Each family of statements is a file beside this one. */
import type { Pool } from 'pg'
import type { Address } from '../../runtime/model/address.ts'
import type { DueTimer, EffectProgress, ParkedKind, ParkedRow, RowSet } from '../../runtime/model/records.ts'
import type { CommitBatch, EffectQuery, HistoryQuery, JournalFactsQuery, ListQuery, MachineRow, ParkedQuery, Store } from '../../runtime/ports/store.ts'
import * as actors from './actors.ts'
import { Catalogue } from './catalogue.ts'
import { Committer } from './commit.ts'
import { openConnections, type ConnectOptions, type Connections } from './connections.ts'
import * as effects from './effects.ts'
import * as identifiers from './identifiers.ts'
import { PostgresLeases } from './leases.ts'
import * as journal from './journal.ts'
import * as machines from './machines.ts'
import * as outbox from './outbox.ts'
import * as parked from './parked.ts'
import { findRow } from './rows.ts'
import * as timers from './timers.ts'

export interface PostgresStoreOptions extends ConnectOptions {
  /** Schemas whose tables projections may write. */
  projectionSchemas?: readonly string[] | undefined
}

const PROJECTION_SCHEMAS = ['radius', 'business']

/**
 * @param source where the database is; of a given pool only its settings are used, because the engine's connections need their own.
 */
export function postgresStore(source: PostgresStoreOptions | Pool): Store {
  return new PostgresStore(source)
}

class PostgresStore implements Store {
  readonly leases: PostgresLeases
  readonly #connections: Connections
  readonly #catalogue: Catalogue
  readonly #committer: Committer
  #ready: Promise<void> | undefined
  #ended: Promise<void> | undefined

  constructor(source: PostgresStoreOptions | Pool) {
    const schemas = 'projectionSchemas' in source ? source.projectionSchemas : undefined
    this.#connections = openConnections(source)
    this.leases = new PostgresLeases(() => this.#connections.openSession(), this.#connections.queries)
    this.#catalogue = new Catalogue(schemas ?? PROJECTION_SCHEMAS)
    this.#committer = new Committer(this.#connections.engine, this.#catalogue)
  }

  start(): Promise<void> {
    // A start that failed can be tried again.
    this.#ready ??= this.#catalogue.read(this.#connections.queries).catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }

  stop(): Promise<void> {
    return (this.#ended ??= this.leases.end().then(() => this.#connections.end()))
  }

  load(addresses: readonly Address[]) {
    return actors.load(this.#connections.engine, addresses)
  }

  commit(batch: CommitBatch): Promise<void> {
    return this.#committer.commit(batch)
  }

  findEvents(events: readonly { address: Address; eventId: string }[]) {
    return journal.storedEvents(this.#connections.engine, events)
  }

  history(address: Address, query: HistoryQuery) {
    return journal.history(this.#connections.engine, address, query)
  }

  journaledFacts(query: JournalFactsQuery) {
    return journal.journaledFacts(this.#connections.queries, query)
  }

  dueTimers(query: { until: number; limit: number; after?: DueTimer | undefined; slices?: readonly number[] | undefined }) {
    return timers.dueTimers(this.#connections.engine, query)
  }

  nextDueAt() {
    return timers.nextDueAt(this.#connections.engine)
  }

  dueEffects(query: { until: number; limit: number; lane?: string | undefined; slices?: readonly number[] | undefined }) {
    return effects.dueEffects(this.#connections.engine, query)
  }

  progressEffects(changes: readonly EffectProgress[]) {
    return effects.progressEffects(this.#connections.engine, changes)
  }

  removeEffects(keys: readonly string[]) {
    return effects.removeEffects(this.#connections.engine, keys)
  }

  listEffects(query: EffectQuery) {
    return effects.listEffects(this.#connections.queries, query)
  }

  unsentOutbox(query: { afterPosition: number; limit: number; slices?: readonly number[] | undefined }) {
    return outbox.unsentOutbox(this.#connections.engine, query)
  }

  unsentOf(senders: readonly Address[]) {
    return outbox.unsentOf(this.#connections.engine, senders)
  }

  removeOutbox(keys: readonly string[]) {
    return outbox.removeOutbox(this.#connections.engine, keys)
  }

  outboxBacklog() {
    return outbox.outboxBacklog(this.#connections.queries)
  }

  park(rows: readonly ParkedRow[]) {
    return parked.park(this.#connections.engine, rows)
  }

  listParked(query: ParkedQuery) {
    return parked.listParked(this.#connections.queries, query)
  }

  findParked(tenant: string, eventId: string) {
    return parked.findParked(this.#connections.queries, tenant, eventId)
  }

  setParkedKind(tenant: string, eventId: string, kind: ParkedKind) {
    return parked.setParkedKind(this.#connections.queries, tenant, eventId, kind)
  }

  removeParked(tenant: string, eventIds: readonly string[]) {
    return parked.removeParked(this.#connections.queries, tenant, eventIds)
  }

  list(query: ListQuery) {
    return actors.list(this.#connections.queries, query)
  }

  findRow(table: string, key: RowSet['key']) {
    return findRow(this.#connections.engine, this.#catalogue, table, key)
  }

  search(tenant: string, values: readonly string[], limit: number) {
    return identifiers.search(this.#connections.queries, tenant, values, limit)
  }

  stateCounts(tenant?: string) {
    return actors.stateCounts(this.#connections.queries, tenant)
  }

  saveMachines(rows: readonly MachineRow[]) {
    return machines.saveMachines(this.#connections.queries, rows)
  }

  listMachines() {
    return machines.listMachines(this.#connections.queries)
  }

  storedShapes() {
    return machines.storedShapes(this.#connections.queries)
  }

  storedTimers() {
    return machines.storedTimers(this.#connections.queries)
  }
}
