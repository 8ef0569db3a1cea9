/** An actor in memory: the live snapshot and everything the next step needs. Never mutated; a step makes a new one. */
import type { AnyMachineSnapshot } from 'xstate'
import { isStandingError, StandingError } from '../errors.ts'
import { misfits, shapeOf } from '../gate/fit.ts'
import { migrateStored } from '../gate/migrate-stored.ts'
import type { Migrated } from '../gate/migrate-stored.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { selfRef } from '../machine/scope.ts'
import type { SelfRef, StepScope } from '../machine/scope.ts'
import { restore, settle } from '../machine/snapshot.ts'
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
  /** Set when this is not what is stored: the next write must make the migration durable (R12). */
  readonly migrated?: Migrated | undefined
}

/** @throws StandingError `gate-refused` when the stored state does not fit the code (R12). */
export function fromStored(compiled: CompiledActor, scope: StepScope, stored: LoadedActor): ActorState {
  try {
    return fitting(compiled, scope, stored)
  } catch (error) {
    if (isStandingError(error, 'gate-refused')) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new StandingError('gate-refused', `'${compiled.type}/${stored.actor.address.id}' cannot be restored: ${message} (R12)`, { cause: error })
  }
}

function fitting(compiled: CompiledActor, scope: StepScope, stored: LoadedActor): ActorState {
  const { loaded, migrated } = migrateStored(compiled.definition, stored)
  const { actor } = loaded
  const problems = actor.status === 'active' ? misfits(compiled, shapeOf(loaded)) : []
  if (problems.length > 0) {
    throw new StandingError('gate-refused', `'${compiled.type}/${actor.address.id}' does not fit version ${compiled.definition.version} (R12): ${problems.join('; ')}`)
  }
  const parent = parse<ParentLink>(actor.parent)
  const children = parse<Record<string, ChildRecord>>(actor.children) ?? {}
  const self = selfRef(scope, actor.address, parent?.address)
  const restored = restore(compiled, scope, self, actor, children)
  // States, tags and their order are the new version's.
  const { snapshot, encoded } = migrated === undefined ? restored : settle(compiled, restored.snapshot, undefined, undefined)
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
    migrated,
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
