/**
 * From a definition to what the engine runs: the author's machine with every child replaced by an inert
 * stand-in, and a table that says what each name really is.
 */
import { StateMachine } from 'xstate'
import type { AnyStateMachine } from 'xstate'
import type { ActorDefinition, EffectDefinition } from '../definition.ts'
import { StandingError } from '../errors.ts'
import { isDurablePlaceholder } from '../vocabulary.ts'
import { inertLogic, isMachine, isPromiseLogic } from './logic-kinds.ts'
import type { PromiseCreator } from './logic-kinds.ts'
import { refusals } from './refusals.ts'
import { checkedDelay, rewriteConfig, withCheckedDelay } from './rewrite.ts'
import type { ActionFunction, DelayExpression } from './rewrite.ts'
import { allNodes, stateId } from './walk.ts'

/** What a `src` name stands for. */
export type ChildLogic =
  | { kind: 'effect'; effect: EffectDefinition | undefined; creator: PromiseCreator | undefined }
  | { kind: 'actor'; type: string }

/** A custom action: an effect of the definition, or the machine's own function run after the commit. */
export type ActionLogic =
  | { kind: 'effect'; effect: EffectDefinition }
  | { kind: 'function'; run: (args: unknown, params: unknown) => unknown }

export interface CompiledActor {
  type: string
  definition: ActorDefinition
  machine: AnyStateMachine
  children: ReadonlyMap<string, ChildLogic>
  actions: ReadonlyMap<string, ActionLogic>
  /** State id by XState node id, in document order. */
  stateIds: ReadonlyMap<string, string>
}

export interface CompileOptions {
  /** Bound of R9 for machines that set none themselves. */
  microsteps: number
}

/**
 * Compiles all definitions and, under names of their own, the machines they start as children.
 * @throws StandingError `invalid-definition` naming every problem found.
 */
export function compileActors(definitions: readonly ActorDefinition[], options: CompileOptions): Map<string, CompiledActor> {
  const compiled = new Map<string, CompiledActor>()
  const typeOf = new Map<AnyStateMachine, string>()
  for (const definition of definitions) {
    if (compiled.has(definition.type) || [...typeOf.values()].includes(definition.type)) {
      throw new StandingError('invalid-definition', `actor type '${definition.type}' is defined twice`)
    }
    typeOf.set(definition.machine, definition.type)
  }
  const queue = [...definitions]
  for (let definition = queue.shift(); definition !== undefined; definition = queue.shift()) {
    const result = compileOne(definition, options, typeOf)
    compiled.set(definition.type, result.actor)
    queue.push(...result.childDefinitions)
  }
  return compiled
}

function compileOne(
  definition: ActorDefinition,
  options: CompileOptions,
  typeOf: Map<AnyStateMachine, string>,
): { actor: CompiledActor; childDefinitions: ActorDefinition[] } {
  const source = definition.machine
  const rewritten = rewriteConfig(source.config)
  const logic: Record<string, unknown> = { ...(source.implementations.actors as object), ...rewritten.actors }
  for (const name of Object.keys(definition.effects ?? {})) logic[name] ??= undefined

  const children = new Map<string, ChildLogic>()
  const childDefinitions: ActorDefinition[] = []
  const problems: string[] = []
  for (const [src, value] of Object.entries(logic)) {
    if (isMachine(value)) {
      let type = typeOf.get(value)
      if (type === undefined) {
        type = `${definition.type}~${src.replaceAll(/[^A-Za-z0-9-]/g, '-')}`
        const namesake = childDefinitions.find((child) => child.type === type)
        if (namesake !== undefined) problems.push(`actor logic '${src}' would be called '${type}' like another one: names must differ in letters, digits or -`)
        typeOf.set(value, type)
        childDefinitions.push({ type, version: definition.version, machine: value, ...(definition.effects ? { effects: definition.effects } : {}) })
      }
      children.set(src, { kind: 'actor', type })
    } else if (value === undefined || isPromiseLogic(value)) {
      const effect = definition.effects?.[src]
      const placeholder = value !== undefined && isDurablePlaceholder(value)
      if (effect === undefined && placeholder) problems.push(`promise logic '${src}' is declared durable, but no effect of that name is defined`)
      children.set(src, { kind: 'effect', effect, creator: value === undefined || placeholder ? undefined : value.config })
    } else {
      problems.push(`actor logic '${src}' is neither a machine nor promise logic; callback, observable and transition logic cannot be made durable`)
    }
  }

  const actions = new Map<string, ActionLogic>()
  const implementations: Record<string, unknown> = { ...(source.implementations.actions as object), ...rewritten.actions }
  for (const [name, value] of Object.entries(implementations)) {
    if (typeof value !== 'function') continue
    if ('resolve' in value) implementations[name] = withCheckedDelay(value as ActionFunction, `action '${name}'`)
    else actions.set(name, { kind: 'function', run: value as (args: unknown, params: unknown) => unknown })
  }
  for (const [name, effect] of Object.entries(definition.effects ?? {})) {
    if (!(name in (source.implementations.actors as object))) actions.set(name, { kind: 'effect', effect })
  }

  const machine = new StateMachine(
    { ...rewritten.config, options: { maxIterations: options.microsteps, ...(rewritten.config['options'] as object | undefined) } } as never,
    {
      actions: implementations,
      guards: source.implementations.guards,
      actors: Object.fromEntries(Object.keys(logic).map((src) => [src, inertLogic])),
      delays: strictDelays(source.implementations.delays as Record<string, unknown>, definition.type),
    } as never,
  ) as unknown as AnyStateMachine

  problems.push(...refusals(definition, machine, new Set(actions.keys()), new Set(children.keys())))
  if (problems.length > 0) {
    throw new StandingError('invalid-definition', `actor type '${definition.type}' cannot run durably:\n- ${problems.join('\n- ')}`)
  }

  const stateIds = new Map(allNodes(machine).map((node) => [node.id, stateId(node)]))
  return { actor: { type: definition.type, definition, machine, children, actions, stateIds }, childDefinitions }
}

/**
 * R6: XState raises at once an event whose delay name does not resolve (pitfall 3). Names in the config
 * are checked at registration; this catches those that `enqueueActions` makes up while it runs.
 */
function strictDelays(delays: Record<string, unknown>, type: string): Record<string, unknown> {
  const checked = Object.fromEntries(
    Object.entries(delays).map(([name, delay]) => [
      name,
      typeof delay === 'function' ? checkedDelay(delay as DelayExpression, `delay '${name}'`) : delay,
    ]),
  )
  return new Proxy(checked, {
    get(target, name) {
      if (typeof name === 'string' && !(name in target)) {
        throw new StandingError('step-failed', `unknown delay '${name}' in a machine of type '${type}' (R6)`)
      }
      return Reflect.get(target, name) as unknown
    },
  })
}
