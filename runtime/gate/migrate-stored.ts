/**
 * R12: brings a stored actor of an older machine version to the present one, as its definition says. Pure; the first write of the actor makes
 * it durable, with a journal row of its own (`standing.migrated`).
 */
import type { ActorDefinition, Migration } from '../definition.ts'
import type { Json } from '../model/json.ts'
import type { TimerAction, TimerRow } from '../model/records.ts'
import type { LoadedActor } from '../ports/store.ts'

/** What a migration has changed that the store does not know yet. */
export interface Migrated {
  from: string
  /** Timers under their new ids, with the id that each is stored under; without a timer it is disarmed. */
  renamed: { storedId: string; timer: TimerRow | undefined }[]
}

export function migrationFor(definition: ActorDefinition, version: string): Migration | undefined {
  return version === definition.version ? undefined : definition.migrations?.find(({ from }) => from === version)
}

/** The stored forms as the present version has them; untouched when no migration covers them. */
export function migrateStored(definition: ActorDefinition, loaded: LoadedActor): { loaded: LoadedActor; migrated: Migrated | undefined } {
  const { actor } = loaded
  const migration = migrationFor(definition, actor.version)
  // What has finished is only read.
  if (migration === undefined || actor.status !== 'active') return { loaded, migrated: undefined }
  const history = actor.history === null ? null : (JSON.parse(actor.history) as Json)
  const result = migration.migrate({ value: JSON.parse(actor.value) as Json, context: JSON.parse(actor.context) as Json, history })
  const nextHistory = result.history === undefined ? history : result.history
  const renames = result.renameTimers ?? {}
  const renamed = loaded.timers.flatMap((timer) => {
    const id = Object.hasOwn(renames, timer.id) ? renames[timer.id] : undefined
    if (id === undefined || id === timer.id) return []
    return [{ storedId: timer.id, timer: id === null ? undefined : rename(timer, id) }]
  })
  const changed = new Map(renamed.map(({ storedId, timer }) => [storedId, timer]))
  return {
    loaded: {
      actor: {
        ...actor,
        version: definition.version,
        value: JSON.stringify(result.value),
        context: JSON.stringify(result.context),
        history: nextHistory === null ? null : JSON.stringify(nextHistory),
      },
      timers: loaded.timers.map((timer) => (changed.has(timer.id) ? changed.get(timer.id) : timer)).filter((timer) => timer !== undefined),
    },
    migrated: { from: actor.version, renamed },
  }
}

/** The event of an `after` is named like its timer. */
function rename(timer: TimerRow, id: string): TimerRow {
  const action = JSON.parse(timer.action) as TimerAction
  if (action.do === 'raise' && action.event.type === timer.id) action.event = { ...action.event, type: id }
  return { ...timer, id, action: JSON.stringify(action) }
}
