/** Filters and sums over stored actors, as the store port defines them. */
import { addressKey, type Address } from '../model/address.ts'
import type { ChildRecord, DueTimer, StoredActor, TimerAction } from '../model/records.ts'
import type { StateCount, StoredShape, StoredTimers } from '../ports/store.ts'
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
export function countShapes(actors: ReadonlyMap<string, StoredActor>): StoredShape[] {
  const shapes = new Map<string, StoredShape>()
  for (const actor of actors.values()) {
    const { version, status, value, history, address } = actor
    countIn(shapes, { type: address.type, version, status, value, history, childSources: childSources(actor.children) }, address)
  }
  return sorted(shapes)
}

export function countTimers(tables: { actors: ReadonlyMap<string, StoredActor>; timers: ReadonlyMap<string, ReadonlyMap<string, DueTimer>> }): StoredTimers[] {
  const counts = new Map<string, StoredTimers>()
  for (const [key, { address, version, status }] of tables.actors) {
    for (const timer of tables.timers.get(key)?.values() ?? []) {
      const action = JSON.parse(timer.action) as TimerAction
      if (action.do === 'raise') countIn(counts, { type: address.type, version, status, id: timer.id, eventType: action.event.type }, address)
    }
  }
  return sorted(counts)
}

function countIn<Row extends Counted>(counts: Map<string, Row>, part: Omit<Row, keyof Counted>, address: Address): void {
  const key = JSON.stringify(part)
  const found = counts.get(key) ?? ({ ...part, count: 0, example: address } as Row)
  found.count += 1
  if (compareAddresses(address, found.example) < 0) found.example = address
  counts.set(key, found)
}

interface Counted {
  count: number
  example: Address
}

function sorted<Row extends Counted & { type: string; id?: string }>(counts: ReadonlyMap<string, Row>): Row[] {
  return [...counts.values()].sort((a, b) => compareText(a.type, b.type) || compareAddresses(a.example, b.example) || compareText(a.id ?? '', b.id ?? ''))
}

function childSources(children: string | null): string[] {
  if (children === null) return []
  const records = Object.values(JSON.parse(children) as Record<string, ChildRecord>)
  return [...new Set(records.map((child) => child.src))].sort(compareText)
}
