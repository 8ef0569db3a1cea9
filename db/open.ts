/** The database to use: the one that is named, else our own. */
import { createPool } from './connection.ts'
import { startEmbeddedPostgres } from './embedded/index.ts'

export interface OpenDatabase {
  url: string
  /** Rejects when the server does not answer. */
  ping(): Promise<void>
  /** Stops the server if it is ours and nobody else uses it. */
  close(): Promise<void>
}

export interface OpenOptions {
  /** Where the database is; absent for an embedded one in the data dir. */
  url?: string | undefined
  dataDir: string
  log?: ((message: string) => void) | undefined
}

/** A server that answers slower than this is as good as none to whoever asks. */
const PING_LIMIT_MS = 2_000

export async function openDatabase({ url, dataDir, log = () => undefined }: OpenOptions): Promise<OpenDatabase> {
  const embedded = url === undefined ? await startEmbeddedPostgres({ dataDir, log }) : undefined
  const address = embedded?.url ?? url
  if (address === undefined) throw new Error('unreachable: there is an address or a server of our own')
  const pool = createPool(address, { max: 1, applicationName: 'standing ping', statementTimeoutMs: PING_LIMIT_MS })
  return {
    url: address,
    ping: async () => void (await pool.query('select 1')),
    close: async () => {
      await pool.end()
      await embedded?.stop()
    },
  }
}
