/** A binary heap by due time. Ties go by `tie` where it is given, else in the order they came in. */
interface Entry<T> {
  dueAt: number
  order: number
  value: T
}

export class DueHeap<T> {
  readonly #heap: Entry<T>[] = []
  readonly #tie: ((a: T, b: T) => number) | undefined
  #order = 0

  constructor(tie?: (a: T, b: T) => number) {
    this.#tie = tie
  }

  get size(): number {
    return this.#heap.length
  }

  get nextDueAt(): number | undefined {
    return this.#heap[0]?.dueAt
  }

  push(dueAt: number, value: T): void {
    const heap = this.#heap
    heap.push({ dueAt, order: this.#order++, value })
    let i = heap.length - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#before(i, parent)) break
      this.#swap(i, parent)
      i = parent
    }
  }

  /** The earliest value due at or before `now`. */
  popDue(now: number): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.dueAt > now) return undefined
    const last = heap.pop() as Entry<T>
    if (heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    return first.value
  }

  clear(): void {
    this.#heap.length = 0
  }

  #sink(): void {
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= this.#heap.length) return
      const right = left + 1
      const child = right < this.#heap.length && this.#before(right, left) ? right : left
      if (!this.#before(child, i)) return
      this.#swap(child, i)
      i = child
    }
  }

  #before(a: number, b: number): boolean {
    const x = this.#heap[a] as Entry<T>
    const y = this.#heap[b] as Entry<T>
    if (x.dueAt !== y.dueAt) return x.dueAt < y.dueAt
    return (this.#tie?.(x.value, y.value) || x.order - y.order) < 0
  }

  #swap(a: number, b: number): void {
    const x = this.#heap[a] as Entry<T>
    this.#heap[a] = this.#heap[b] as Entry<T>
    this.#heap[b] = x
  }
}
