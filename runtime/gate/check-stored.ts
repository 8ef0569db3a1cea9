/**
 * R12: does everything that is stored fit the code? Compared are the distinct shapes (version, state value,
 * history, children; timers apart), so that a million actors cost no more than the number of their shapes.
 */
import type { CompiledActor } from '../machine/compile.ts'
import type { GateFinding } from '../runtime-face.ts'
import type { Store, StoredShape, StoredTimers } from '../ports/store.ts'
import { misfits, unknownTimers } from './fit.ts'
import { migrationFor } from './migrate-stored.ts'

/** What does not fit; empty when everything does. */
export async function checkGate(compiled: ReadonlyMap<string, CompiledActor>, store: Store): Promise<GateFinding[]> {
  const shapes = await store.storedShapes()
  const timers = await store.storedTimers()
  return [
    ...shapes.flatMap((shape) => findings(shape, problemsOf(compiled.get(shape.type), shape))),
    ...timers.flatMap((timer) => findings(timer, problemsOfTimer(compiled.get(timer.type), timer))),
  ]
}

function findings({ type, version, count, example }: StoredShape | StoredTimers, problems: readonly string[]): GateFinding[] {
  return problems.map((problem) => ({ type, version, problem, count, example }))
}

function problemsOf(actor: CompiledActor | undefined, shape: StoredShape): string[] {
  if (actor === undefined) return [`no actor type '${shape.type}' is registered`]
  return isOutOfReach(actor, shape) ? [] : misfits(actor, { ...shape, timers: [] })
}

function problemsOfTimer(actor: CompiledActor | undefined, timer: StoredTimers): string[] {
  return actor === undefined || isOutOfReach(actor, timer) ? [] : unknownTimers(actor, { version: timer.version, timers: [timer] })
}

/** What has finished is only read, never stepped; what a migration covers is brought into shape as it is loaded. */
function isOutOfReach(actor: CompiledActor, { status, version }: { status: string; version: string }): boolean {
  return status !== 'active' || migrationFor(actor.definition, version) !== undefined
}
