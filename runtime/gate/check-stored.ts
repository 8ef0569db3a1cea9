/**
 * R12: does everything that is stored fit the code? Compared are the distinct shapes (version, state value,
 * history, timers, children), so that a million actors cost no more than the number of their shapes.
 */
import type { AnyStateNode, StateValue } from 'xstate'
import type { CompiledActor } from '../machine/compile.ts'
import { matchesDescriptor } from '../machine/descriptors.ts'
import { allNodes, transitionsOf } from '../machine/walk.ts'
import type { GateFinding } from '../runtime-face.ts'
import type { Store, StoredShape } from '../ports/store.ts'

/** What does not fit; empty when everything does. */
export async function checkGate(compiled: ReadonlyMap<string, CompiledActor>, store: Store): Promise<GateFinding[]> {
  const shapes = await store.storedShapes()
  return shapes.flatMap((shape) => problemsOf(compiled.get(shape.type), shape).map((problem) => ({ type: shape.type, version: shape.version, problem, count: shape.count, example: shape.example })))
}

function problemsOf(actor: CompiledActor | undefined, shape: StoredShape): string[] {
  if (actor === undefined) return [`no actor type '${shape.type}' is registered`]
  // What has finished is only read, never stepped.
  if (shape.status !== 'active') return []
  const migrated = shape.version !== actor.definition.version && (actor.definition.migrations ?? []).some(({ from }) => from === shape.version)
  if (migrated) return []
  return [
    ...unknownStates(actor.machine.root as AnyStateNode, JSON.parse(shape.value) as StateValue, ''),
    ...unknownHistory(actor, shape),
    ...unknownTimers(actor, shape),
    ...shape.childSources.filter((src) => !actor.children.has(src)).map((src) => `child logic '${src}' is gone`),
  ]
}

function unknownStates(node: AnyStateNode, value: StateValue, path: string): string[] {
  const inner: [string, StateValue | undefined][] = typeof value === 'string' ? [[value, undefined]] : Object.entries(value)
  const keys = inner.map(([key]) => key)
  const missingRegions = node.type === 'parallel' ? Object.keys(node.states).filter((key) => !keys.includes(key) && node.states[key]?.type !== 'history') : []
  return [
    ...missingRegions.map((key) => `parallel region '${path}${key}' is new`),
    ...inner.flatMap(([key, rest]) => {
      const child = node.states[key] as AnyStateNode | undefined
      if (child === undefined) return [`state '${path}${key}' is gone`]
      if (rest === undefined) return child.type === 'compound' || child.type === 'parallel' ? [`state '${path}${key}' has got inner states`] : []
      return unknownStates(child, rest, `${path}${key}.`)
    }),
  ]
}

function unknownHistory(actor: CompiledActor, { history }: StoredShape): string[] {
  if (history === null) return []
  const ids = Object.entries(JSON.parse(history) as Record<string, string[]>).flatMap(([id, nodes]) => [id, ...nodes])
  return [...new Set(ids)].filter((id) => !actor.stateIds.has(id)).map((id) => `history refers to '${id}', which is gone`)
}

/** A timer whose event nothing listens to any more would fire into the void. */
function unknownTimers(actor: CompiledActor, { timers }: StoredShape): string[] {
  const known = new Set(allNodes(actor.machine).flatMap((node) => transitionsOf(node).map(({ eventType }) => eventType)))
  return timers
    .filter(({ eventType }) => ![...known].some((descriptor) => matchesDescriptor(eventType, descriptor)))
    .map(({ id, eventType }) => `timer '${id}' would bring '${eventType}', which nothing listens to`)
}
