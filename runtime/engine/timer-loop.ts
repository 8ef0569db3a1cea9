/**
 * Brings due timers to their actors (R6).
 *
 * The table is the truth; in memory stand only the timers of the near future, up to `#horizon`. What is
 * armed inside the horizon is added as its commit lands; what lies beyond is read in when the horizon
 * moves. A firing is a delivery like any other: the actor's own timer map decides whether it is still
 * of the right generation, so this loop may bring a timer twice without harm.
 */
import type { Address } from '../model/address.ts'
import type { Delivery } from '../model/messages.ts'
import type { DueTimer, TimerRow } from '../model/records.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Store } from '../ports/store.ts'
import type { Activity } from './activity.ts'
import { compareTimers } from '../store/order.ts'
import { DueHeap } from './due-heap.ts'
import type { HeldSlices } from './ownership/held-slices.ts'

export interface TimerLoopParts {
  store: Store
  clock: Clock
  log: Log
  metrics: Metrics
  activity: Activity
  slices: HeldSlices
  /** Hands a due timer to its actor; `settled` is called when it has been dealt with. */
  deliver(address: Address, delivery: Delivery & { kind: 'timer' }, settled: () => void): void
}

/** How far ahead timers are read in. */
const LOOKAHEAD_MS = 2_000
const PAGE = 2_000
/** Timers under way at once; the backlog after an outage waits in the table (R9). */
const FIRING_MAX = 2_000
const REFILL_RETRY_MS = 500
/** Sorts after every real address. */
const LAST_ADDRESS: Address = { tenant: '\u{10FFFF}', type: '', id: '' }

export class TimerLoop {
  readonly #parts: TimerLoopParts
  /** In the store's own order, so that two timers of one moment fire alike whether armed here or read in (R11). */
  readonly #near = new DueHeap<DueTimer>(compareTimers)
  #horizon = Number.NEGATIVE_INFINITY
  #cursor: DueTimer | undefined
  /** Event ids under way: a sweep reads them from the table too, and need not bring them again. */
  readonly #firing = new Set<string>()
  #refilling: Promise<boolean> | undefined
  /** Where the refill under way will move the horizon to. */
  #target = Number.NEGATIVE_INFINITY
  /** How often everything had to be read anew. */
  #reads = 0
  #cancelWake: (() => void) | undefined
  #running = false

  constructor(parts: TimerLoopParts) {
    this.#parts = parts
  }

  get near(): number {
    return this.#near.size
  }

  start(): void {
    this.#running = true
    this.#turn()
  }

  stop(): void {
    this.#running = false
    this.#cancelWake?.()
    this.#near.clear()
  }

