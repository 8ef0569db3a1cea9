/** What a failed commit means for the events that were in it; each is back in front of its queue already. */
import { ConflictError, DuplicateEventError, StoreUnavailableError, UniqueKeyError } from '../ports/store.ts'
import { addressKey } from '../model/address.ts'
import type { Cell, Item } from './cell.ts'
import { contestOf } from './contested.ts'
import type { DispatcherParts } from './dispatcher-parts.ts'

export interface Taken {
  cell: Cell
  items: Item[]
}

/** How the dispatcher goes on: at once, when the store answers again, or with a breather for this one actor. */
export type Verdict = 'again' | 'pause' | 'rest'

export function judge(taken: readonly Taken[], error: unknown, { metrics, log, compiled }: Pick<DispatcherParts, 'metrics' | 'log' | 'compiled'>): Verdict {
  if (error instanceof ConflictError) {
    // R2: whoever has moved on is loaded anew and stepped from there.
    metrics.conflict()
    const moved = new Set(error.addresses.map(addressKey))
    for (const { cell, items } of taken) {
      if (moved.size > 0 && !moved.has(cell.key)) continue
      cell.state = 'unknown'
      // Whoever moved it on may have cancelled effects that run here.
      cell.uncertain = true
      for (const item of items) item.isNew = false
    }
    return 'again'
  }
  if (error instanceof StoreUnavailableError) {
    for (const { cell, items } of taken) {
      cell.state = 'unknown'
      cell.uncertain = true
      for (const item of items) item.maybeCommitted = true
    }
    return 'pause'
  }
  if (error instanceof DuplicateEventError && markDuplicates(taken, error)) return 'again'
  const only = taken.length === 1 ? taken[0] : undefined
  if (only?.items.length !== 1) {
    if (error instanceof UniqueKeyError) log.debug({ actors: taken.length, table: error.table }, 'a row in a batch belongs to another actor; trying its events one by one')
    else log.warn({ actors: taken.length, err: error }, 'a batch was refused; trying its events one by one')
    for (const { cell } of taken) cell.solo = true
    return 'again'
  }
  const item = only.items[0] as Item
  only.cell.solo = true
  if (contestOf(only.cell, item, error, compiled) !== undefined) {
    item.contested = error as UniqueKeyError
    return 'again'
  }
  // Somebody wants to make what there is already, and is told so: a request that is refused, and nothing of ours to mend.
  if (error instanceof UniqueKeyError && item.delivery.kind === 'start' && item.reply.mode === 'sync') log.debug({ actor: only.cell.key, eventId: item.delivery.eventId, table: error.table }, 'a new actor is refused: a row that it needs belongs to another')
  else log.error({ actor: only.cell.key, eventId: item.delivery.eventId, err: error }, 'the database refuses the commit of this event')
  // When not even the hold could be written, its neighbours must not suffer from the repetition (R7).
  const verdict = item.failure === undefined ? 'again' : 'rest'
  item.failure = error
  return verdict
}

/** R3: the journal will tell. False when none of the events is one of ours. */
function markDuplicates(taken: readonly Taken[], error: DuplicateEventError): boolean {
  let marked = false
  for (const { address, eventId } of error.events) {
    const key = addressKey(address)
    for (const item of taken.find(({ cell }) => cell.key === key)?.items ?? []) {
      if (item.delivery.eventId !== eventId || item.failure !== undefined) continue
      item.maybeCommitted = true
      marked = true
    }
  }
  return marked
}
