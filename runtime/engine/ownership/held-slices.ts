/**
 * The slices whose work this node does. Two things make one ours: it is active here, and the lease has not run out. The second is
 * looked at every time, because a process that was stopped does not notice (see lease-clock.ts).
 */
import { SLICE_COUNT } from '../../model/address.ts'
import type { LeaseClock } from './lease-clock.ts'

export class HeldSlices {
  readonly #clock: LeaseClock
  readonly #active = new Uint8Array(SLICE_COUNT)
  #count = 0
  #validUntil = Number.NEGATIVE_INFINITY
  #filter: readonly number[] | undefined = []

  constructor(clock: LeaseClock) {
    this.#clock = clock
  }

  get count(): number {
    return this.#count
  }

  get isValid(): boolean {
    return this.#clock.now() < this.#validUntil
  }

  /** For what a wrong belief cannot harm, such as what is kept in memory. */
  holds(slice: number): boolean {
    return this.#active[slice] === 1
  }

  /** Asked right before a timer fires, an effect begins, a message leaves. */
  owns(slice: number): boolean {
    return this.#active[slice] === 1 && this.#clock.now() < this.#validUntil
  }

  /** For the store's queries; undefined when all are ours. */
  get filter(): readonly number[] | undefined {
    return this.#filter
  }

  all(): number[] {
    return [...this.#active.keys()].filter((slice) => this.#active[slice] === 1)
  }

  extend(validUntil: number): void {
    this.#validUntil = validUntil
  }

  activate(slices: Iterable<number>): void {
    for (const slice of slices) this.#active[slice] = 1
    this.#changed()
  }

  deactivate(slices: Iterable<number>): void {
    for (const slice of slices) this.#active[slice] = 0
    this.#changed()
  }

  #changed(): void {
    const all = this.all()
    this.#count = all.length
    this.#filter = all.length === SLICE_COUNT ? undefined : all
  }
}
