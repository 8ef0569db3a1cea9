/** The actors in memory, the least recently used leaving first (R9). */
import { addressKey } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import { Cell } from './cell.ts'
import type { HeldSlices } from './ownership/held-slices.ts'

export class Cells {
  // A Map keeps insertion order: re-inserting on use makes its front the least recently used.
  readonly #cells = new Map<string, Cell>()
  readonly #max: number
  readonly #slices: HeldSlices

  constructor(max: number, slices: HeldSlices) {
    this.#max = max
    this.#slices = slices
  }

  get size(): number {
    return this.#cells.size
  }

  get(address: Address): Cell {
    const key = addressKey(address)
    let cell = this.#cells.get(key)
    if (cell === undefined) {
      cell = new Cell(key, address)
      // Room first: the new one is idle still, and must not be the one to go.
      if (this.#cells.size >= this.#max) this.#evict()
      this.#cells.set(key, cell)
    } else {
      this.#cells.delete(key)
      this.#cells.set(key, cell)
    }
    return cell
  }

  peek(key: string): Cell | undefined {
    return this.#cells.get(key)
  }

  /** Its work is done: it stays only when it holds an actor of ours and there is room. */
  rest(cell: Cell): void {
    if (cell.idle && (typeof cell.state === 'string' || this.#cells.size > this.#max || !this.#slices.holds(cell.slice))) this.#cells.delete(cell.key)
  }

  /** Slices that are not ours any more: another node moves their actors on. */
  forget(slices: ReadonlySet<number>): void {
    for (const cell of this.#cells.values()) if (slices.has(cell.slice)) this.distrust(cell.key)
  }

  /** What stands here of it may be out of date. One that is at work learns it by its commit (R2). */
  distrust(key: string): void {
    const cell = this.#cells.get(key)
    if (cell === undefined || cell.busy) return
    cell.state = 'unknown'
    this.rest(cell)
  }

  isBusyIn(slices: ReadonlySet<number>): boolean {
    for (const cell of this.#cells.values()) if (cell.busy && slices.has(cell.slice)) return true
    return false
  }

  all(): IterableIterator<Cell> {
    return this.#cells.values()
  }

  #evict(): void {
    let looked = 0
    for (const cell of this.#cells.values()) {
      if (this.#cells.size < this.#max || looked++ > EVICTION_SCAN_MAX) return
      if (cell.idle) this.#cells.delete(cell.key)
    }
  }
}

/** Busy actors at the front are passed over; the scan stays short. */
const EVICTION_SCAN_MAX = 64
