/** Page cursors: opaque to clients, so that what is in them may change. */
import { PRINTABLE } from '../../machines/printable.ts'
import { Problem } from './problem.ts'

/** `kind` keeps a cursor of one list out of another. */
export function encodeCursor(kind: string, after: string | number): string {
  return Buffer.from(JSON.stringify([kind, after])).toString('base64url')
}

export function decodeTextCursor(kind: string, cursor: string | undefined): string | undefined {
  const after = decode(kind, cursor)
  // None of ours holds control characters, and no database takes a NUL.
  if (after !== undefined && (typeof after !== 'string' || !PRINTABLE.test(after))) throw notOurs()
  return after
}

export function decodeNumberCursor(kind: string, cursor: string | undefined): number | undefined {
  const after = decode(kind, cursor)
  if (after !== undefined && !Number.isSafeInteger(after)) throw notOurs()
  return after as number | undefined
}

function decode(kind: string, cursor: string | undefined): unknown {
  if (cursor === undefined) return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    throw notOurs()
  }
  if (!Array.isArray(parsed) || parsed[0] !== kind) throw notOurs()
  return parsed[1]
}

export function notOurs(): Problem {
  return new Problem('invalid-input', 'This cursor was not made by this list.', { errors: [{ pointer: '/cursor', detail: 'take it from nextCursor, unchanged', in: 'query' }] })
}

/** Cuts a page that was read with one row too many, to know whether there are more. */
export function cutPage<Row>(rows: readonly Row[], limit: number, cursorOf: (last: Row) => string): { data: Row[]; nextCursor: string | null } {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return { data, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null }
}
