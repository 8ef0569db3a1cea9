/** Small makers of what stores take. Every argument has a default, so a test names only what it is about. */
import { addressKey, outputKey, sliceOf, type Address } from '../../runtime/model/address.ts'
import type { EffectRow, JournalRow, OutboxRow, ParkedRow, StoredActor, TimerRow } from '../../runtime/model/records.ts'
import type { ActorCommit, CommitBatch } from '../../runtime/ports/store.ts'

export const T0 = Date.UTC(2026, 0, 1)

let made = 0

/** A number that no other call gets: ids of one test never meet another's. */
export function unique(): number {
  return ++made
}

export function address(id: string = `a${unique()}`, type = 'lamp', tenant = 'main'): Address {
  return { tenant, type, id }
}

export function actor(at: Address, seq: number, changes: Partial<StoredActor> = {}): StoredActor {
  return {
    address: at,
    slice: sliceOf(at),
    seq,
    version: '1',
    status: 'active',
    hold: null,
    value: '{"z":"on","a":{"b":"off"}}',
    context: `{"seq":${seq}}`,
    history: null,
    children: null,
    output: null,
    error: null,
    states: ['z', 'z.on', 'a', 'a.b', 'a.b.off'],
    tags: [],
    parent: null,
    createdAt: T0,
    updatedAt: T0 + seq,
    ...changes,
  }
}

export function journalRow(at: Address, seq: number, changes: Partial<JournalRow> = {}): JournalRow {
  return {
    seq,
    at: T0 + seq,
    eventId: `${addressKey(at)}#${seq}`,
    fresh: false,
    eventType: 'toggle',
    event: '{"type":"toggle"}',
    outcome: 'applied',
    from: seq === 1 ? null : '{"z":"off"}',
    to: '{"z":"on"}',
    facts: null,
    effects: null,
    timers: null,
    source: 'rest:key_1',
    correlationId: 'c1',
    causationId: null,
    version: '1',
    ...changes,
  }
}

/** One step of an actor, from `expectedSeq` to the next. */
export function commit(at: Address, expectedSeq: number, changes: Partial<Omit<ActorCommit, 'next'>> & { next?: Partial<StoredActor> } = {}): ActorCommit {
  const { next, ...rest } = changes
  const seq = expectedSeq + (rest.journal?.length ?? 1)
  return {
    expectedSeq,
    next: actor(at, seq, next),
    journal: [journalRow(at, seq)],
    timersSet: [],
    timersCleared: [],
    effectsAdded: [],
    effectsRemoved: [],
    outbox: [],
    parked: [],
    unparked: [],
    identifiers: undefined,
    rows: [],
    ...rest,
  }
}

export function batch(...actors: ActorCommit[]): CommitBatch {
  return { actors, relayed: [] }
}

export function timer(id: string, dueAt: number, changes: Partial<TimerRow> = {}): TimerRow {
  return { id, dueAt, armedAt: T0, armedSeq: 1, action: JSON.stringify({ do: 'raise', event: { type: `due.${id}` } }), ...changes }
}

export function effect(at: Address, index: number, changes: Partial<EffectRow> = {}): EffectRow {
  return {
    key: outputKey(at, 1, index),
    address: at,
    slice: sliceOf(at),
    name: 'charge',
    kind: 'invoke',
    childId: '0.lamp.on',
    lane: 'default',
    input: '{"amount":5}',
    status: 'pending',
    attempts: 0,
    nextAttemptAt: T0,
    lastError: null,
    createdAt: T0 + index,
    correlationId: 'c1',
    ...changes,
  }
}

export function message(at: Address, seq: number, index = 0, changes: Partial<OutboxRow> = {}): OutboxRow {
  return { key: outputKey(at, seq, index), sender: at, slice: sliceOf(at), kind: 'fact', body: `{"seq":${seq},"index":${index}}`, ...changes }
}

export function parkedRow(at: Address, eventId: string = `e${unique()}`, changes: Partial<ParkedRow> = {}): ParkedRow {
  return { eventId, address: at, slice: sliceOf(at), kind: 'poison', eventType: 'toggle', delivery: '{"eventId":"x"}', error: '{"name":"Error"}', at: T0, ...changes }
}

/** What a promise is rejected with; undefined when it is not. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
