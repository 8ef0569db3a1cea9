/**
 * The store's two pools.
 *
 * `engine` runs statements that look up rows by key, thousands of times a second, always with the same few plans. Its settings
 * take the choice from the planner: a generic plan, by index, row by row. Statistics of a table that was empty a minute ago,
 * or parameters it cannot see into, would otherwise now and then make it read a million rows. Statements are sent without waiting
 * for the answer to the one before (`pipeline`).
 *
 * `queries` is for staff's questions; there the planner knows best.
 */
import type { Writable } from 'node:stream'
import pg from 'pg'
import { toStoreError } from './errors.ts'

export interface ConnectOptions {
  url: string
  /** Connections for commits, loads and sweeps. Default 4: two commits in flight, a load and a sweep. */
  engineConnections?: number | undefined
  /** Connections for lists and searches. Default 4. */
  queryConnections?: number | undefined
}

export interface Connections {
  engine: Database
  queries: Database
  /** Another pool, of one connection that stays open: its session tells others that the node lives. */
  openSession(): Database & { end(): Promise<void> }
  end(): Promise<void>
}

export interface Query {
  /** With a name the server keeps it prepared. */
  name?: string
  text: string
  values?: readonly unknown[]
}

/** Start-up options of the engine's connections. */
export const ENGINE_OPTIONS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_material=off',
  'enable_memoize=off',
  'enable_sort=off', // rows come in an index's order; sorting those of one moment among themselves (incremental sort) stays
  'jit=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ')

/** A statement that takes longer has met a lock or a dying disk: better to fail and try again (R10). */
const STATEMENT_TIMEOUT_MS = 20_000
/** For a server that does not answer at all. */
const ANSWER_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000
/** A beat that is late is worth nothing: rather another one, on another connection. */
const BEAT_TIMEOUT_MS = 2_500

/** A pool that speaks the port's errors. */
export class Database {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  /** @throws StoreUnavailableError or the database's own error. */
  async run<Row extends pg.QueryResultRow>(query: Query): Promise<Row[]> {
    const [result] = await this.#send([query])
    return (result as pg.QueryResult<Row>).rows
  }

  /** One transaction: all or nothing, one round trip. */
  async transaction(queries: readonly Query[]): Promise<void> {
    await this.#send([{ text: 'begin' }, ...queries, { text: 'commit' }])
  }

  /**
   * Sends all at once and waits for all. After a failure the rest fail too, and the closing `commit` rolls back.
   * The first failure is the cause.
   */
  async #send(queries: readonly Query[]): Promise<pg.QueryResult[]> {
    let client: pg.PoolClient | undefined
    let broken = true
    try {
      const connected = (client = await this.#pool.connect())
      const outcomes = await Promise.allSettled(inOneWrite(connected, () => queries.map((query) => connected.query(query as pg.QueryConfig))))
      const failure = outcomes.find((outcome) => outcome.status === 'rejected')
      broken = failure !== undefined && !(failure.reason instanceof pg.DatabaseError)
      if (failure !== undefined) throw failure.reason
      return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<pg.QueryResult>).value)
    } catch (error) {
      throw toStoreError(error)
    } finally {
      // A connection with a statement's own error is as good as new: to drop it would lose its prepared statements.
      client?.release(broken)
    }
  }
}

/** A write to the socket wakes the server, which costs more than what is written: a transaction's statements go together. */
function inOneWrite<T>(client: pg.PoolClient, send: () => T): T {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection
  stream.cork()
  try {
    return send()
  } finally {
    stream.uncork()
  }
}

/** @param source an address, or a pool whose settings are taken over (it is not used itself). */
export function openConnections(source: ConnectOptions | pg.Pool): Connections {
  const { base, engineConnections = 4, queryConnections = 4 } = configOf(source)
  const pipelined = { pipeline: true } // the driver's types do not know it yet
  const engine = openPool({ ...base, ...pipelined, max: engineConnections, application_name: 'standing engine', options: ENGINE_OPTIONS })
  const queries = openPool({ ...base, max: queryConnections, application_name: 'standing queries' })
  return {
    engine: new Database(engine),
    queries: new Database(queries),
    openSession() {
      const limits = { statement_timeout: BEAT_TIMEOUT_MS, query_timeout: BEAT_TIMEOUT_MS, connectionTimeoutMillis: BEAT_TIMEOUT_MS }
      const pool = openPool({ ...base, ...pipelined, ...limits, max: 1, idleTimeoutMillis: 0, application_name: 'standing leases', options: '-c jit=off' })
      return Object.assign(new Database(pool), { end: () => pool.end() })
    },
    end: async () => void (await Promise.all([engine.end(), queries.end()])),
  }
}

function configOf(source: ConnectOptions | pg.Pool): { base: pg.PoolConfig; engineConnections?: number | undefined; queryConnections?: number | undefined } {
  if (!(source instanceof pg.Pool)) return { ...source, base: { connectionString: source.url } }
  // The driver hides the password from enumeration.
  const { options } = source
  return { base: { ...options, ...(options.password === undefined ? {} : { password: options.password }) } }
}

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    keepAlive: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...config,
  })
  // A lost connection fails the query on it, which is enough; unheard, the event would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => void client.on('error', () => undefined))
  return pool
}
