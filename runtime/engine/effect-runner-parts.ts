/** What the effect runner is given. */
import type { CompiledActor } from '../machine/compile.ts'
import type { Address } from '../model/address.ts'
import type { Delivery } from '../model/messages.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Store } from '../ports/store.ts'
import type { LaneOptions, Limits } from '../runtime-face.ts'
import type { Activity } from './activity.ts'
import type { HeldSlices } from './ownership/held-slices.ts'

export interface EffectRunnerParts {
  compiled: ReadonlyMap<string, CompiledActor>
  store: Store
  clock: Clock
  log: Log
  metrics: Metrics
  activity: Activity
  slices: HeldSlices
  lanes: Readonly<Record<string, LaneOptions>>
  limits: Limits
  random: () => number
  /** Brings a result or a give-up event to the actor; resolves when it is durable. */
  deliver(address: Address, delivery: Delivery): Promise<void>
}
