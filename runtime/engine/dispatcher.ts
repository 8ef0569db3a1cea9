/**
 * The heart of the engine: mailboxes in, group commits out.
 *
 * - R1: nothing leaves (reply, effect, message) before `store.commit` resolves.
 * - R2: a conflict reloads the actor and steps again.
 * - R4: a cell is in one batch at a time; its queue is FIFO, and a batch that failed puts its events back in front.
 * - R7: a batch that the database refuses is tried again actor by actor, event by event.
 *
 * Group commit: while a commit is under way the next batch gathers, at most `commitsInFlight` at once. An
 * idle engine commits at once; there is no waiting timer. What is ready is shared between the free
 * slots, so that one batch is stepped while the other is being written.
 */
import { StandingError } from '../errors.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { StepScope } from '../machine/scope.ts'
import type { Address } from '../model/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import { ConflictError, DuplicateEventError, StoreUnavailableError } from '../ports/store.ts'
import type { Store } from '../ports/store.ts'
import type { Limits } from '../runtime-face.ts'
import { fromStored } from '../step/actor-state.ts'
import type { Activity } from './activity.ts'
import type { ActorWrite } from './actor-write.ts'
import { stepCell } from './batch-steps.ts'
import type { Answered, CellBatch } from './batch-steps.ts'
import type { Cell, Exclusive, Item } from './cell.ts'
import { Cells } from './cells.ts'
import { ACTOR_STEPS_MAX } from './limits.ts'

/** What happens around a commit; implemented by the runtime's other parts. */
export interface DispatchHooks {
  /** Called in commit order per actor, after the commit. */
  committed(cell: Cell, write: ActorWrite): void
  /** Answers one sender, after the commit. May look things up; the actor does not wait for it. */
  answer(answered: Answered): void
  /** A sender whose event is in the journal already. */
  duplicate(cell: Cell, item: Item, found: FoundEvent): void
  /** Outbox rows that have been delivered and can go with the next commit. */
  takeRelayed(): string[]
  returnRelayed(keys: readonly string[]): void
}

export type FoundEvent = Awaited<ReturnType<Store['findEvents']>>[number]

export interface DispatcherParts {
  compiled: ReadonlyMap<string, CompiledActor>
  store: Store
  clock: Clock
  log: Log
  metrics: Metrics
  limits: Limits
  activity: Activity
  hooks: DispatchHooks
}

const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 2_000

export class Dispatcher {
  readonly cells: Cells
  readonly scope = new StepScope()
  waiting = 0
  inFlight = 0
  /** True while the store is out of reach: senders are told to come again (R9). */
  unavailable = false

