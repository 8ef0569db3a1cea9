/** Whoever waits for an actor of another node's slice: its commits are not seen here, so the store is asked now and then. */
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import { parseAddressKey, sliceOf } from '../model/address.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { fromStored } from '../step/actor-state.ts'
import type { Ownership } from './ownership/ownership.ts'
import type { Watchers } from './watchers.ts'

export interface ForeignWatchParts {
  compiled: ReadonlyMap<string, CompiledActor>
  scope: () => StepScope
  store: Store
  log: Log
  ownership: Ownership
  watchers: Watchers
}

const EVERY_MS = 200

export class ForeignWatch {
  readonly #parts: ForeignWatchParts
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor(parts: ForeignWatchParts) {
    this.#parts = parts
  }

  /** Runs while others own something. */
  update(): void {
    if (this.#parts.ownership.isWhole) return this.stop()
    this.#timer ??= setInterval(() => void this.#look(), EVERY_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    const { compiled, scope, store, log, ownership, watchers } = this.#parts
    const addresses = watchers.keys().map(parseAddressKey).filter((address) => !ownership.held.holds(sliceOf(address)))
    if (this.#isLooking || addresses.length === 0) return
    this.#isLooking = true
    try {
      for (const [key, loaded] of await store.load(addresses)) {
        const definition = compiled.get(loaded.actor.address.type)
        if (definition !== undefined) watchers.notify(key, fromStored(definition, scope(), loaded))
      }
    } catch (error) {
      log.warn({ err: error }, 'actors of other nodes that somebody waits for could not be read; trying again')
    } finally {
      this.#isLooking = false
    }
  }
}
