/**
 * R12: does everything that is stored fit the code? Compared are the distinct shapes (version, state value,
 * history, timers, children), so that a million actors cost no more than the number of their shapes.
 */
import type { CompiledActor } from '../machine/compile.ts'
import type { GateFinding } from '../runtime-face.ts'
import type { Store, StoredShape } from '../ports/store.ts'
import { misfits } from './fit.ts'
import { migrationFor } from './migrate-stored.ts'

/** What does not fit; empty when everything does. */
export async function checkGate(compiled: ReadonlyMap<string, CompiledActor>, store: Store): Promise<GateFinding[]> {
  const shapes = await store.storedShapes()
  return shapes.flatMap((shape) => problemsOf(compiled.get(shape.type), shape).map((problem) => ({ type: shape.type, version: shape.version, problem, count: shape.count, example: shape.example })))
}

function problemsOf(actor: CompiledActor | undefined, shape: StoredShape): string[] {
  if (actor === undefined) return [`no actor type '${shape.type}' is registered`]
  // What has finished is only read, never stepped.
  if (shape.status !== 'active' || migrationFor(actor.definition, shape.version) !== undefined) return []
  return misfits(actor, shape)
}
