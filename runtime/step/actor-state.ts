/** An actor in memory: the live snapshot and everything the next step needs. Never mutated; a step makes a new one. */
import type { AnyMachineSnapshot } from 'xstate'
import type { CompiledActor } from '../machine/compile.ts'
import { selfRef } from '../machine/scope.ts'
import type { SelfRef, StepScope } from '../machine/scope.ts'
import { restore } from '../machine/snapshot.ts'
import type { Encoded } from '../machine/snapshot.ts'
import type { Address } from '../model/address.ts'
import type { ChildRecord, Hold, ParentLink, StoredActor, TimerRow } from '../model/records.ts'
import type { LoadedActor } from '../ports/store.ts'

export interface ActorState {
  readonly address: Address
  readonly slice: number
  readonly seq: number
  readonly version: string
  readonly hold: Hold | null
  readonly self: SelfRef
  readonly snapshot: AnyMachineSnapshot
  readonly encoded: Encoded
  readonly children: Readonly<Record<string, ChildRecord>>
  readonly timers: ReadonlyMap<string, TimerRow>
  readonly parent: ParentLink | null
  /** JSON of the identifiers last written; undefined after a reload, which makes the next step write them. */
  readonly identifiers: string | undefined
  readonly createdAt: number
  readonly updatedAt: number
}

/** @throws StandingError `gate-refused` when the stored state does not fit the code (R12). */
export function fromStored(compiled: CompiledActor, scope: StepScope, loaded: LoadedActor): ActorState {
  const { actor } = loaded
  const parent = parse<ParentLink>(actor.parent)
  const children = parse<Record<string, ChildRecord>>(actor.children) ?? {}
  const self = selfRef(scope, actor.address, parent?.address)
  const { snapshot, encoded } = restore(compiled, scope, self, actor, children)
  self.current = snapshot
  return {
    address: actor.address,
    slice: actor.slice,
    seq: actor.seq,
    version: actor.version,
    hold: parse<Hold>(actor.hold),
    self,
    snapshot,
    encoded,
    children,
    timers: new Map(loaded.timers.map((timer) => [timer.id, timer])),
    parent,
    identifiers: undefined,
    createdAt: actor.createdAt,
    updatedAt: actor.updatedAt,
  }
}

export function toStored(state: ActorState): StoredActor {
  const { encoded } = state
  return {
    address: state.address,
    slice: state.slice,
    seq: state.seq,
    version: state.version,
    status: encoded.status,
    hold: state.hold === null ? null : JSON.stringify(state.hold),
    value: encoded.value,
    context: encoded.context,
    history: encoded.history,
    children: isEmpty(state.children) ? null : JSON.stringify(state.children),
    output: encoded.output,
    error: encoded.error,
    states: encoded.states,
    tags: encoded.tags,
    parent: state.parent === null ? null : JSON.stringify(state.parent),
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
  }
}

function parse<T>(json: string | null): T | null {
  return json === null ? null : (JSON.parse(json) as T)
}

function isEmpty(record: object): boolean {
  for (const _key in record) return false
  return true
}
