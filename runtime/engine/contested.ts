/**
 * Two actors want one row that a unique key gives to one of them. Whoever comes second while the first is known hears it with the event;
 * in the race both are told the same, the database decides, and the loser's event is told anew, now that the winner is known. Nothing of
 * it is written before: after a crash whoever sent the event sends it again.
 */
import type { Contest } from '../definition.ts'
import { UniqueKeyError } from '../ports/store.ts'
import type { Cell, Item } from './cell.ts'
import type { DispatcherParts } from './dispatcher-parts.ts'

type Parts = Pick<DispatcherParts, 'compiled' | 'store'>

/** How the refused event is told anew; undefined when it is for people (R7). */
export function contestOf(cell: Cell, item: Item, error: unknown, compiled: Parts['compiled']): Contest | undefined {
  if (!(error instanceof UniqueKeyError) || item.isRetold === true || item.delivery.kind !== 'event') return undefined
  return compiled.get(cell.address.type)?.definition.contests?.[error.table]
}

/** Gives each contested event its new form, or marks it as failed. @throws StoreUnavailableError; the events are contested as before. */
export async function settleContests(taken: readonly { cell: Cell; items: readonly Item[] }[], parts: Parts): Promise<void> {
  for (const { cell, items } of taken) {
    for (const item of items) if (item.contested !== undefined) await settle(cell, item, item.contested, parts)
  }
}

async function settle(cell: Cell, item: Item, error: UniqueKeyError, { compiled, store }: Parts): Promise<void> {
  const contest = contestOf(cell, item, error, compiled)
  const { delivery } = item
  const key = delivery.kind === 'event' ? contest?.key(delivery.event, cell.address) : undefined
  const row = key === undefined ? undefined : await store.findRow(error.table, key)
  // Gone again since: then the event is true as it was told.
  const event = delivery.kind !== 'event' || key === undefined ? undefined : row === undefined ? delivery.event : contest?.instead(delivery.event, row, cell.address)
  if (event === undefined) item.failure = error
  else item.delivery = { ...delivery, event } as Item['delivery']
  item.isRetold = true
  delete item.contested
}
