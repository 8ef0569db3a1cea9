/** Filters and sums over stored actors, as the store port defines them. */
import { addressKey, type Address } from '../model/address.ts'
import type { ChildRecord, DueTimer, StoredActor, TimerAction } from '../model/records.ts'
import type { StateCount, StoredShape } from '../ports/store.ts'
import { compareAddresses, compareText } from './order.ts'

/** The status that callers see: a held actor is blocked, whatever else it is (contract.md §2). */
export function shownStatus(actor: StoredActor): 'active' | 'done' | 'error' | 'blocked' {
  return actor.hold === null ? actor.status : 'blocked'
}

export function matches(candidate: Address, { tenant, address }: { tenant: string | undefined; address: Address | undefined }): boolean {
  return (tenant === undefined || candidate.tenant === tenant) && (address === undefined || addressKey(candidate) === addressKey(address))
}

export function countStates(actors: readonly StoredActor[]): StateCount[] {
  const counts = new Map<string, StateCount>()
  for (const actor of actors) {
    const status = shownStatus(actor)
    for (const state of actor.states) {
      const key = JSON.stringify([actor.address.type, state, status])
      const count = counts.get(key) ?? { type: actor.address.type, state, status, count: 0 }
      count.count += 1
      counts.set(key, count)
    }
  }
  return [...counts.values()].sort((a, b) => compareText(a.type, b.type) || compareText(a.state, b.state) || compareText(a.status, b.status))
}

/** R12: what differs in nothing the gate looks at is one shape. */
export function countShapes(tables: { actors: ReadonlyMap<string, StoredActor>; timers: ReadonlyMap<string, ReadonlyMap<string, DueTimer>> }): StoredShape[] {
  const shapes = new Map<string, StoredShape>()
  for (const [key, actor] of tables.actors) {
    const part = {
      type: actor.address.type,
      version: actor.version,
      status: actor.status,
      value: actor.value,
      history: actor.history,
      childSources: childSources(actor.children),
      timers: timersOf(tables.timers.get(key)),
    }
    const shapeKey = JSON.stringify(part)
    const shape = shapes.get(shapeKey) ?? { ...part, count: 0, example: actor.address }
    shape.count += 1
    if (compareAddresses(actor.address, shape.example) < 0) shape.example = actor.address
    shapes.set(shapeKey, shape)
  }
  return [...shapes.values()].sort((a, b) => compareText(a.type, b.type) || compareAddresses(a.example, b.example))
}

function childSources(children: string | null): string[] {
  if (children === null) return []
  const records = Object.values(JSON.parse(children) as Record<string, ChildRecord>)
  return [...new Set(records.map((child) => child.src))].sort(compareText)
}

function timersOf(armed: ReadonlyMap<string, DueTimer> | undefined): StoredShape['timers'] {
  // A delayed message to another actor is none of this machine's events.
  const timers = [...(armed?.values() ?? [])]
    .map(({ id, action }) => ({ id, action: JSON.parse(action) as TimerAction }))
    .filter(({ action }) => action.do === 'raise')
    .map(({ id, action }) => ({ id, eventType: action.event.type }))
  return timers.sort((a, b) => compareText(a.id, b.id))
}
