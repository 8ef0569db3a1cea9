/** Wakes whoever waits for an actor to reach a state. */
import type { ActorState } from '../step/actor-state.ts'

type Watcher = (state: ActorState) => void

export class Watchers {
  readonly #byActor = new Map<string, Set<Watcher>>()

  notify(key: string, state: ActorState): void {
    for (const watcher of this.#byActor.get(key) ?? []) watcher(state)
  }

  keys(): string[] {
    return [...this.#byActor.keys()]
  }

  watch(key: string, watcher: Watcher): () => void {
    const set = this.#byActor.get(key) ?? new Set()
    set.add(watcher)
    this.#byActor.set(key, set)
    return () => {
      set.delete(watcher)
      if (set.size === 0 && this.#byActor.get(key) === set) this.#byActor.delete(key)
    }
  }
}
