/**
 * One lane of effects: a bounded line of its own, so that a slow outside system holds up nobody else's. Inside, the tenants take
 * turns, so that one tenant's thousand calls hold up another's one by one call and not by a thousand.
 */
import type { EffectRow } from '../model/records.ts'

export class Lane {
  readonly name: string
  readonly concurrency: number
  readonly weight: number
  running = 0
  /** More is due in the store than fits in memory: the sweep goes on reading. */
  spilled = false
  /** Rises by less with each turn the more weight the lane has; whose is lowest is next. */
  pass = 0
  #queued = 0
  /** By tenant; only those in which something waits. */
  readonly #lines = new Map<string, Line>()
  /** Whose turn it is, the next one first. */
  #turns: string[] = []

  constructor(name: string, { concurrency, weight = 1 }: { concurrency: number; weight?: number | undefined }) {
    this.name = name
    this.concurrency = concurrency
    this.weight = weight
  }

  get queued(): number {
    return this.#queued
  }

  queuedOf(tenant: string): number {
    return this.#lines.get(tenant)?.length ?? 0
  }

  /** Since when the longest waiting one has been due. */
  get oldestAt(): number | undefined {
    let oldest: number | undefined
    for (const line of this.#lines.values()) {
      const at = line.first?.nextAttemptAt
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at
    }
    return oldest
  }

  push(row: EffectRow): void {
    const { tenant } = row.address
    let line = this.#lines.get(tenant)
    if (line === undefined) {
      line = new Line()
      this.#lines.set(tenant, line)
      this.#turns.push(tenant)
    }
    line.push(row)
    this.#queued++
  }

  /** Something waits, and there is a place. */
  get isReady(): boolean {
    return this.#queued > 0 && this.running < this.concurrency
  }

  /** The next to run, if a place is free. */
  take(): EffectRow | undefined {
    const tenant = this.isReady ? this.#turns.shift() : undefined
    const line = tenant === undefined ? undefined : this.#lines.get(tenant)
    if (tenant === undefined || line === undefined) return undefined
    const row = line.shift()
    this.#queued--
    if (line.length === 0) this.#lines.delete(tenant)
    else this.#turns.push(tenant)
    return row
  }

  /** Takes these out of the line; says how many. */
  drop(isDropped: (row: EffectRow) => boolean): number {
    const before = this.#queued
    for (const [tenant, line] of this.#lines) {
      this.#queued -= line.drop(isDropped)
      if (line.length === 0) this.#lines.delete(tenant)
    }
    this.#turns = this.#turns.filter((tenant) => this.#lines.has(tenant))
    return before - this.#queued
  }

  clear(): void {
    this.#lines.clear()
    this.#turns = []
    this.#queued = 0
    this.spilled = false
  }
}

/** First in, first out. */
class Line {
  #rows: EffectRow[] = []
  #head = 0

  get length(): number {
    return this.#rows.length - this.#head
  }

  get first(): EffectRow | undefined {
    return this.#rows[this.#head]
  }

  push(row: EffectRow): void {
    this.#rows.push(row)
  }

  shift(): EffectRow | undefined {
    const row = this.#rows[this.#head++]
    if (this.#head > 1_024 && this.#head * 2 > this.#rows.length) {
      this.#rows = this.#rows.slice(this.#head)
      this.#head = 0
    }
    return row
  }

  drop(isDropped: (row: EffectRow) => boolean): number {
    const before = this.length
    this.#rows = this.#rows.slice(this.#head).filter((row) => !isDropped(row))
    this.#head = 0
    return before - this.length
  }
}
