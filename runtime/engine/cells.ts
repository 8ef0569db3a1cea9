/** The actors in memory, the least recently used leaving first (R9). */
import { addressKey } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import { Cell } from './cell.ts'

export class Cells {
  // A Map keeps insertion order: re-inserting on use makes its front the least recently used.
  readonly #cells = new Map<string, Cell>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
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

  /** Its work is done: it stays only when it holds an actor and there is room. */
  rest(cell: Cell): void {
    if (cell.idle && (typeof cell.state === 'string' || this.#cells.size > this.#max)) this.#cells.delete(cell.key)
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
