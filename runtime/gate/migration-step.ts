/** The journal row of a migration, and the way back from it: a checkpoint that a replay can start from. */
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { Address } from '../model/address.ts'
import { addressKey, sliceOf } from '../model/address.ts'
import type { Delivery, EventObject } from '../model/messages.ts'
import type { JournalRow, ParentLink, StoredActor, TimerRow } from '../model/records.ts'
import { fromStored, toStored } from '../step/actor-state.ts'
import type { ActorState } from '../step/actor-state.ts'
import { recordStep } from '../step/step.ts'
import type { StepContext, Stepped } from '../step/stepped.ts'
import type { Migrated } from './migrate-stored.ts'

const MIGRATED = 'standing.migrated'

interface MigrationEvent extends EventObject {
  from: string
  to: string
  actor: StoredActor
  timers: TimerRow[]
}

export function migrationStep(context: StepContext, state: ActorState, migrated: Migrated): Stepped {
  const eventId = `migrated/${addressKey(state.address)}/${state.seq}`
  const event: MigrationEvent = { type: MIGRATED, from: migrated.from, to: state.version, actor: toStored(state), timers: [...state.timers.values()] }
  const delivery: Delivery = { kind: 'event', eventId, fresh: true, trace: { source: 'migration', correlationId: eventId, causationId: null }, event }
  return recordStep(context, state, delivery, event, 'administered', { renamed: migrated.renamed })
}

export function isMigration(row: JournalRow): boolean {
  return row.eventType === MIGRATED
}

/** The actor right after its migration. */
export function stateAfterMigration(compiled: CompiledActor, scope: StepScope, address: Address, parent: ParentLink | null, row: JournalRow): ActorState {
  const { actor, timers } = JSON.parse(row.event) as MigrationEvent
  const stored: StoredActor = { ...actor, address, slice: sliceOf(address), seq: row.seq, parent: parent === null ? null : JSON.stringify(parent), updatedAt: row.at }
  return fromStored(compiled, scope, { actor: stored, timers })
}
