/** One lane of effects: a bounded line of its own, so that a slow outside system holds up nobody else's. */
import type { EffectRow } from '../model/records.ts'

export class Lane {
  readonly name: string
  readonly concurrency: number
  running = 0
  /** More is due in the store than fits in memory: the sweep goes on reading. */
  spilled = false
  #line: EffectRow[] = []
  #head = 0

  constructor(name: string, concurrency: number) {
    this.name = name
    this.concurrency = concurrency
  }

  get queued(): number {
    return this.#line.length - this.#head
  }

  push(row: EffectRow): void {
    this.#line.push(row)
  }

  /** The next to run, if a place is free. */
  take(): EffectRow | undefined {
    if (this.running >= this.concurrency || this.#head >= this.#line.length) return undefined
    const row = this.#line[this.#head++]
    if (this.#head > 1_024 && this.#head * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#head)
      this.#head = 0
    }
    return row
  }

  /** Takes these out of the line; says how many. */
  drop(isDropped: (row: EffectRow) => boolean): number {
    const before = this.queued
    this.#line = this.#line.slice(this.#head).filter((row) => !isDropped(row))
    this.#head = 0
    return before - this.queued
  }

  clear(): void {
    this.#line = []
    this.#head = 0
    this.spilled = false
  }
}
