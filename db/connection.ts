import knex, { type Knex } from 'knex'
import pg from 'pg'

export interface ConnectionOptions {
  /** The most connections open at once. */
  readonly max: number
  /** Seen by the operator in pg_stat_activity and in the server's log. */
  readonly applicationName: string
  readonly statementTimeoutMs?: number
  /** Leaves json and jsonb as the text they came as, for who passes them on or parses few of them. */
  readonly rawJson?: boolean
  /**
   * Hears of connections lost. There is nothing to do about them: the pool opens new ones, and a query that was on its way
   * rejects by itself. Unheard, the driver's event would end the process.
   */
  readonly onError?: (error: Error) => void
}

const CONNECT_TIMEOUT_MS = 10_000

/** Object ids of the types whose parsing we change; fixed in Postgres for ever. */
const INT8 = 20
const INT8_ARRAY = 1016
const JSON_TYPE = 114
const JSONB = 3802

/** A pool for hand-written SQL. */
export function createPool(url: string, options: ConnectionOptions): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(url, options),
    max: options.max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  const onError = options.onError ?? (() => undefined)
  // The pool listens to its idle clients only, but one in use may be lost between two queries.
  pool.on('connect', (client) => void client.on('error', onError))
  pool.on('error', () => undefined) // an idle client's, heard above already
  return pool
}

/** A query builder over its own connections. */
export function createKnex(url: string, options: ConnectionOptions): Knex {
  return knex({
    client: 'pg',
    connection: clientConfig(url, options),
    pool: { min: 0, max: options.max },
    acquireConnectionTimeout: CONNECT_TIMEOUT_MS,
    log: { warn: () => undefined }, // goes to the console by default, and only about what is thrown as well
  })
}

function clientConfig(url: string, options: ConnectionOptions) {
  return {
    connectionString: url,
    application_name: options.applicationName,
    keepAlive: true,
    types: typeParsers(options.rawJson ?? false),
    ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
  }
}

/** The shape the driver and Knex both want; their type declarations differ only in how they name it. */
interface TypeParsers {
  readonly getTypeParser: (oid: number, format?: string) => (text: string) => unknown
}

/** The driver's parsers with ours over them, for this pool only: a global change would reach every library in the process. */
function typeParsers(rawJson: boolean): TypeParsers {
  const { getTypeParser: standard } = pg.types as TypeParsers
  const own = new Map<number, (text: string) => unknown>([
    [INT8, parseInt8],
    [INT8_ARRAY, (text) => mapDeep(standard(INT8_ARRAY)(text))],
  ])
  if (rawJson) {
    own.set(JSON_TYPE, (text) => text)
    own.set(JSONB, (text) => text)
  }
  return { getTypeParser: (oid, format) => (format === 'binary' ? undefined : own.get(oid)) ?? standard(oid, format) }
}

/** Arrays can be nested and can hold nulls. */
function mapDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapDeep)
  return typeof value === 'string' ? parseInt8(value) : value
}

/**
 * The driver's default is a string, because not every int8 fits a number. Ours (counts, sequence numbers, money in minor
 * units) do. One that does not becomes a bigint: arithmetic that mixes it with numbers throws instead of being a little wrong.
 */
function parseInt8(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}