  /** After a commit that armed these. */
  armed(address: Address, slice: number, timers: Iterable<TimerRow>): void {
    let soonest = false
    for (const timer of timers) {
      // A refill under way may have read its page before this commit: up to its target nobody else will see the timer.
      if (timer.dueAt > this.#horizon && timer.dueAt > this.#target) continue
      soonest ||= timer.dueAt < (this.#near.nextDueAt ?? Number.POSITIVE_INFINITY)
      this.#near.push(timer.dueAt, { ...timer, address, slice })
    }
    if (soonest && this.#running) this.#turn()
  }

  /** Reads everything near anew: the store may hold timers that nobody here has heard of. */
  reread(): void {
    this.#reads++
    this.#horizon = Number.NEGATIVE_INFINITY
    this.#cursor = undefined
    this.#turn()
  }

  /** Slices have become ours: their near timers are in the store alone. */
  async regain(): Promise<void> {
    // Those of slices that were lost and came back would stand here twice.
    this.#near.clear()
    this.reread()
    await this.#refilling
  }

  /** R10: looks for what should have fired long ago, whatever the reason it did not. */
  async sweep(overdueMs: number): Promise<void> {
    const slices = this.#parts.slices.filter
    if (slices?.length === 0) return
    const missed = await this.#parts.store.dueTimers({ until: this.#parts.clock.now() - overdueMs, limit: PAGE, slices })
    for (const timer of missed) this.#fire(timer)
  }

  /** For a clock that is moved by hand: everything due now is handed over before this resolves. */
  async runDue(): Promise<void> {
    await this.#parts.activity.during(async () => {
      await this.#refill()
      this.#fireDue()
    })
  }

  #turn(): void {
    if (!this.#running) return
    this.#fireDue()
    const now = this.#parts.clock.now()
    // A full line of due timers goes on when there is room again; until then there is nothing to wake for.
    const soonest = this.#firing.size < FIRING_MAX ? (this.#near.nextDueAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
    const hasRoom = this.#near.size < PAGE
    // Reads ahead while there is room; half a look-ahead before the horizon so that it is never reached.
    if (this.#horizon < now + LOOKAHEAD_MS / 2 && hasRoom) {
      this.#wakeAt(soonest)
      void this.#refill().then((filled) => (filled ? this.#turn() : this.#wakeAt(this.#parts.clock.now() + REFILL_RETRY_MS)))
      return
    }
    this.#wakeAt(hasRoom ? Math.min(soonest, this.#horizon - LOOKAHEAD_MS / 2) : soonest)
  }

  #wakeAt(at: number): void {
    this.#cancelWake?.()
    if (Number.isFinite(at)) this.#cancelWake = this.#parts.clock.wakeAt(at, () => this.#turn())
  }

  #fireDue(): void {
    const now = this.#parts.clock.now()
    while (this.#firing.size < FIRING_MAX) {
      const timer = this.#near.popDue(now)
      if (timer === undefined) return
      this.#fire(timer)
    }
  }

  #fire(timer: DueTimer): void {
    // Its owner fires it; when the slice comes back, everything is read anew.
    if (!this.#parts.slices.owns(timer.slice)) return
    const eventId = `timer/${timer.address.tenant}/${timer.address.type}/${timer.address.id}/${timer.armedSeq}/${timer.id}`
    if (this.#firing.has(eventId)) return
    this.#firing.add(eventId)
    const trace = { source: 'timer', correlationId: eventId, causationId: null }
    this.#parts.deliver(timer.address, { kind: 'timer', eventId, fresh: true, trace, timerId: timer.id, armedSeq: timer.armedSeq, dueAt: timer.dueAt }, () => {
      this.#firing.delete(eventId)
      this.#parts.metrics.timerFired(Math.max(0, this.#parts.clock.now() - timer.dueAt))
      if (this.#running && this.#firing.size === FIRING_MAX - 1) this.#turn()
    })
  }

  /** One at a time, whoever asks; false when the store did not answer. */
  #refill(): Promise<boolean> {
    this.#refilling ??= this.#read().finally(() => {
      this.#refilling = undefined
    })
    return this.#refilling
  }

  async #read(): Promise<boolean> {
    const target = this.#parts.clock.now() + LOOKAHEAD_MS
    this.#target = target
    try {
      while (this.#horizon < target && this.#near.size < PAGE) {
        const reads = this.#reads
        const slices = this.#parts.slices.filter
        const page = slices?.length === 0 ? [] : await this.#parts.store.dueTimers({ until: target, limit: PAGE, after: this.#cursor, slices })
        if (reads !== this.#reads) continue
        for (const timer of page) this.#near.push(timer.dueAt, timer)
        const last = page.at(-1)
        if (last !== undefined && page.length === PAGE) {
          this.#cursor = last
          this.#horizon = last.dueAt
        } else {
          this.#cursor = timersAfter(target)
          this.#horizon = target
        }
      }
      return true
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'due timers could not be read; trying again')
      return false
    }
  }
}

/** Stands behind every timer due at or before `dueAt`. */
export function timersAfter(dueAt: number): DueTimer {
  return { ...ANY_TIMER, dueAt }
}

const ANY_TIMER: DueTimer = { id: '', dueAt: 0, armedAt: 0, armedSeq: 0, action: '{}', address: LAST_ADDRESS, slice: 0 }
