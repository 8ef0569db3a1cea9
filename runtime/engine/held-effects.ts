/** The effects in memory: in line, running, or waiting for their next attempt. */
import { addressKey } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import type { EffectRow } from '../model/records.ts'

export interface Held {
  row: EffectRow
  /** Set while an attempt is under way. */
  abort: AbortController | undefined
  /** The attempt has succeeded; its result is on its way to the actor. */
  isAnswered: boolean
}

export class HeldEffects {
  readonly #held = new Map<string, Held>()
  /** The keys of each actor: every view asks for them, whatever else is held. */
  readonly #keysOf = new Map<string, Set<string>>()

  has(key: string): boolean {
    return this.#held.has(key)
  }

  get(key: string): Held | undefined {
    return this.#held.get(key)
  }

  values(): IterableIterator<Held> {
    return this.#held.values()
  }

  of(address: Address): EffectRow[] {
    return [...(this.#keysOf.get(addressKey(address)) ?? [])].flatMap((key) => this.#held.get(key)?.row ?? [])
  }

  add(row: EffectRow): void {
    this.#held.set(row.key, { row, abort: undefined, isAnswered: false })
    const actor = addressKey(row.address)
    const keys = this.#keysOf.get(actor)
    if (keys === undefined) this.#keysOf.set(actor, new Set([row.key]))
    else keys.add(row.key)
  }

  drop(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    this.#held.delete(key)
    const actor = addressKey(held.row.address)
    const keys = this.#keysOf.get(actor)
    keys?.delete(key)
    if (keys?.size === 0) this.#keysOf.delete(actor)
  }

  clear(): void {
    this.#held.clear()
    this.#keysOf.clear()
  }
}
