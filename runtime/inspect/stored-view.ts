/** The view of a stored actor, whether or not the code can still restore it (R12). */
import { isStandingError } from '../errors.ts'
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { EffectRow, Hold } from '../model/records.ts'
import type { ActorView } from '../model/view.ts'
import type { LoadedActor } from '../ports/store.ts'
import { fromStored } from '../step/actor-state.ts'
import { actorView, effectView, timerViews, toIso } from './view.ts'

export function storedView(compiled: CompiledActor, scope: StepScope, loaded: LoadedActor, effects: readonly EffectRow[], at: number): ActorView {
  try {
    return actorView(fromStored(compiled, scope, loaded), effects, at)
  } catch (error) {
    if (!isStandingError(error, 'gate-refused')) throw error
    return misfitView(loaded, effects, error.message)
  }
}

/** One actor that is held back may not hide its neighbours, nor itself. */
function misfitView({ actor, timers }: LoadedActor, effects: readonly EffectRow[], reason: string): ActorView {
  const hold = actor.hold === null ? null : (JSON.parse(actor.hold) as Hold)
  const view: ActorView = {
    type: actor.address.type,
    id: actor.address.id,
    tenant: actor.address.tenant,
    version: actor.version,
    seq: actor.seq,
    status: actor.status === 'active' ? 'blocked' : actor.status,
    value: JSON.parse(actor.value) as unknown,
    states: actor.states,
    tags: actor.tags,
    context: JSON.parse(actor.context) as unknown,
    timers: timerViews(timers),
    effects: effects.map(effectView),
    accepts: [],
    createdAt: toIso(actor.createdAt),
    updatedAt: toIso(actor.updatedAt),
  }
  if (actor.output !== null) view.output = JSON.parse(actor.output) as unknown
  if (actor.error !== null) view.error = JSON.parse(actor.error) as unknown
  if (actor.status === 'active') view.hold = hold === null ? { reason, at: toIso(actor.updatedAt) } : { ...hold, at: toIso(hold.at) }
  return view
}
