/** Counts what is under way, so that "all is quiet" is an event and not a guess. */
export class Activity {
  #count = 0
  #waiters: (() => void)[] = []
  #isOver = false

  get count(): number {
    return this.#count
  }

  begin(): void {
    this.#count++
  }

  end(): void {
    this.#count--
    if (this.#count === 0) this.#release()
  }

  /** Counts the work for as long as it runs; its outcome is the caller's. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.begin()
    try {
      return await work()
    } finally {
      this.end()
    }
  }

  whenIdle(): Promise<void> {
    if (this.#count === 0 || this.#isOver) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** After a kill nothing will ever end by itself. */
  reset(): void {
    this.#isOver = true
    this.#count = 0
    this.#release()
  }

  #release(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }
}
