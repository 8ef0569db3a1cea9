import { mkdir, readFile, realpath } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { prepareBinaries } from './binaries.ts'
import { claim, urlOf, type Claim } from './claim.ts'
import { ensureCluster } from './cluster.ts'
import { dataOf, logFileOf, openHome, passwordFileOf } from './home.ts'
import { launch, shutDown, startFailed } from './launch.ts'
import { findPostmaster, type Postmaster } from './postmaster.ts'
import type { Settings } from './settings.ts'

export type { Settings } from './settings.ts'

/**
 * A real Postgres for machines that have none: the programs come from npm, the data is kept in the data dir.
 *
 *     home.ts      where it lives and as which user        cluster.ts     the database files
 *     binaries.ts  its programs                            launch.ts      the process
 *     claim.ts     who uses it                             postmaster.ts  is one running?
 *
 * - **E1 One server a folder.** Starting looks for a living server of the folder first and joins it; Postgres's own locks
 *   decide a race. There is no lock of ours that a crash could leave behind.
 * - **E2 The server outlives a killed parent.** After `kill -9` of ours it runs on, and the next start finds and uses it.
 * - **E3 The last user stops it.** Two processes may share the server (the application and a command beside it).
 * - **E4 Nothing half-made is used.** Copies and clusters are built aside and renamed.
 * - **E5 Data is never silently replaced** by an empty database, whatever user starts it and whatever the permissions.
 */
export interface EmbeddedPostgresOptions {
  /** The application's data folder; the server lives in `postgres` below it. */
  readonly dataDir: string
  /** Default: any free one. A server that is already running keeps the port it has. */
  readonly port?: number
  /** Postgres settings over the defaults. A server that is already running keeps those it has. */
  readonly settings?: Settings
  readonly log?: (message: string) => void
}

export interface EmbeddedPostgres {
  /** For the superuser, to the database `standing`. Holds the password: not for logs. */
  readonly url: string
  readonly pid: number
  /** Gives the server up and, when no other process uses it, stops it and waits till it has written everything. */
  stop(): Promise<void>
}

/** Crash recovery after much writing takes a while; a server that is still silent after this is stuck. */
const START_LIMIT_MS = 120_000
const POLL_MS = 25

/** Starts the server of this data dir, or joins the one that is running. Throws EmbeddedPostgresError. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { settings = {}, port, log = () => undefined } = options
  await mkdir(options.dataDir, { recursive: true })
  const home = await openHome(await realpath(options.dataDir))
  const binaries = await prepareBinaries(home)
  await ensureCluster(home, binaries, settings['fsync'] !== 'off')
  const password = (await readFile(passwordFileOf(home), 'utf8')).trim()

  const deadline = Date.now() + START_LIMIT_MS
  let launched: number | undefined
  while (Date.now() < deadline) {
    const server = await findPostmaster(dataOf(home))
    if (server === undefined) {
      launched = await launch(home, binaries, { settings, port, deadline })
    } else {
      const share = await claim(server, dataOf(home), password)
      if (share !== undefined) {
        const how = launched === server.pid ? 'started' : 'was running already, joined'
        log(`embedded Postgres ${how}: process ${server.pid}, port ${server.port}, files in ${home.path}`)
        return handle(server, share)
      }
    }
    await delay(POLL_MS)
  }
  throw startFailed(home, `it does not answer within ${START_LIMIT_MS / 1000} s`, await readFile(logFileOf(home), 'utf8').catch(() => ''))

  function handle(server: Postmaster, share: Claim): EmbeddedPostgres {
    let stopped: Promise<void> | undefined
    const stop = async (): Promise<void> => {
      if (await share.release()) await shutDown(home, binaries, server.pid)
      else log('embedded Postgres is used by another process and keeps running')
    }
    return { url: urlOf(server, password), pid: server.pid, stop: () => (stopped ??= stop()) }
  }
}
