/** A list that stays sorted. Binary search and one memory move: plenty for what a test or a demo keeps in memory. */
export class SortedList<T> {
  readonly #items: T[] = []
  readonly #compare: (a: T, b: T) => number

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  add(item: T): void {
    this.#items.splice(this.#rank(item, true), 0, item)
  }

  /** Removes the item that compares equal, if there is one. */
  remove(item: T): void {
    const index = this.#rank(item, false)
    const found = this.#items[index]
    if (found !== undefined && this.#compare(found, item) === 0) this.#items.splice(index, 1)
  }

  /** From the start, or strictly after the given one (which need not be in the list). */
  *after(item?: T): Generator<T> {
    for (let i = item === undefined ? 0 : this.#rank(item, true); i < this.#items.length; i++) {
      const next = this.#items[i]
      if (next !== undefined) yield next
    }
  }

  /** How many items stand before the given one; with `behindEquals`, those equal to it count too. */
  #rank(item: T, behindEquals: boolean): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const order = this.#compare(this.#items[middle] as T, item)
      if (order < 0 || (behindEquals && order === 0)) low = middle + 1
      else high = middle
    }
    return low
  }
}
