/** How the end of an effect reaches its actor. */
import type { ErrorRecord } from '../errors.ts'
import type { Delivery, EventObject } from '../model/messages.ts'
import type { EffectRow } from '../model/records.ts'

/** The invocation's output, under the name XState gives it. */
export function resolution(row: EffectRow, output: unknown): Delivery {
  return result(row, { type: `xstate.done.actor.${row.childId as string}`, output, actorId: row.childId })
}

/** All attempts failed, or staff gave it up. */
export function rejection(row: EffectRow, error: ErrorRecord): Delivery {
  return result(row, { type: `xstate.error.actor.${row.childId as string}`, error, actorId: row.childId })
}

/** For an action: an event of the definition's choosing. */
export function givenUp(row: EffectRow, type: string, error: ErrorRecord): Delivery {
  return { kind: 'event', eventId: `${row.key}/given-up`, fresh: false, trace: traceOf(row), event: { type, effect: row.name, key: row.key, error } }
}

/** The effect row goes in the commit that takes this; the child's key fences it (R5). */
function result(row: EffectRow, event: EventObject): Delivery {
  return { kind: 'result', eventId: `${row.key}/result`, fresh: true, trace: traceOf(row), effectKey: row.key, effectName: row.name, childId: row.childId, event }
}

function traceOf(row: EffectRow): Delivery['trace'] {
  return { source: `effect:${row.name}`, correlationId: row.correlationId, causationId: row.key }
}
