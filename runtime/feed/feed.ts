/**
 * Facts for whoever watches: all nodes' facts, after their commit, in order per actor, from now on or from a position on
 * (docs/adr/0014).
 *
 * A position that memory still holds is resumed exactly. One that has left memory is resumed from where the bus keeps facts, exactly
 * too; and where the bus keeps none, or not those any more, from the journal by time, from a little before: then some facts come
 * twice, under the same key, and none is lost.
 */
import type { BusFeed } from '../ports/bus.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { JournalCursor, JournalPage, Store } from '../ports/store.ts'
import type { PlacedFact } from './fact-window.ts'
import { JOURNAL_EPOCH, parsePosition, positionOf, type Position } from './position.ts'

export interface FollowOptions {
  tenant: string
  /** From after this position; absent: from now on. */
  after?: string | undefined
  /** Called for one fact after the other. */
  onFact: (placed: PlacedFact) => void
  /** Awaited between pages of a catch-up, so that a slow reader is not flooded. */
  ready?: () => Promise<void>
  /** The position is unknown or too far back; nothing more comes. */
  onLost: (reason: string) => void
}

/** A fact leaves within moments of its step, unless the bus was away: then it left when the bus was back, and is in this order there. */
const JOURNAL_OVERLAP_MS = 60_000
const PAGE = 500
/** R9: whoever missed more is told to begin anew. */
const CATCH_UP_MAX = 100_000

export class Feed {
  readonly #bus: BusFeed
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log

  constructor({ bus, store, clock, log }: { bus: BusFeed; store: Store; clock: Clock; log: Log }) {
    this.#bus = bus
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /** Where whoever begins now begins; undefined while the bus has not begun. */
  get position(): string | undefined {
    const { epoch, last } = this.#bus.window
    return epoch === undefined ? undefined : positionOf({ epoch, order: last, at: this.#clock.now() })
  }

  /** The returned function leaves. */
  follow({ tenant, after, onFact, ready, onLost }: FollowOptions): () => void {
    const leaving = new AbortController()
    const tell = (placed: PlacedFact): void => {
      if (!leaving.signal.aborted && placed.fact.address.tenant === tenant) onFact(placed)
    }
    const join = (beyond = 0): void => {
      if (leaving.signal.aborted) return
      const leave = this.#bus.window.follow((placed) => {
        if (placed.order > beyond) tell(placed)
      })
      leaving.signal.addEventListener('abort', leave)
    }
    const lost = (reason: string): void => {
      if (leaving.signal.aborted) return
      leaving.abort()
      onLost(reason)
    }
    if (after === undefined) join()
    else {
      const position = parsePosition(after)
      if (position === undefined) queueMicrotask(() => lost('this is no position of ours'))
      else {
        const catchUp = new CatchUp({ bus: this.#bus, store: this.#store, clock: this.#clock, tenant, tell, join, ready: ready ?? (() => Promise.resolve()), signal: leaving.signal })
        void catchUp.run(position).then(
          (isComplete) => {
            if (!isComplete) lost('too much has happened since')
          },
          (error: unknown) => {
            this.#log.warn({ err: error }, 'missed facts could not be read')
            lost('what was missed could not be read')
          },
        )
      }
    }
    return () => leaving.abort()
  }
}

interface CatchUpParts {
  bus: BusFeed
  store: Store
  clock: Clock
  tenant: string
  tell(placed: PlacedFact): void
  /** Hears everything from this moment on, but what is not beyond that order. */
  join(beyond: number): void
  ready(): Promise<void>
  signal: AbortSignal
}

class CatchUp {
  readonly #parts: CatchUpParts
  #told = 0

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /** True when all has been told and the window is followed. */
  async run(from: Position): Promise<boolean> {
    const { window } = this.#parts.bus
    await window.begun(this.#parts.signal)
    return this.#rest(from.epoch, from.order) || (await this.#byBus(from)) || (await this.#byJournal(from.at))
  }

  async #byBus({ epoch, order }: Position): Promise<boolean> {
    const { bus } = this.#parts
    let last = order
    while (bus.older !== undefined && !this.#isOver()) {
      const page = await bus.older({ epoch, order: last }, PAGE)
      if (page === undefined) return false
      await this.#tellAll(page)
      last = page.at(-1)?.order ?? last
      if (this.#rest(epoch, last)) return true
      // At the end of what is kept, but the window has not come so far yet.
      if (page.length === 0) return false
    }
    return false
  }

  async #byJournal(from: number): Promise<boolean> {
    const { bus, store, clock, tenant } = this.#parts
    let at = from
    while (!this.#isOver()) {
      const { epoch, last } = bus.window
      const began = clock.now()
      let after: JournalCursor | undefined
      do {
        const page: JournalPage = await store.journaledFacts({ tenant, from: at - JOURNAL_OVERLAP_MS, after, limit: PAGE })
        await this.#tellAll(page.facts.map((fact) => ({ position: positionOf({ epoch: JOURNAL_EPOCH, order: 0, at: fact.at }), order: 0, fact })))
        after = page.next
      } while (after !== undefined && !this.#isOver())
      // Should the window have run past in the meantime, only the newest part is read again.
      at = Math.max(at, began)
      if (epoch !== undefined && this.#rest(epoch, last)) return true
    }
    return false
  }

  /** The rest from the window, and the window from there on: in one turn of the event loop, so that nothing falls between. */
  #rest(epoch: string, order: number): boolean {
    const rest = this.#parts.bus.window.since(epoch, order)
    if (rest === undefined) return false
    for (const placed of rest) this.#parts.tell(placed)
    this.#parts.join(Math.max(order, this.#parts.bus.window.last))
    return true
  }

  async #tellAll(page: readonly PlacedFact[]): Promise<void> {
    for (const placed of page) this.#parts.tell(placed)
    this.#told += page.length
    await this.#parts.ready()
  }

  #isOver(): boolean {
    return this.#parts.signal.aborted || this.#told > CATCH_UP_MAX
  }
}
