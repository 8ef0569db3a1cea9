/**
 * R10: recovery is a loop. At start and for as long as the runtime runs, whatever nobody is working on is
 * found again: due timers, unfinished effects, unsent messages, events that wait for an actor that goes on.
 */
import { addressKey } from '../model/address.ts'
import type { PositionedParkedRow } from '../model/records.ts'
import type { Log } from '../ports/log.ts'
import { parkedItem } from './administration.ts'
import type { EngineParts } from './parts.ts'

/** A timer this late was missed by the timer loop, not merely queued. */
const OVERDUE_MS = 2_000
const PAGE = 1_000

export class Sweeper {
  readonly #parts: EngineParts
  readonly #log: Log
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> | undefined
  #stopped = false

  constructor(parts: EngineParts, everyMs: number) {
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
    const { store, dispatcher } = this.#parts
    const byActor = new Map<string, PositionedParkedRow[]>()
    let position = 0
    for (let page = PAGE; page === PAGE; ) {
      const rows = await store.listParked({ kind: 'waiting', limit: PAGE, afterPosition: position })
      for (const row of rows) {
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
