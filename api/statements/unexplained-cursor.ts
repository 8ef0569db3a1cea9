/** Where a walk through unexplained money is: the period that it began with, though statements may cover more by now, and each side's last row. */
import { z } from 'zod'
import { decodeTextCursor, encodeCursor, notOurs } from '../http/cursor.ts'
import type { Unexplained, UnexplainedAfter } from '../ports/statements.ts'

const KIND = 'unexplained'

const place = z.strictObject({
  period: z.strictObject({ from: z.int(), to: z.int() }),
  after: z.strictObject({ provider: z.strictObject({ at: z.int(), receipt: z.string(), currency: z.string() }).nullable(), ours: z.int().nullable() }),
})

export type Place = z.output<typeof place>

/** @throws Problem for a cursor of another list */
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
