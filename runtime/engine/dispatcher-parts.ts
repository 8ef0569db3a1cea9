/** What the dispatcher is given, and what it calls around a commit. */
import type { CompiledActor } from '../machine/compile.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Store } from '../ports/store.ts'
import type { Limits } from '../runtime-face.ts'
import type { ActorState } from '../step/actor-state.ts'
import type { Activity } from './activity.ts'
import type { ActorWrite } from './actor-write.ts'
import type { Answered } from './batch-steps.ts'
import type { Cell, Item } from './cell.ts'
import type { HeldSlices } from './ownership/held-slices.ts'

/** What happens around a commit; implemented by the runtime's other parts. */
export interface DispatchHooks {
  /** Called in commit order per actor, after the commit. */
  committed(cell: Cell, write: ActorWrite): void
  /** Answers one sender, after the commit. May look things up; the actor does not wait for it. */
  answer(answered: Answered): void
  /** A refusal that may rest on an actor that another node has moved on: it is tried once more, on the actor as it is stored. */
  isDoubtful(answered: Answered): boolean
  /** A sender whose event is in the journal already. */
  duplicate(cell: Cell, item: Item, found: FoundEvent): void
  /** Outbox rows that have been delivered and can go with the next commit. */
  takeRelayed(): string[]
  /** They went with it, or did not. */
  forgotten(keys: readonly string[]): void
  returnRelayed(keys: readonly string[]): void
  /** A commit has an unknown outcome: nothing that comes later may overtake what it may have stored (R4). */
  uncertain(): void
  /** Another node has moved actors on (R2): what it has left in the tables goes before what comes now (R4). */
  overtaken(): void
  /** Actors have been loaded; nothing is done with them before this has resolved. */
  loaded(cells: readonly Cell[]): Promise<void> | undefined
  /** An actor is known again after such a commit. */
  reloaded(state: ActorState): void
  /** The store answers again: whatever such a commit has stored is to be found (R10). */
  recollect(): void
}

export type FoundEvent = Awaited<ReturnType<Store['findEvents']>>[number]

export interface DispatcherParts {
  compiled: ReadonlyMap<string, CompiledActor>
  store: Store
  clock: Clock
  log: Log
  metrics: Metrics
  limits: Limits
  activity: Activity
  slices: HeldSlices
  hooks: DispatchHooks
}
