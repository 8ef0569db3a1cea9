/** R3: after a commit of unknown outcome, or one refused as a double, the journal decides. */
import type { Item } from './cell.ts'
import type { DispatcherParts } from './dispatcher-parts.ts'
import type { Taken } from './failed-commit.ts'

/** Takes those events out of the batch that the journal has already, answers them, and tells `forget` of each. */
export async function settleKnown(taken: readonly Taken[], { store, metrics, hooks }: DispatcherParts, forget: (item: Item) => void): Promise<void> {
  const asked = taken.flatMap(({ cell, items }) => items.filter((item) => item.maybeCommitted).map((item) => ({ address: cell.address, eventId: item.delivery.eventId })))
  const found = await store.findEvents(asked)
  for (const entry of taken) {
    const { cell } = entry
    entry.items = entry.items.filter((item) => {
      if (!item.maybeCommitted) return true
      item.maybeCommitted = false
      const known = found.find(({ address, row }) => row.eventId === item.delivery.eventId && address.id === cell.address.id && address.type === cell.address.type && address.tenant === cell.address.tenant)
      if (known === undefined) {
        item.isNew = true
        return true
      }
      metrics.duplicate()
      hooks.duplicate(cell, item, known)
      forget(item)
      return false
    })
  }
}
