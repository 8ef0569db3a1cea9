/**
 * R10: recovery is a loop. At start and for as long as the runtime runs, whatever nobody is working on is
 * found again: due timers, unfinished effects, unsent messages, events that wait for an actor that goes on.
 */
import { addressKey } from '../model/address.ts'
import type { PositionedParkedRow } from '../model/records.ts'
import type { Log } from '../ports/log.ts'
import { parkedItem } from './administration.ts'
import type { Store } from '../ports/store.ts'
import type { Activity } from './activity.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { EffectRunner } from './effect-runner.ts'
import type { OutboxRelay } from './outbox-relay.ts'
import type { HeldSlices } from './ownership/held-slices.ts'
import type { TimerLoop } from './timer-loop.ts'

/** A timer this late was missed by the timer loop, not merely queued. */
const OVERDUE_MS = 2_000
const PAGE = 1_000
const EVERY_MS = 5_000

export interface SweeperParts {
  store: Store
  log: Log
  activity: Activity
  slices: HeldSlices
  dispatcher: Dispatcher
  relay: OutboxRelay
  effects: EffectRunner
  timers: TimerLoop
}

export class Sweeper {
  readonly #parts: SweeperParts
  readonly #log: Log
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> | undefined
  #stopped = false

  constructor(parts: SweeperParts, everyMs: number = EVERY_MS) {
    this.#parts = parts
    this.#log = parts.log
    this.#everyMs = everyMs
  }

  /** The first sweep is the recovery after a crash. */
  async start(): Promise<void> {
    await this.once()
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  once(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  /** Something has changed that a sweep under way may have passed by. */
  async afresh(): Promise<void> {
    await this.#sweeping
    // The effects may be read by themselves just now, without what has changed.
    await this.#parts.effects.sweep().catch(() => 0)
    await this.once()
  }

  #schedule(): void {
    if (this.#stopped || !Number.isFinite(this.#everyMs) || this.#everyMs <= 0) return
    this.#timer = setTimeout(() => {
      void this.once().then(() => this.#schedule())
    }, this.#everyMs)
    this.#timer.unref()
  }

  async #sweep(): Promise<void> {
    const { activity, relay, effects, timers } = this.#parts
    await activity.during(async () => {
      for (const [what, look] of [
        ['outbox', () => relay.sweep()],
        ['effects', () => effects.sweep()],
        ['timers', () => timers.sweep(OVERDUE_MS)],
        ['parked events', () => this.#waiting()],
      ] as const) {
        if (this.#stopped) return
        try {
          await look()
        } catch (error) {
          this.#log.warn({ err: error }, `the sweep of ${what} failed; it comes again`)
        }
      }
    })
  }

  /** Events parked while their actor was held, whose actor is held no longer (a crash came between). */
  async #waiting(): Promise<void> {
    const { store, dispatcher, slices } = this.#parts
    const byActor = new Map<string, PositionedParkedRow[]>()
    let position = 0
    for (let page = PAGE; page === PAGE; ) {
      const rows = await store.listParked({ kind: 'waiting', limit: PAGE, afterPosition: position })
      for (const row of rows) {
        if (!slices.owns(row.slice)) continue
        const waiting = byActor.get(addressKey(row.address)) ?? []
        waiting.push(row)
        byActor.set(addressKey(row.address), waiting)
      }
      position = rows.at(-1)?.position ?? position
      page = rows.length
    }
    for (const waiting of byActor.values()) {
      const address = waiting[0]?.address
      if (address === undefined) continue
      await dispatcher.exclusive(address, (cell) => {
        const queued = new Set(cell.queue.map((item) => item.delivery.eventId))
        if (typeof cell.state !== 'string' && cell.state.hold === null) {
          dispatcher.submitFirst(cell, waiting.filter((row) => !queued.has(row.eventId)).map(parkedItem))
        }
        return Promise.resolve()
      })
    }
  }
}
