/** Walks the parts of a machine that have names. Reads the resolved state nodes, writes nothing. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'

/** All state nodes in document order, the root first. */
export function allNodes(machine: AnyStateMachine): AnyStateNode[] {
  const below = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap((child) => below(child as AnyStateNode))]
  return below(machine.root as AnyStateNode)
}

/** `active.grace`: the node's path without the machine id; empty for the root. */
export function stateId(node: AnyStateNode): string {
  return node.path.join('.')
}

export function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])] as AnyTransitionDefinition[]
}

export interface NamedAction {
  name: string
  where: string
}

/** One action as written: a name, or one of XState's built-ins with its static settings. */
export type ActionSite = { where: string; action: unknown }

/** Every action that stands in the config, and those that named built-in implementations consist of. */
export function actionSites(machine: AnyStateMachine): ActionSite[] {
  const sites: ActionSite[] = []
  for (const node of allNodes(machine)) {
    const where = stateId(node) || '(root)'
    const initial = node.type === 'compound' ? node.initial.actions : []
    for (const action of [...node.entry, ...node.exit, ...initial]) sites.push({ where, action })
    for (const transition of transitionsOf(node)) {
      for (const action of transition.actions) sites.push({ where: `${where} on ${transition.eventType}`, action })
    }
  }
  for (const [name, action] of Object.entries(machine.implementations.actions as Record<string, unknown>)) {
    sites.push({ where: `action '${name}'`, action })
  }
  return sites
}

/** Names of all guards, those inside `and`/`or`/`not` included. */
export function guardNames(machine: AnyStateMachine): NamedAction[] {
  const names: NamedAction[] = []
  const add = (guard: unknown, where: string): void => {
    if (typeof guard === 'string') names.push({ name: guard, where })
    else if (typeof guard === 'function') {
      const inner = guard as { guards?: unknown[]; guard?: unknown }
      for (const one of inner.guards ?? []) add(one, where)
      if (inner.guard !== undefined && 'check' in guard) add(inner.guard, where)
    } else if (typeof guard === 'object' && guard !== null && 'type' in guard && typeof guard.type === 'string') {
      names.push({ name: guard.type, where })
    }
  }
  for (const node of allNodes(machine)) {
    for (const transition of transitionsOf(node)) add(transition.guard, `${stateId(node) || '(root)'} on ${transition.eventType}`)
  }
  for (const [name, guard] of Object.entries(machine.implementations.guards as Record<string, unknown>)) {
    if (typeof guard === 'function' && 'check' in guard) add(guard, `guard '${name}'`)
  }
  return names
}

/** The delay names that `after`, `raise` and `sendTo` use. */
export function delayNames(machine: AnyStateMachine): NamedAction[] {
  const names: NamedAction[] = []
  for (const { where, action } of actionSites(machine)) {
    if (typeof action === 'function' && 'delay' in action && typeof action.delay === 'string') {
      names.push({ name: action.delay, where })
    }
  }
  return names
}
