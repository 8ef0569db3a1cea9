/**
 * The actor as it was: its journal replayed up to a point. Possible because a step is pure and its time
 * came in with the event (R11).
 */
import { StandingError } from '../errors.ts'
import { isMigration, stateAfterMigration } from '../gate/migration-step.ts'
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { Address } from '../model/address.ts'
import type { Json } from '../model/json.ts'
import type { Delivery, EventObject } from '../model/messages.ts'
import type { Hold, JournalRow, ParentLink, TimerRow } from '../model/records.ts'
import type { Limits } from '../runtime-face.ts'
import type { ActorState } from '../step/actor-state.ts'
import { recordStep, replayStep, startStep } from '../step/step.ts'

/** Replays rows in seq order; rows that took no transition only count. */
export function replay(compiled: CompiledActor, scope: StepScope, address: Address, parent: ParentLink | null, rows: readonly JournalRow[], limits: Limits): ActorState | undefined {
  try {
    return replayRows(compiled, scope, address, parent, rows, limits)
  } catch (error) {
    const older = rows.find((row) => row.version !== compiled.definition.version)
    if (older === undefined) throw error
    throw new StandingError('gate-refused', `the actor ran version ${older.version} then, which this code cannot replay`, { cause: error })
  }
}

function replayRows(compiled: CompiledActor, scope: StepScope, address: Address, parent: ParentLink | null, rows: readonly JournalRow[], limits: Limits): ActorState | undefined {
  // A migration says what the actor was right after it: what came before ran on other code.
  const checkpoint = rows.findLastIndex(isMigration)
  let state = checkpoint < 0 ? undefined : stateAfterMigration(compiled, scope, address, parent, rows[checkpoint] as JournalRow)
  for (const row of rows.slice(checkpoint + 1)) {
    const context = { compiled, scope, at: row.at, contextBytes: limits.contextBytes }
    const event = JSON.parse(row.event) as EventObject
    const trace = { source: row.source, correlationId: row.correlationId, causationId: row.causationId }
    const base = { eventId: row.eventId, fresh: row.fresh, trace }
    if (state === undefined) {
      const start: Delivery & { kind: 'start' } = { ...base, kind: 'start', input: event['input'] as Json | undefined, ...(parent === null ? {} : { parent }) }
      state = startStep(context, address, start).next
    } else if (row.outcome === 'applied') {
      state = replayStep(context, state, { ...base, kind: 'event', event }, row).next
    } else {
      state = recordStep(context, state, { ...base, kind: 'event', event }, event, row.outcome, administered(event)).next
    }
  }
  return state
}

/** What staff changed stands in the event of the journal row. */
function administered(event: EventObject): { hold?: Hold | null; timer?: TimerRow } {
  return {
    ...('hold' in event ? { hold: event['hold'] as Hold | null } : {}),
    ...('timer' in event ? { timer: event['timer'] as TimerRow } : {}),
  }
}