  readonly #parts: DispatcherParts
  #ready: Cell[] = []
  #pumping = false
  #stopped = false
  #retryMs = RETRY_MS_MIN
  #paused = false

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    this.cells = new Cells(parts.limits.hotActors)
  }

  /** Puts an event into its actor's mailbox. */
  submit(address: Address, item: Item): void {
    const cell = this.cells.get(address)
    cell.queue.push(item)
    this.waiting++
    this.#parts.activity.begin()
    this.#makeReady(cell)
  }

  /** Events that must come before whatever has queued up meanwhile, in the order given. */
  submitFirst(cell: Cell, items: readonly Item[]): void {
    cell.queue.unshift(...items)
    this.waiting += items.length
    for (const _item of items) this.#parts.activity.begin()
    this.#makeReady(cell)
  }

  /** Runs with the actor loaded and in no batch. */
  exclusive<T>(address: Address, work: (cell: Cell) => Promise<T>): Promise<T> {
    const cell = this.cells.get(address)
    return this.#parts.activity.during(
      () =>
        new Promise<T>((resolve, reject) => {
          const run: Exclusive = () => work(cell).then(resolve, reject)
          cell.exclusive.push(run)
          this.#makeReady(cell)
        }),
    )
  }

  /** Drops everything at once, as a crash would. */
  kill(): void {
    this.#stopped = true
    this.#ready = []
    for (const cell of this.cells.all()) {
      for (const item of cell.queue) {
        if (item.reply.mode === 'sync') item.reply.reject(new StandingError('invalid-state', 'the runtime was killed'))
      }
      cell.queue = []
    }
    this.waiting = 0
  }

  #makeReady(cell: Cell): void {
    if (cell.ready || cell.busy || this.#stopped) return
    cell.ready = true
    this.#ready.push(cell)
    this.#schedule()
  }

  /** At the end of this turn of the event loop, so that what arrives together is committed together. */
  #schedule(): void {
    if (this.#pumping || this.#paused) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      this.#pump()
    })
  }

  #pump(): void {
    const { commitsInFlight } = this.#parts.limits
    while (!this.#stopped && !this.#paused && this.inFlight < commitsInFlight && this.#ready.length > 0) {
      const share = Math.ceil(this.#ready.length / (commitsInFlight - this.inFlight))
      const { batch, cold } = this.#take(Math.max(share, SHARE_MIN))
      if (cold.length > 0) void this.#load(cold)
      if (batch.length > 0) void this.#run(batch)
    }
  }

  /** Takes up to `count` cells from the ready line: hot ones for a batch, cold ones to be loaded first. */
  #take(count: number): { batch: { cell: Cell; items: Item[] }[]; cold: Cell[] } {
    const batch: { cell: Cell; items: Item[] }[] = []
    const cold: Cell[] = []
    const ready = this.#ready
    let budget = this.#parts.limits.batch
    let taken = 0
    while (taken < ready.length && taken < count && budget > 0) {
      const cell = ready[taken] as Cell
      if (cell.solo && batch.length > 0) break
      taken++
      cell.ready = false
      cell.busy = true
      if (cell.state === 'unknown') {
        cold.push(cell)
        continue
      }
      const work = cell.exclusive.shift()
      if (work !== undefined) {
        void work().finally(() => this.#release(cell))
        continue
      }
      const items = cell.queue.splice(0, cell.solo ? 1 : Math.min(budget, ACTOR_STEPS_MAX))
      budget -= items.length
      batch.push({ cell, items })
      if (cell.solo) break
    }
    this.#ready = ready.slice(taken)
    return { batch, cold }
  }

  async #load(cells: readonly Cell[]): Promise<void> {
    const { store, compiled, log } = this.#parts
    try {
      const loaded = await store.load(cells.map((cell) => cell.address))
      for (const cell of cells) {
        const found = loaded.get(cell.key)
        const definition = compiled.get(cell.address.type)
        if (found === undefined || definition === undefined) {
          cell.state = 'absent'
          continue
        }
        try {
          cell.state = fromStored(definition, this.scope, found)
        } catch (error) {
          // R12: held back and named; nobody else is troubled.
          log.error({ actor: cell.key, err: error }, 'a stored actor does not fit the code')
          cell.state = 'unfit'
        }
      }
      this.#recovered()
    } catch (error) {
      this.#pause(error)
    }
    for (const cell of cells) this.#release(cell)
  }

  async #run(taken: { cell: Cell; items: Item[] }[]): Promise<void> {
    const { store, hooks, metrics } = this.#parts
    this.inFlight++
    let batches: CellBatch[] = []
    const relayed = hooks.takeRelayed()
    try {
      if (taken.some(({ items }) => items.some((item) => item.maybeCommitted))) await this.#settleKnown(taken)
      batches = taken.map(({ cell, items }) => this.#step(cell, items))
      const writes = batches.flatMap((batch) => (batch.write === undefined ? [] : [batch.write]))
      const orphans = batches.flatMap((batch) => batch.orphans)
      if (orphans.length > 0) await store.park(orphans)
      if (writes.length > 0 || relayed.length > 0) {
        const began = performance.now()
        await store.commit({ actors: writes.map((write) => write.toCommit()), relayed })
        metrics.committed(
          writes.reduce((sum, write) => sum + write.steps.length, 0),
          performance.now() - began,
        )
      }
      if (this.#stopped) return
      this.#recovered()
      for (const batch of batches) this.#succeed(batch)
    } catch (error) {
      hooks.returnRelayed(relayed)
      if (!this.#stopped) this.#fail(taken, error)
    } finally {
      this.inFlight--
      for (const { cell } of taken) this.#release(cell)
      this.#schedule()
    }
  }

  #step(cell: Cell, items: readonly Item[]): CellBatch {
    const { compiled, clock, limits } = this.#parts
    const definition = compiled.get(cell.address.type) as CompiledActor
    return stepCell({ compiled: definition, scope: this.scope, at: clock.now(), limits }, cell, items)
  }

  #succeed(batch: CellBatch): void {
    const { cell, write } = batch
    cell.solo = false
    if (write !== undefined) {
      cell.state = write.state
      write.state.self.current = write.state.snapshot
      this.#parts.hooks.committed(cell, write)
    }
    for (const answered of batch.answers) this.#done(answered)
  }

  #done(answered: Answered): void {
    this.#parts.hooks.answer(answered)
    this.#forget(answered.item)
  }

  #forget(_item: Item): void {
    this.waiting--
    this.#parts.activity.end()
  }

  /** R3: after a commit of unknown outcome, or one refused as a double, the journal decides. */
  async #settleKnown(taken: { cell: Cell; items: Item[] }[]): Promise<void> {
    const asked = taken.flatMap(({ cell, items }) => items.filter((item) => item.maybeCommitted).map((item) => ({ address: cell.address, eventId: item.delivery.eventId })))
    const found = await this.#parts.store.findEvents(asked)
    for (const entry of taken) {
      entry.items = entry.items.filter((item) => {
        if (!item.maybeCommitted) return true
        item.maybeCommitted = false
        const known = found.find(({ address, row }) => row.eventId === item.delivery.eventId && address.id === entry.cell.address.id && address.type === entry.cell.address.type && address.tenant === entry.cell.address.tenant)
        if (known === undefined) return true
        this.#parts.metrics.duplicate()
        this.#parts.hooks.duplicate(entry.cell, item, known)
        this.#forget(item)
        return false
      })
    }
  }

  #fail(taken: { cell: Cell; items: Item[] }[], error: unknown): void {
    const { metrics, log } = this.#parts
    for (const { cell, items } of taken) cell.queue.unshift(...items)
    if (error instanceof ConflictError) {
      metrics.conflict()
      const moved = new Set(error.addresses.map((a) => `${a.tenant}/${a.type}/${a.id}`))
      for (const { cell } of taken) if (moved.size === 0 || moved.has(cell.key)) cell.state = 'unknown'
      return
    }
    if (error instanceof DuplicateEventError) {
      for (const { address, eventId } of error.events) {
        const entry = taken.find(({ cell }) => cell.address.id === address.id && cell.address.type === address.type && cell.address.tenant === address.tenant)
        const item = entry?.items.find((one) => one.delivery.eventId === eventId)
        if (item !== undefined) item.maybeCommitted = true
      }
      return
    }
    if (error instanceof StoreUnavailableError) {
      for (const { cell, items } of taken) {
        cell.state = 'unknown'
        for (const item of items) item.maybeCommitted = true
      }
      this.#pause(error)
      return
    }
    const only = taken.length === 1 ? taken[0] : undefined
    if (only !== undefined && only.items.length === 1) {
      const item = only.items[0] as Item
      log.error({ actor: only.cell.key, eventId: item.delivery.eventId, err: error }, 'the database refuses the commit of this event')
      // A failure to write even the hold is tried again after a pause, not in a tight loop.
      if (item.failure !== undefined) this.#pause(error)
      item.failure = error
      only.cell.solo = true
      return
    }
    log.warn({ actors: taken.length, err: error }, 'a batch was refused; trying its events one by one')
    for (const { cell } of taken) cell.solo = true
  }

  #release(cell: Cell): void {
    cell.busy = false
    if (cell.queue.length > 0 || cell.exclusive.length > 0) {
      this.#makeReady(cell)
    } else if (typeof cell.state === 'string') {
      this.cells.drop(cell)
    }
  }

  #pause(error: unknown): void {
    if (this.#paused || this.#stopped) return
    this.#parts.log.warn({ err: error, retryMs: this.#retryMs }, 'the store is out of reach; trying again')
    this.#paused = true
    this.unavailable = error instanceof StoreUnavailableError
    setTimeout(() => {
      this.#paused = false
      this.#schedule()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
  }

  #recovered(): void {
    this.unavailable = false
    this.#retryMs = RETRY_MS_MIN
  }
}

/** Splitting a handful of events over two commits would only cost a second round trip. */
const SHARE_MIN = 8
