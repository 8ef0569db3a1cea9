/**
 * Commits for actors of another's slices: what they set off is left in the tables for the owner, who is told to look. A hint may be
 * lost; then the owner's sweeps find it (R10), and before it sends anything of such an actor it looks by itself (R4).
 */
import type { Json } from '../model/json.ts'
import type { Peers } from '../ports/peers.ts'
import type { Store } from '../ports/store.ts'
import type { ActorWrite } from './actor-write.ts'
import type { Cell } from './cell.ts'
import type { OutboxRelay } from './outbox-relay.ts'
import type { Ownership } from './ownership/ownership.ts'

export interface ForeignCommitParts {
  store: Store
  relay: OutboxRelay
  ownership: Ownership
  peers: Peers | undefined
  /** The slice has become ours between the commit and now. */
  own(actors: string[], effectsGone: string[]): void
}

interface Touched {
  actors: Set<string>
  effectsGone: string[]
}

/** Beyond this a sweep serves better than a list. */
const ACTORS_MAX = 500
/** One hint for what is committed close together. */
const GATHER_MS = 10

export class ForeignCommits {
  readonly #parts: ForeignCommitParts
  #bySlice = new Map<number, Touched>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ForeignCommitParts) {
    this.#parts = parts
  }

  /** After the commit. */
  add(cell: Cell, write: ActorWrite): void {
    let touched = this.#bySlice.get(cell.slice)
    if (touched === undefined) this.#bySlice.set(cell.slice, (touched = { actors: new Set(), effectsGone: [] }))
    if (touched.actors.size < ACTORS_MAX) touched.actors.add(cell.key)
    if (write.effectsRemoved.length > 0 && touched.effectsGone.length < ACTORS_MAX) touched.effectsGone.push(...write.effectsRemoved)
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS).unref()
  }

  /** R4: messages of ours that another node has left in the table go before what these actors say next. */
  async checkLoaded(cells: readonly Cell[]): Promise<void> {
    const { store, relay, ownership } = this.#parts
    const ours = cells.filter(({ slice }) => ownership.held.holds(slice))
    // While the relay goes by the table, all is in its order there.
    if (ours.length === 0 || relay.partial) return
    const unsent = await store.unsentOf(ours.map(({ address }) => address))
    if (unsent.some((key) => !relay.isKnown(key))) this.#parts.own([], [])
  }

  /** Also when owners have become known: a slice between two owners keeps its hint until there is one. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#bySlice.size === 0) return
    const { ownership, peers } = this.#parts
    const byOwner = new Map<string, { actors: string[]; effectsGone: string[] }>()
    for (const [slice, { actors, effectsGone }] of this.#bySlice) {
      const owner = ownership.ownerOf(slice)
      if (owner === undefined || (owner === ownership.node && !ownership.held.holds(slice))) continue
      this.#bySlice.delete(slice)
      const hint = byOwner.get(owner) ?? { actors: [], effectsGone: [] }
      hint.actors.push(...actors)
      hint.effectsGone.push(...effectsGone)
      byOwner.set(owner, hint)
    }
    for (const [owner, { actors, effectsGone }] of byOwner) {
      if (owner === ownership.node) this.#parts.own(actors, effectsGone)
      else peers?.hint(owner, { do: 'look', actors, effectsGone } satisfies Json)
    }
  }

  kill(): void {
    clearTimeout(this.#timer)
    this.#bySlice.clear()
  }
}
