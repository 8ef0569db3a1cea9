/**
 * Between XState's live snapshot and what is stored. The two must be interchangeable: a step from a
 * cached actor and one from a reloaded actor give the same result (R11, pitfalls 17 and 18), which is
 * why nodes and values are always brought into document order.
 */
import type { AnyMachineSnapshot, AnyStateNode, StateValue } from 'xstate'
import { StandingError } from '../errors.ts'
import type { ActorStatus, ChildRecord, StoredActor } from '../model/records.ts'
import type { CompiledActor } from './compile.ts'
import { holdsRefs, revive, toPlain } from './plain.ts'
import type { SelfRef, StepScope } from './scope.ts'

/** The stored text of a snapshot's parts, kept with the live one so that nothing is encoded twice. */
export interface Encoded {
  status: ActorStatus
  value: string
  context: string
  history: string | null
  output: string | null
  error: string | null
  states: string[]
  tags: string[]
}

type Mutable = AnyMachineSnapshot & { _nodes: AnyStateNode[]; value: StateValue; context: unknown; children: Record<string, unknown> }

/**
 * Brings a fresh snapshot into its canonical form and encodes it. `before` lends what has not changed.
 * @throws StandingError `step-failed` when something in it cannot be stored.
 */
export function settle(compiled: CompiledActor, fresh: AnyMachineSnapshot, before: Encoded | undefined, previous: AnyMachineSnapshot | undefined): { snapshot: AnyMachineSnapshot; encoded: Encoded } {
  const snapshot = inDocumentOrder(compiled, fresh)
  const contextKept = before !== undefined && previous !== undefined && snapshot.context === previous.context
  let context: string
  if (contextKept) {
    context = before.context
  } else {
    const plain = toPlain(snapshot.context, 'context')
    context = JSON.stringify(plain.data)
    // From here on the live context is what a reload would give.
    snapshot.context = plain.hasRefs ? (revive(plain.data, snapshot.children as Record<string, unknown>) as never) : (plain.data as never)
  }
  const states: string[] = []
  const tags: string[] = []
  for (const node of (snapshot as unknown as Mutable)._nodes) {
    const id = compiled.stateIds.get(node.id)
    if (id !== undefined && id !== '') states.push(id)
    for (const tag of node.tags) if (!tags.includes(tag)) tags.push(tag)
  }
  const status = toStatus(snapshot.status)
  return {
    snapshot,
    encoded: {
      status,
      value: JSON.stringify(snapshot.value),
      context,
      history: encodeHistory(snapshot),
      output: snapshot.output === undefined ? null : JSON.stringify(toPlain(snapshot.output, 'output').data),
      error: status === 'error' ? JSON.stringify(toPlain(snapshot.error, 'error').data) : null,
      states,
      tags,
    },
  }
}

/** The live snapshot of a stored actor; children are inert stand-ins under their ids. */
export function restore(compiled: CompiledActor, scope: StepScope, self: SelfRef, stored: StoredActor, children: Record<string, ChildRecord>): { snapshot: AnyMachineSnapshot; encoded: Encoded } {
  const standIns = Object.fromEntries(
    Object.entries(children).map(([id, child]) => [
      id,
      { snapshot: { status: 'active' }, src: child.src, ...(child.systemId === undefined ? {} : { systemId: child.systemId }) },
    ]),
  )
  const persisted = {
    status: stored.status,
    value: JSON.parse(stored.value) as StateValue,
    context: {} as Record<string, unknown>,
    historyValue: decodeHistory(stored.history),
    children: standIns,
    output: stored.output === null ? undefined : (JSON.parse(stored.output) as unknown),
    error: stored.error === null ? undefined : (JSON.parse(stored.error) as unknown),
  }
  const { result } = scope.run(self, (inert) => compiled.machine.restoreSnapshot(persisted as never, inert))
  // restoreSnapshot does not throw for a state that the code no longer has: it gives an error snapshot (pitfall 12).
  if (result.status !== stored.status) {
    throw new StandingError('gate-refused', `stored state ${stored.value} does not fit version ${compiled.definition.version} of '${compiled.type}' (R12)`)
  }
  const context: unknown = JSON.parse(stored.context)
  result.context = (holdsRefs(stored.context) ? revive(context, result.children as Record<string, unknown>) : context) as never
  const snapshot = inDocumentOrder(compiled, result)
  return {
    snapshot,
    encoded: {
      status: stored.status,
      value: stored.value,
      context: stored.context,
      history: stored.history,
      output: stored.output,
      error: stored.error,
      states: stored.states,
      tags: stored.tags,
    },
  }
}

/** A stopped actor has finished as far as callers are concerned. */
function toStatus(status: string): ActorStatus {
  return status === 'active' || status === 'error' ? status : 'done'
}

/**
 * A restored snapshot has its active nodes in document order and complete. A live one has them in the order of entry (pitfall 18), and
 * may lack some where a history state inside a parallel state was entered: XState leaves those above and beside it out until a reload.
 */
function inDocumentOrder(compiled: CompiledActor, snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
  const nodes = (snapshot as unknown as Mutable)._nodes
  const isWhole = nodes.every((node) => isComplete(node, nodes))
  if (isWhole && nodes.every((node, i) => i === 0 || (nodes[i - 1] as AnyStateNode).order < node.order)) return snapshot
  const source: unknown = isWhole ? snapshot : compiled.machine.resolveState({ value: snapshot.value as StateValue, context: snapshot.context })
  const { _nodes, value } = source as { _nodes: AnyStateNode[]; value: StateValue }
  const copy = { ...snapshot } as unknown as Mutable
  copy._nodes = [..._nodes].sort((a, b) => a.order - b.order)
  copy.value = orderedValue(compiled.machine.root, value)
  return copy as AnyMachineSnapshot
}

/** An active node's parent is active, and so are all of its regions, or one of its children. */
function isComplete(node: AnyStateNode, active: readonly AnyStateNode[]): boolean {
  if (node.parent !== undefined && !active.includes(node.parent)) return false
  if (node.type !== 'parallel' && node.type !== 'compound') return true
  const children: AnyStateNode[] = Object.values(node.states)
  const isActive = (child: AnyStateNode): boolean => active.includes(child)
  return node.type === 'compound' ? children.some(isActive) : children.every((child) => child.type === 'history' || isActive(child))
}

/** The same state value with the keys of parallel regions in document order. */
function orderedValue(node: AnyStateNode, value: StateValue): StateValue {
  if (typeof value === 'string') return value
  const entries = Object.entries(value) as [string, StateValue][]
  const orderOf = (key: string): number => node.states[key]?.order ?? 0
  entries.sort(([a], [b]) => orderOf(a) - orderOf(b))
  return Object.fromEntries(entries.map(([key, inner]) => [key, orderedValue(node.states[key] as AnyStateNode, inner)]))
}

function encodeHistory(snapshot: AnyMachineSnapshot): string | null {
  const history = snapshot.historyValue as Record<string, AnyStateNode[]>
  const ids = Object.keys(history)
  if (ids.length === 0) return null
  return JSON.stringify(
    Object.fromEntries(ids.sort().map((id) => [id, [...(history[id] ?? [])].sort((a, b) => a.order - b.order).map((node) => node.id)])),
  )
}

function decodeHistory(history: string | null): Record<string, { id: string }[]> {
  if (history === null) return {}
  const ids = JSON.parse(history) as Record<string, string[]>
  return Object.fromEntries(Object.entries(ids).map(([id, nodes]) => [id, nodes.map((node) => ({ id: node }))]))
}
