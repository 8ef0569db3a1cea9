/**
 * The newest facts of one order, in memory, and who follows them. A fact's place is (epoch, order): orders rise within an epoch and
 * say nothing across two (another process, another stream). Bounded (R9): what has left the window is read elsewhere.
 */
import type { Fact } from '../model/messages.ts'
import { positionOf } from './position.ts'

/** A fact and where whoever has heard it can go on. */
export interface PlacedFact {
  readonly position: string
  readonly order: number
  readonly fact: Fact
}

/** A few seconds of a busy system; some megabytes. */
const FACTS_MAX = 8_192

export class FactWindow {
  readonly #size: number
  readonly #followers = new Set<(placed: PlacedFact) => void>()
  readonly #whenBegun = new Set<() => void>()
  /** A ring: the fact at `#count % #size` is overwritten next. */
  #ring: PlacedFact[] = []
  #count = 0
  #epoch: string | undefined
  /** Everything of the epoch with a higher order is in the ring, or has been. */
  #floor = 0
  #last = 0
  /** Called with the first follower. */
  onWanted: (() => void) | undefined

  constructor(size: number = FACTS_MAX) {
    this.#size = size
  }

  get epoch(): string | undefined {
    return this.#epoch
  }

  /** The order of the newest fact, or what it began after. */
  get last(): number {
    return this.#last
  }

  /** From now on facts of this epoch come, all with a higher order than `floor`. */
  begin(epoch: string, floor: number): void {
    this.#ring = []
    this.#count = 0
    this.#epoch = epoch
    this.#floor = floor
    this.#last = floor
    for (const resolve of this.#whenBegun) resolve()
    this.#whenBegun.clear()
  }

  /** Resolves when a first epoch has begun, or the signal comes. */
  begun(signal: AbortSignal): Promise<void> {
    this.#want()
    if (this.#epoch !== undefined || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#whenBegun.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      this.#whenBegun.add(done)
      signal.addEventListener('abort', done)
    })
  }

  /** Orders must rise; one that does not is a repetition and is dropped. */
  add(order: number, fact: Fact): void {
    if (order <= this.#last || this.#epoch === undefined) return
    this.#last = order
    const placed = { position: positionOf({ epoch: this.#epoch, order, at: fact.at }), order, fact }
    const dropped = this.#ring[this.#count % this.#size]
    if (dropped !== undefined) this.#floor = dropped.order
    this.#ring[this.#count++ % this.#size] = placed
    for (const follower of this.#followers) follower(placed)
  }

  /** What came after a place; undefined when the window does not hold all of it. A place that this node has not come to yet has none. */
  since(epoch: string, order: number): PlacedFact[] | undefined {
    if (epoch !== this.#epoch || order < this.#floor) return undefined
    const first = Math.max(0, this.#count - this.#size)
    const found: PlacedFact[] = []
    // From the newest back: whoever was away for a moment misses few.
    for (let index = this.#count - 1; index >= first; index--) {
      const placed = this.#ring[index % this.#size] as PlacedFact
      if (placed.order <= order) break
      found.push(placed)
    }
    return found.reverse()
  }

  /** A follower must not throw. */
  follow(follower: (placed: PlacedFact) => void): () => void {
    this.#followers.add(follower)
    this.#want()
    return () => void this.#followers.delete(follower)
  }

  #want(): void {
    const wanted = this.onWanted
    this.onWanted = undefined
    wanted?.()
  }
}
