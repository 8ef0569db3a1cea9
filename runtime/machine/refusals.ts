/** What makes a machine impossible to run durably, found at registration and said in plain words. */
import type { AnyStateMachine } from 'xstate'
import type { ActorDefinition } from '../definition.ts'
import { actionSites, allNodes, delayNames, guardNames, stateId } from './walk.ts'

/** All problems of one machine; empty when it can run. */
export function refusals(
  definition: ActorDefinition,
  machine: AnyStateMachine,
  effectActions: ReadonlySet<string>,
  childSources: ReadonlySet<string>,
): string[] {
  return [
    ...unknownActions(machine, effectActions),
    ...unknownGuards(machine),
    ...badDelays(machine),
    ...unknownFixedTimers(definition, machine),
    ...badChildren(machine, childSources),
    ...spawnsInAssign(machine),
    ...unknownMigrations(definition),
  ]
}

function unknownActions(machine: AnyStateMachine, effectActions: ReadonlySet<string>): string[] {
  const known = machine.implementations.actions as Record<string, unknown>
  return actionSites(machine).flatMap(({ where, action }) => {
    const name = nameOf(action)
    if (name === undefined || name in known || effectActions.has(name)) return []
    return [`unknown action '${name}' at ${where}: implement it in the machine or as an effect of the definition`]
  })
}

function unknownGuards(machine: AnyStateMachine): string[] {
  const known = machine.implementations.guards as Record<string, unknown>
  return guardNames(machine)
    .filter(({ name }) => !(name in known))
    .map(({ name, where }) => `unknown guard '${name}' at ${where}`)
}

function badDelays(machine: AnyStateMachine): string[] {
  const known = machine.implementations.delays as Record<string, unknown>
  const unknown = delayNames(machine)
    .filter(({ name }) => !Object.hasOwn(known, name))
    .map(({ name, where }) => `unknown delay '${name}' at ${where}: XState would raise the event at once (R6)`)
  const unusable = Object.entries(Object.getOwnPropertyDescriptors(known))
    .filter(([, { value }]) => typeof value !== 'function' && !(typeof value === 'number' && Number.isFinite(value)))
    .map(([name]) => `delay '${name}' is neither a number of milliseconds nor a function`)
  return [...unknown, ...unusable]
}

/** A fixed timer of a mistyped name would move. */
function unknownFixedTimers({ fixedTimers = {} }: ActorDefinition, machine: AnyStateMachine): string[] {
  const known = new Set(delayNames(machine).map(({ name }) => name))
  return Object.keys(fixedTimers).filter((name) => !known.has(name)).map((name) => `no delay '${name}', whose timer is to be fixed`)
}

function badChildren(machine: AnyStateMachine, known: ReadonlySet<string>): string[] {
  const problems: string[] = []
  const check = (src: unknown, where: string): void => {
    if (typeof src !== 'string') {
      problems.push(`spawnChild of inline logic at ${where}: name it in setup({ actors }), so that it can be found again`)
    } else if (!known.has(src)) {
      problems.push(`unknown actor logic '${src}' at ${where}`)
    }
  }
  for (const node of allNodes(machine)) {
    const where = stateId(node) || '(root)'
    for (const invoke of node.invoke) {
      check(invoke.src, where)
      if ('onSnapshot' in invoke && invoke.onSnapshot !== undefined) {
        problems.push(`onSnapshot at ${where}: a child commits on its own, its snapshots are not streamed; let it sendParent what matters`)
      }
    }
  }
  for (const { where, action } of actionSites(machine)) {
    if (typeof action !== 'function' || !('type' in action) || action.type !== 'xstate.spawnChild') continue
    check('src' in action ? action.src : undefined, where)
    if ('syncSnapshot' in action && action.syncSnapshot === true) problems.push(`syncSnapshot of a child at ${where} is not supported`)
  }
  return problems
}

/**
 * `spawn` inside `assign` leaves no trace that could be committed (pitfall 16). Whether a function calls
 * it can only be read from its parameters' text here; a step that does it all the same fails there.
 */
function spawnsInAssign(machine: AnyStateMachine): string[] {
  const usesSpawn = (fn: unknown): boolean => typeof fn === 'function' && /\bspawn\s*\(/.test(Function.prototype.toString.call(fn))
  const problems: string[] = []
  if (usesSpawn((machine.config as { context?: unknown }).context)) {
    problems.push('spawn in the context factory: use spawnChild with an id in an entry action')
  }
  for (const { where, action } of actionSites(machine)) {
    if (typeof action !== 'function' || !('assignment' in action)) continue
    const assignment: unknown = action.assignment
    const parts: unknown[] = typeof assignment === 'object' && assignment !== null ? Object.values(assignment) : [assignment]
    if (parts.some(usesSpawn)) problems.push(`spawn inside assign at ${where}: use spawnChild with an id`)
  }
  return problems
}

function unknownMigrations(definition: ActorDefinition): string[] {
  return (definition.migrations ?? [])
    .filter((migration) => migration.from === definition.version)
    .map((migration) => `a migration from version '${migration.from}' leads to the same version`)
}

function nameOf(action: unknown): string | undefined {
  if (typeof action === 'string') return action
  if (typeof action === 'object' && action !== null && 'type' in action && typeof action.type === 'string') return action.type
  return undefined
}
