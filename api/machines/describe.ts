/** A machine's definition as JSON: states, transitions, guards, delays, descriptions and words, for maps and for people. */
import { z } from 'zod'
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import type { ActorDefinition } from '../../runtime/index.ts'

export interface TransitionDescription {
  /** `event`: sent; `after`: a delay; `always`; `done` and `error`: of an invocation or of child states. */
  on: 'event' | 'after' | 'always' | 'done' | 'error'
  /** The event type, the delay, or the id of what is done. Null for `always`. */
  name: string | null
  target: string[]
  guard: string | null
  actions: string[]
  reenter: boolean
  description: string | null
}

export interface StateDescription {
  /** Path without the machine id, as in the actor view; empty for the root. */
  id: string
  type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  parent: string | null
  initial: string | null
  description: string | null
  tags: string[]
  entry: string[]
  exit: string[]
  invokes: { id: string; src: string }[]
  transitions: TransitionDescription[]
}

export interface MachineDescription {
  id: string
  description: string | null
  states: StateDescription[]
  /** Every event type that some state knows, with the JSON schema of its payload where there is one. */
  events: { type: string; schema: unknown }[]
  guards: string[]
  delays: string[]
  effects: string[]
}

export function describeMachine(definition: ActorDefinition): MachineDescription {
  const machine: AnyStateMachine = definition.machine
  const nodes = [...walk(machine.root)]
  const states = nodes.map(describeState)
  const transitions = states.flatMap((state) => state.transitions)
  const named = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))].sort()
  return {
    id: machine.id,
    description: machine.root.description ?? null,
    states,
    events: named(transitions.map(({ on, name }) => (on === 'event' ? name : null))).map((type) => ({ type, schema: payloadSchema(definition, type) })),
    guards: named(transitions.map(({ guard }) => guard)),
    delays: named(transitions.map(({ on, name }) => (on === 'after' ? name : null))),
    effects: Object.keys(definition.effects ?? {}).sort(),
  }
}

/** Ids of all states, as in the actor view. */
export function stateIds({ machine }: Pick<ActorDefinition, 'machine'>): string[] {
  return [...walk((machine).root)].map(idOf).filter((id) => id !== '')
}

export function stateTags({ machine }: Pick<ActorDefinition, 'machine'>): string[] {
  return [...walk((machine).root)].flatMap(({ tags }) => tags)
}

function* walk(node: AnyStateNode): Generator<AnyStateNode> {
  yield node
  for (const child of Object.values(node.states)) yield* walk(child)
}

function describeState(node: AnyStateNode): StateDescription {
  return {
    id: idOf(node),
    type: node.type,
    parent: node.parent === undefined ? null : idOf(node.parent),
    initial: node.type === 'compound' ? (node.initial.target.map(idOf)[0] ?? null) : null,
    description: node.description ?? null,
    tags: node.tags,
    // As written: to the compiled lists XState adds what starts and stops its own timers.
    entry: namesOf(node.config.entry),
    exit: namesOf(node.config.exit),
    invokes: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : '(inline)' })),
    transitions: transitionsOf(node),
  }
}

function transitionsOf(node: AnyStateNode): TransitionDescription[] {
  const byEvent = [...node.transitions].flatMap(([type, transitions]) => {
    const on = kindOfEvent(type)
    return on === undefined ? [] : transitions.map((transition) => describe(transition, on.kind, on.name))
  })
  const delayed = node.after.map((transition) => describe(transition, 'after', String(transition.delay)))
  const always = (node.always ?? []).map((transition) => describe(transition, 'always', null))
  return [...byEvent, ...delayed, ...always]
}

/** XState encodes delays and results in event types; delays are read from `after`, where they keep their name. */
function kindOfEvent(type: string): { kind: TransitionDescription['on']; name: string } | undefined {
  if (type.startsWith('xstate.after.')) return undefined
  const result = /^xstate\.(done|error)\.(?:actor|state)\.(.*)$/.exec(type)
  if (result === null) return { kind: 'event', name: type }
  return { kind: result[1] === 'done' ? 'done' : 'error', name: result[2] ?? '' }
}

function describe(transition: AnyTransitionDefinition, on: TransitionDescription['on'], name: string | null): TransitionDescription {
  return {
    on,
    name,
    target: (transition.target ?? []).map(idOf),
    guard: transition.guard === undefined ? null : nameOf(transition.guard),
    actions: transition.actions.map(nameOf),
    reenter: transition.reenter,
    description: transition.description ?? null,
  }
}

function idOf(node: AnyStateNode): string {
  return node.path.join('.')
}

function namesOf(actions: unknown): string[] {
  return actions === undefined ? [] : [actions].flat().map(nameOf)
}

/** Actions and guards are given by name, as `{type}`, or as functions, whose builders XState names (`xstate.assign`). */
function nameOf(implementation: unknown): string {
  if (typeof implementation === 'string') return implementation
  const type = (implementation as { type?: unknown } | null)?.type
  if (typeof type === 'string') return type
  const name = typeof implementation === 'function' ? implementation.name : ''
  return name === '' ? '(inline)' : name
}

/** JSON schema of an event's payload; undefined or null where there is none. */
export function payloadSchema(definition: ActorDefinition, type: string): unknown {
  const schema = definition.events?.[type]
  if (!(schema instanceof z.ZodType)) return null
  try {
    return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  } catch {
    // A schema that cannot be drawn is still checked; only the drawing is missing.
    return null
  }
}
