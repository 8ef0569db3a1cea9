/**
 * Compares a machine with its phrases (machines/words.ts): what a person could meet without a phrase, and phrases of things that are
 * gone. Pure: machine and words in, complaints out.
 *
 * `required` is what must have a phrase. `known` is what may have one: also what a machine sets up but uses in ways that cannot be
 * read off its definition, such as a guard asked inside `enqueueActions`.
 */
import type { AnyStateMachine } from 'xstate'
import type { Phrase, Words } from '../machines/words.ts'

type Kind = keyof Words

const KINDS: readonly Kind[] = ['states', 'events', 'guards', 'delays', 'effects']

/** What is read of XState's nodes; its own types say `any` in these places. */
interface Node {
  path: readonly string[]
  states: Readonly<Record<string, Node>>
  entry: readonly unknown[]
  exit: readonly unknown[]
  invoke: readonly { src: unknown }[]
  after: readonly { delay: unknown }[]
  transitions: ReadonlyMap<string, readonly Transition[]>
  always?: readonly Transition[]
  initial?: Transition
}

interface Transition {
  guard?: unknown
  actions?: readonly unknown[]
}

class Inventory {
  readonly required: Readonly<Record<Kind, Set<string>>> = newSets()
  readonly known: Readonly<Record<Kind, Set<string>>> = newSets()

  require(kind: Kind, name: string): void {
    this.required[kind].add(name)
    this.known[kind].add(name)
  }

  allow(kind: Kind, name: string): void {
    this.known[kind].add(name)
  }
}

export function missingWords(machine: AnyStateMachine, words: Words | undefined): string[] {
  const inventory = takeInventory(machine)
  return KINDS.flatMap((kind) => {
    const phrases: Readonly<Record<string, Phrase>> = words?.[kind] ?? {}
    const missing = [...inventory.required[kind]].flatMap((name) => missingPhrases(kind, name, Object.hasOwn(phrases, name) ? phrases[name] : undefined))
    const unused = Object.keys(phrases).filter((name) => !inventory.known[kind].has(name))
    return [...missing, ...unused.map((name) => `unused ${singular(kind)} '${name}': the machine has none of this name`)]
  })
}

function missingPhrases(kind: Kind, name: string, phrase: Phrase | undefined): string[] {
  return (['staff', 'customer'] as const)
    .filter((audience) => !phrase?.[audience].trim())
    .map((audience) => `missing ${singular(kind)} '${name}': no phrase for ${audience === 'staff' ? 'staff' : 'the customer'}`)
}

function takeInventory(machine: AnyStateMachine): Inventory {
  const inventory = new Inventory()
  for (const event of machine.events as readonly string[]) if (isOwnEvent(event)) inventory.require('events', event)

  const { guards, delays, actions, actors } = machine.implementations
  for (const name of Object.keys(guards)) inventory.allow('guards', name)
  for (const name of Object.keys(delays)) inventory.allow('delays', name)
  for (const name of Object.keys({ ...actions, ...actors })) inventory.allow('effects', name)

  visit(machine.root, inventory, actions)
  return inventory
}

function visit(node: Node, inventory: Inventory, implementations: Readonly<Record<string, unknown>>): void {
  if (node.path.length > 0) inventory.require('states', node.path.join('.'))

  for (const { delay } of node.after) inventory.require('delays', typeof delay === 'number' ? `after.${delay}` : String(delay))
  for (const { src } of node.invoke) requireSource(src, inventory)
  for (const event of node.transitions.keys()) if (isOwnEvent(event)) inventory.allow('events', event)

  const transitions = [...node.transitions.values()].flat().concat(node.always ?? [], node.initial ?? [])
  for (const { guard } of transitions) visitGuard(guard, inventory)

  const actions = [...node.entry, ...node.exit, ...transitions.flatMap(({ actions = [] }) => actions)]
  for (const action of actions) visitAction(action, inventory, implementations)

  for (const child of Object.values(node.states)) visit(child, inventory, implementations)
}

/** A guard is a name, a name with parameters, or `and`, `or`, `not` of guards; a function in place has no name to describe. */
function visitGuard(guard: unknown, inventory: Inventory): void {
  if (typeof guard === 'string') inventory.require('guards', guard)
  const { type, guards } = fields(guard)
  if (typeof guard !== 'function' && typeof type === 'string') inventory.require('guards', type)
  if (Array.isArray(guards)) for (const part of guards as readonly unknown[]) visitGuard(part, inventory)
}

/** A named action is an effect, unless the machine itself says it is only bookkeeping (`assign`, `raise`, ...). */
function visitAction(action: unknown, inventory: Inventory, implementations: Readonly<Record<string, unknown>>): void {
  const { type, delay, src } = fields(action)
  const name = typeof action === 'string' ? action : type
  if (typeof name !== 'string') return

  if (isBuiltIn(action)) {
    if (typeof delay === 'string') inventory.require('delays', delay)
    if (name === 'xstate.spawnChild') requireSource(src, inventory)
    return
  }
  if (typeof action === 'function') return

  const implementation = Object.hasOwn(implementations, name) ? implementations[name] : undefined
  if (isBuiltIn(implementation)) visitAction(implementation, inventory, implementations)
  else inventory.require('effects', name)
}

/** Logic written in place gets an `xstate.` name from XState; nobody can describe that, and the runtime refuses it. */
function requireSource(src: unknown, inventory: Inventory): void {
  if (typeof src === 'string' && !src.startsWith('xstate.')) inventory.require('effects', src)
}

function isBuiltIn(action: unknown): boolean {
  const { type } = fields(action)
  return typeof type === 'string' && type.startsWith('xstate.')
}

/** XState's own events and wildcards are no events of the machine. */
function isOwnEvent(event: string): boolean {
  return !event.startsWith('xstate.') && !event.endsWith('*')
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  const hasFields = typeof value === 'function' || (typeof value === 'object' && value !== null)
  return hasFields ? (value as Readonly<Record<string, unknown>>) : {}
}

function singular(kind: Kind): string {
  return kind.slice(0, -1)
}

function newSets(): Record<Kind, Set<string>> {
  return { states: new Set(), events: new Set(), guards: new Set(), delays: new Set(), effects: new Set() }
}
