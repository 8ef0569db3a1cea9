/** The orders in which stores answer; Postgres's collation "C" is the order of code units for all that ids may hold. */
import type { Address } from '../model/address.ts'
import type { DueTimer, EffectRow } from '../model/records.ts'
import type { JournalCursor } from '../ports/store.ts'

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function compareAddresses(a: Address, b: Address): number {
  return compareText(a.tenant, b.tenant) || compareText(a.type, b.type) || compareText(a.id, b.id)
}

/** Due order; ties by address, then id (R6). */
export function compareTimers(a: DueTimer, b: DueTimer): number {
  return a.dueAt - b.dueAt || compareAddresses(a.address, b.address) || compareText(a.id, b.id)
}

/** Longest due first. */
export function compareEffects(a: EffectRow, b: EffectRow): number {
  return a.nextAttemptAt - b.nextAttemptAt || compareText(a.key, b.key)
}

export function compareCursors(a: JournalCursor, b: JournalCursor): number {
  return a.at - b.at || compareText(a.type, b.type) || compareText(a.id, b.id) || a.seq - b.seq
}
