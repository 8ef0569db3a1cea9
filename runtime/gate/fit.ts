/**
 * R12: whether something stored fits the code. Asked of every distinct shape when the runtime starts, and of every actor as it
 * is loaded: one that does not fit would go wrong in silence (a region that never starts, a timer that fires into the void).
 */
import type { AnyStateNode, StateValue } from 'xstate'
import type { CompiledActor } from '../machine/compile.ts'
import { matchesDescriptor } from '../machine/descriptors.ts'
import { allNodes, transitionsOf } from '../machine/walk.ts'
import type { ChildRecord, TimerAction } from '../model/records.ts'
import type { LoadedActor } from '../ports/store.ts'

/** The parts of a stored actor that the code must know. */
export interface Shape {
  version: string
  /** JSON. */
  value: string
  history: string | null
  childSources: readonly string[]
  timers: readonly { id: string; eventType: string }[]
}

export function shapeOf({ actor, timers }: LoadedActor): Shape {
  const children = actor.children === null ? [] : Object.values(JSON.parse(actor.children) as Record<string, ChildRecord>)
  const raised = timers.map(({ id, action }) => ({ id, action: JSON.parse(action) as TimerAction })).filter(({ action }) => action.do === 'raise')
  return {
    version: actor.version,
    value: actor.value,
    history: actor.history,
    childSources: children.map(({ src }) => src),
    timers: raised.map(({ id, action }) => ({ id, eventType: action.event.type })),
  }
}

/** What does not fit, in plain words; empty when everything does. */
export function misfits(actor: CompiledActor, shape: Shape): string[] {
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
      const hasStates = child.type === 'compound' || child.type === 'parallel'
      if (rest === undefined) return hasStates ? [`state '${path}${key}' has got inner states`] : []
      return unknownStates(child, rest, `${path}${key}.`)
    }),
  ]
}

function unknownHistory(actor: CompiledActor, { history }: Shape): string[] {
  if (history === null) return []
  const ids = Object.entries(JSON.parse(history) as Record<string, string[]>).flatMap(([id, nodes]) => [id, ...nodes])
  return [...new Set(ids)].filter((id) => !actor.stateIds.has(id)).map((id) => `history refers to '${id}', which is gone`)
}

/** A timer whose event nothing listens to any more would fire into the void. */
export function unknownTimers(actor: CompiledActor, { timers, version }: Pick<Shape, 'timers' | 'version'>): string[] {
  return timers
    // Within one version a delayed `raise` that nothing listens to is as its author wanted it.
    .filter(({ eventType }) => eventType.startsWith('xstate.after.') || version !== actor.definition.version)
    .filter(({ eventType }) => !isKnown(actor, eventType))
    .map(({ id, eventType }) => `timer '${id}' would bring '${eventType}', which nothing listens to`)
}

const descriptors = new WeakMap<CompiledActor, Set<string>>()

function isKnown(actor: CompiledActor, eventType: string): boolean {
  let known = descriptors.get(actor)
  if (known === undefined) {
    known = new Set(allNodes(actor.machine).flatMap((node) => transitionsOf(node).map((transition) => transition.eventType as string)))
    descriptors.set(actor, known)
  }
  // An `after` belongs to one state: a wildcard elsewhere does not stand in for it.
  if (known.has(eventType)) return true
  return !eventType.startsWith('xstate.after.') && [...known].some((descriptor) => matchesDescriptor(eventType, descriptor))
}
