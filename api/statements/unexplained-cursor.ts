/** Where a walk through unexplained money is: the period that it began with, though statements may cover more by now, and each side's last row. */
import { z } from 'zod'
import { printable } from '../../machines/printable.ts'
import { decodeTextCursor, encodeCursor, notOurs } from '../http/cursor.ts'
import type { Unexplained, UnexplainedAfter } from '../ports/statements.ts'

const KIND = 'unexplained'

const DAY_MS = 86_400_000
/** R9: each row of it is looked up in the ledger. Any month fits, with the hour that summer time gives back. */
export const PERIOD_DAYS_MAX = 32
/** As long as a list may be, so long may it be by its cursor. */
export const PERIOD_MS_MAX = PERIOD_DAYS_MAX * DAY_MS

/** What a `Date` takes, and the list can say (ECMA-262, time values). */
const moment = z.int().min(0).max(8.64e15)

const place = z.strictObject({
  period: z.strictObject({ from: moment, to: moment }).refine(({ from, to }) => to - from <= PERIOD_MS_MAX),
  after: z.strictObject({ provider: z.strictObject({ at: moment, receipt: printable(64), currency: printable(3) }).nullable(), ours: z.int().nullable() }),
})

export type Place = z.output<typeof place>

/** @throws Problem for a cursor of another list, or one that no list has made */
export function placeOf(cursor: string | undefined): Place | undefined {
  const text = decodeTextCursor(KIND, cursor)
  if (text === undefined) return undefined
  try {
    return place.parse(JSON.parse(text))
  } catch {
    throw notOurs()
  }
}

/** Null at the end. A side without rows on this page stays where it was. */
export function cursorAfter({ period, provider, ours, hasMore }: Unexplained, before: UnexplainedAfter | undefined): string | null {
  if (period === null || !hasMore) return null
  const theirs = provider.at(-1)
  const after = { provider: theirs === undefined ? (before?.provider ?? null) : { at: theirs.at, receipt: theirs.receipt, currency: theirs.currency }, ours: ours.at(-1)?.position ?? before?.ours ?? null }
  return encodeCursor(KIND, JSON.stringify({ period, after } satisfies Place))
}
