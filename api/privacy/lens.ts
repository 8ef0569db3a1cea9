/** Shows actors, their past and their future to one caller: personal fields only to those who may see them. */
import type { ActorDefinition, ActorView, DryRunView, HistoryEntry, SendResult } from '../../runtime/index.ts'
import type { Principal } from '../auth/principal.ts'
import { hideSecrets, maskNames, maskPaths } from './mask.ts'

/** How one caller sees actors of one type. */
export interface Lens {
  view: (view: ActorView) => ActorView
  history: (entry: HistoryEntry) => HistoryEntry
  sent: (result: SendResult) => SendResult
  dryRun: (view: DryRunView) => DryRunView
  /** For payloads on their own, such as a parked event. */
  payload: <T>(value: T) => T
}

/** One lens per definition and right, made once: this is on the hot path. */
interface Lenses {
  plain: Lens
  masked: Lens
}

const lensesByDefinition = new WeakMap<ActorDefinition, Lenses>()
const lensesOfUnknown = makeLenses([])

export function lensFor(principal: Principal, definition: ActorDefinition | undefined): Lens {
  return lensOf(definition, principal.permissions.has('personal'))
}

/** For those who are no principal, such as the listeners of a channel. */
export function lensOf(definition: ActorDefinition | undefined, mayPersonal: boolean): Lens {
  const lenses = definition === undefined ? lensesOfUnknown : lensesOf(definition)
  return mayPersonal ? lenses.plain : lenses.masked
}

function lensesOf(definition: ActorDefinition): Lenses {
  let lenses = lensesByDefinition.get(definition)
  if (lenses === undefined) {
    lenses = makeLenses(definition.personal ?? [])
    lensesByDefinition.set(definition, lenses)
  }
  return lenses
}

function makeLenses(personal: readonly string[]): Lenses {
  const plain = makeLens([])
  return { plain, masked: personal.length === 0 ? plain : makeLens(personal.map((path) => path.split('.'))) }
}

function makeLens(paths: readonly (readonly string[])[]): Lens {
  const names = new Set(paths.flatMap((path) => path.slice(-1)))
  const containers = new Set(paths.flatMap((path) => path.slice(0, -1)))
  const payload = <T>(value: T): T => hideSecrets(names.size === 0 ? value : maskNames(value, names, containers)) as T

  function view(actor: ActorView): ActorView {
    const context = hideSecrets(paths.length === 0 ? actor.context : maskPaths(actor.context, paths))
    if (actor.output === undefined) return context === actor.context ? actor : { ...actor, context }
    return { ...actor, context, output: payload(actor.output) }
  }

  return {
    view,
    payload,
    history: (entry) => ({ ...entry, event: payload(entry.event), facts: payload(entry.facts) }),
    sent: ({ outcome, seq, facts, actor }) => ({ outcome, seq, facts: payload(facts), actor: view(actor) }),
    dryRun: (run) => ({ ...run, effects: payload(run.effects), facts: payload(run.facts) }),
  }
}
