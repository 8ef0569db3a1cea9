/**
 * The actor as it was: its journal replayed up to a point. Possible because a step is pure and its time
 * came in with the event (R11).
 */
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
  let state: ActorState | undefined
  for (const row of rows) {
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
