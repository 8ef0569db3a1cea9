/** Which failures mean "out of reach, try again" and which mean "never like this". By code, as messages are translated and change. */
import pg from 'pg'
import { StoreUnavailableError } from '../../runtime/ports/store.ts'

/** Raised by `standing.refuse`. */
const REFUSED = 'ST001'
const UNIQUE_VIOLATION = '23505'

/** Classes of SQLSTATE whose every code is about the server, not about what we sent. */
const PASSING_CLASSES = new Set([
  '08', // connection exception
  '53', // insufficient resources: connections, memory, disk
  '58', // system error of the server's machine
])

const PASSING_CODES = new Set([
  '25006', // read-only: it has become a standby
  '25P03', // idle in transaction for too long
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock not available
  '57014', // cancelled: statement timeout, or an operator
  '57P01', // admin shutdown
  '57P02', // crash shutdown
  '57P03', // cannot connect now
  '57P05', // idle session timeout
])

/** What the driver threw, in the port's terms; an error that is the statement's own fault stays as it is. */
export function toStoreError(thrown: unknown): unknown {
  return isPassing(thrown) ? new StoreUnavailableError('the database is out of reach', { cause: thrown }) : thrown
}

/**
 * An error of the server carries its code. Any other that comes out of a driver call is of the connection (the driver gives most of
 * those no code), unless it is a bug.
 */
function isPassing(thrown: unknown): boolean {
  if (thrown instanceof pg.DatabaseError) {
    const { code = '' } = thrown
    return PASSING_CODES.has(code) || PASSING_CLASSES.has(code.slice(0, 2))
  }
  return thrown instanceof Error && !(thrown instanceof TypeError || thrown instanceof RangeError)
}

/** The constraint that a unique violation names. */
export function violatedKey(thrown: unknown): string | undefined {
  return thrown instanceof pg.DatabaseError && thrown.code === UNIQUE_VIOLATION ? thrown.constraint : undefined
}

/** The table of it, with its schema. */
export function violatedTable(thrown: unknown): string {
  return thrown instanceof pg.DatabaseError ? `${thrown.schema ?? ''}.${thrown.table ?? ''}` : ''
}

export function isRefusal(thrown: unknown): boolean {
  return thrown instanceof pg.DatabaseError && thrown.code === REFUSED
}
