import pg from 'pg'
import { SUPERUSER } from './cluster.ts'
import { codeOf, EmbeddedPostgresError, messageOf } from './errors.ts'
import { isSameFolder, type Postmaster } from './postmaster.ts'

/** Any two numbers, the same in every Standing; the lock is in the database `postgres`, where nothing else takes locks. */
const LOCK = '1398030414, 1'
const CONNECT_TIMEOUT_MS = 5_000
const DATABASE = 'standing'

/** What a server that starts, stops or has just gone answers with. All of it passes. */
const NOT_NOW = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'])

/** pg's client can do this, its type declarations do not say so. */
type Client = pg.Client & { ref(): void; unref(): void }

/**
 * One process's share in a running server: a connection that holds a shared lock. Who wants to stop the server needs the
 * lock alone, so the last user stops it and nobody stops it under another. Postgres gives the lock up by itself when the
 * process dies, however it dies.
 */
export interface Claim {
  /** Gives the share up. True: nobody else has one and nobody gets one any more, the server may be stopped. */
  release(): Promise<boolean>
}

/** Takes a share in the server. Undefined: it is not ready, or its last user is about to stop it; look again. */
export async function claim(server: Postmaster, data: string, password: string): Promise<Claim | undefined> {
  const client = await connect(server, password)
  if (client === undefined) return undefined
  try {
    const { rows } = await client.query<{ folder: string; shared: boolean }>(
      `select current_setting('data_directory') as folder, pg_try_advisory_lock_shared(${LOCK}) as shared`,
    )
    if (rows[0]?.shared === true && (await isSameFolder(rows[0].folder, data))) {
      await ensureDatabase(client)
      client.unref() // the share alone must not keep the process running
      return { release: () => release(client) }
    }
  } catch (error) {
    await client.end()
    if (isPassing(error)) return undefined
    throw unusable(server, error)
  }
  await client.end()
  return undefined
}

export function urlOf(server: Postmaster, password: string, database = DATABASE): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${server.port}/${database}`
}

async function release(client: Client): Promise<boolean> {
  client.ref()
  try {
    // In this order: two that leave at the same moment must not both find the other still there.
    await client.query(`select pg_advisory_unlock_shared(${LOCK})`)
    const { rows } = await client.query<{ alone: boolean }>(`select pg_try_advisory_lock(${LOCK}) as alone`)
    if (rows[0]?.alone === true) return true // and keeps the lock, so that no one comes in before the server is down
    await client.end()
    return false
  } catch {
    return true // the connection was lost, so the server is down or has just thrown everybody out
  }
}

async function connect(server: Postmaster, password: string): Promise<Client | undefined> {
  const client = new pg.Client({
    connectionString: urlOf(server, password, 'postgres'),
    application_name: 'standing embedded',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  }) as Client
  // The server ending the connection as it stops is what we wait for; unheard, it would end our process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    if (isPassing(error)) return undefined
    throw unusable(server, error)
  }
}

/** Errors without a code are those of the driver: connection lost or timed out. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return code === undefined || NOT_NOW.has(code)
}

function unusable(server: Postmaster, error: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'start-failed',
    `The embedded Postgres, process ${server.pid} on port ${server.port}, runs but can't be used: ${messageOf(error)}`,
    { cause: error },
  )
}

async function ensureDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
  if (rowCount !== 0) return
  await client.query(`create database ${DATABASE}`).catch((error: unknown) => {
    // Another process made it in between; which of the two errors it is depends on how close they were.
    if (codeOf(error) !== '42P04' && codeOf(error) !== '23505') throw error
  })
}
