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
import { ConflictError, StoreUnavailableError } from '../ports/store.ts'
import { stepCell } from './batch-steps.ts'
import type { Answered, CellBatch } from './batch-steps.ts'
import { takeDistinct } from './cell.ts'
import type { Cell, Exclusive, Item } from './cell.ts'
import { Cells } from './cells.ts'
import type { DispatcherParts } from './dispatcher-parts.ts'
import { settleContests } from './contested.ts'
import { judge } from './failed-commit.ts'
import type { Taken } from './failed-commit.ts'
import { ACTOR_STEPS_MAX } from './limits.ts'
import { loadCells } from './load-cells.ts'
import { settleKnown } from './settle-known.ts'
import { inSlices } from './slices.ts'

const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 2_000
/** How long senders wait for a store that is out of reach. */
const PATIENCE_MS = 5_000

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
  /** Since when the store has taken nothing, though it may have answered. */
  #outageSince: number | undefined
  /** A commit broke off: what it set off may be in the store without anybody here knowing. */
  #uncertain = false

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    this.cells = new Cells(parts.limits.hotActors, parts.slices)
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
  #take(count: number): { batch: Taken[]; cold: Cell[] } {
    const batch: Taken[] = []
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
      const items = takeDistinct(cell.queue, cell.solo ? 1 : Math.min(budget, ACTOR_STEPS_MAX))
      budget -= items.length
      batch.push({ cell, items })
      if (cell.solo) break
    }
    this.#ready = ready.slice(taken)
    return { batch, cold }
  }

  async #load(cells: readonly Cell[]): Promise<void> {
    try {
      await loadCells(this.#parts, this.scope, cells)
      await this.#parts.hooks.loaded(cells)
      for (const cell of cells) {
        if (cell.uncertain && typeof cell.state === 'object') this.#parts.hooks.reloaded(cell.state)
        cell.uncertain = false
      }
      this.#recovered()
    } catch (error) {
      this.#pause(error)
    }
    for (const cell of cells) this.#release(cell)
  }

  async #run(taken: Taken[]): Promise<void> {
    const { store, hooks, metrics } = this.#parts
    this.inFlight++
    const batches: CellBatch[] = []
    const relayed = hooks.takeRelayed()
    try {
      if (taken.some(({ items }) => items.some((item) => item.maybeCommitted))) await settleKnown(taken, this.#parts, (item) => this.#forget(item))
      if (taken.some(({ items }) => items.some((item) => item.contested !== undefined))) await settleContests(taken, this.#parts)
      await inSlices(taken, ({ cell, items }) => batches.push(this.#step(cell, items)))
      if (this.#stopped) return
      const writes = batches.flatMap((batch) => (batch.write === undefined ? [] : [batch.write]))
      await this.#setAside(batches)
      if (this.#stopped) return
      if (writes.length > 0 || relayed.length > 0) {
        const began = performance.now()
        await store.commit({ actors: writes.map((write) => write.toCommit()), relayed })
        const durationMs = performance.now() - began
        this.#tell(() => metrics.committed(writes.reduce((sum, write) => sum + write.steps.length, 0), durationMs))
      }
      if (this.#stopped) return
      this.#recovered()
      this.#outageSince = undefined
      hooks.forgotten(relayed)
      // Killed between two slices: nothing leaves any more, and what is committed is found again (R10).
      await inSlices(batches, (batch) => {
        if (!this.#stopped) this.#succeed(batch)
      })
    } catch (error) {
      hooks.returnRelayed(relayed)
      if (!this.#stopped) this.#fail(taken, error)
    } finally {
      this.inFlight--
      for (const { cell } of taken) this.#release(cell)
      this.#schedule()
    }
  }

  /** What has no actor row to be committed with; the effect rows go only when their results are safe. */
  async #setAside(batches: readonly CellBatch[]): Promise<void> {
    const { store } = this.#parts
    const orphans = batches.flatMap((batch) => batch.orphans)
    if (orphans.length > 0) await store.park(orphans)
    const effects = batches.flatMap((batch) => batch.effectsDone)
    if (effects.length > 0 && !this.#stopped) await store.removeEffects(effects)
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
      this.#tell(() => this.#parts.hooks.committed(cell, write))
    }
    // A commit that went through proves that the actor was as we knew it (R2).
    const doubtful = write === undefined ? batch.answers.filter((answered) => this.#parts.hooks.isDoubtful(answered)) : NONE
    if (doubtful.length > 0) cell.state = 'unknown'
    for (const { item } of doubtful) item.isCurrent = true
    cell.queue.unshift(...doubtful.map(({ item }) => item), ...batch.unsure)
    for (const answered of batch.answers) if (!doubtful.includes(answered)) this.#done(answered)
  }

  #done(answered: Answered): void {
    this.#tell(() => this.#parts.hooks.answer(answered))
    this.#forget(answered.item)
  }

  /** After the commit nothing may make the batch look failed, or it would be taken twice. */
  #tell(listen: () => void): void {
    try {
      listen()
    } catch (error) {
      this.#parts.log.error({ err: error }, 'a listener failed after a commit')
    }
  }

  #forget(_item: Item): void {
    this.waiting--
    this.#parts.activity.end()
  }

  #fail(taken: readonly Taken[], error: unknown): void {
    for (const { cell, items } of taken) cell.queue.unshift(...items)
    const verdict = judge(taken, error, this.#parts)
    if (error instanceof ConflictError) this.#parts.hooks.overtaken()
    if (error instanceof StoreUnavailableError) {
      this.#uncertain = true
      this.#parts.hooks.uncertain()
    }
    if (verdict === 'pause') this.#pause(error)
    if (verdict === 'rest') for (const { cell, items } of taken) this.#rest(cell, items[0] as Item, error)
  }

  /** An event that cannot even be set aside: a sender who waits is told, any other event is tried again after a while. */
  #rest(cell: Cell, item: Item, error: unknown): void {
    if (item.reply.mode === 'sync') {
      cell.queue.shift()
      cell.solo = false
      item.reply.reject(new StandingError('step-failed', 'the database refuses this event', { cause: error }))
      this.#forget(item)
    } else {
      cell.restUntil = performance.now() + RETRY_MS_MAX
    }
  }

  #release(cell: Cell): void {
    const restMs = cell.restUntil - performance.now()
    if (restMs > 0) return void setTimeout(() => this.#release(cell), restMs)
    cell.busy = false
    if (cell.queue.length > 0 || cell.exclusive.length > 0) this.#makeReady(cell)
    else this.cells.rest(cell)
  }

  #pause(error: unknown): void {
    if (this.#paused || this.#stopped) return
    this.#parts.log.warn({ err: error, retryMs: this.#retryMs }, 'the store is out of reach; trying again')
    this.#paused = true
    this.unavailable = error instanceof StoreUnavailableError
    if (this.unavailable && performance.now() - (this.#outageSince ??= performance.now()) >= PATIENCE_MS) this.#turnAway()
    setTimeout(() => {
      this.#paused = false
      // Nothing is left to try it with: the next sender does.
      if (this.#ready.length === 0 && this.inFlight === 0) this.unavailable = false
      this.#schedule()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
  }

  /** R9: nobody is kept waiting for as long as an outage lasts. Whoever repeats the event under its id is safe either way (R3). */
  #turnAway(): void {
    for (const cell of this.cells.all()) {
      const waiting = cell.queue
      cell.queue = waiting.filter(({ reply }) => reply.mode === 'async')
      for (const item of waiting) {
        if (item.reply.mode === 'async') continue
        item.reply.reject(new StandingError('overloaded', 'the database is out of reach; whether the event was taken is not known yet', { retryAfterMs: RETRY_MS_MAX }))
        this.#forget(item)
      }
    }
  }

  #recovered(): void {
    this.unavailable = false
    this.#retryMs = RETRY_MS_MIN
    if (!this.#uncertain) return
    this.#uncertain = false
    this.#parts.hooks.recollect()
  }
}

/** Splitting a handful of events over two commits would only cost a second round trip. */
const SHARE_MIN = 8
const NONE: readonly Answered[] = []
