import { randomBytes } from 'node:crypto'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../db/embedded/index.ts'
import { removeDataDir, scratchFolder, withClient } from './postgres.ts'

/** What the test files get to know about the run's database server. */
export interface TestServer {
  /** As superuser, to a database in which nothing is kept. */
  readonly url: string
  /** All databases of this run begin with this. */
  readonly prefix: string
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: TestServer
  }
}

/** Nothing here has to outlast a power cut. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 300 }

interface RunningServer extends TestServer {
  end(): Promise<void>
}

/** What the kinds of test share. Vitest calls the setup, and loads this module anew, for each of them, all in one process. */
interface Shared {
  server: Promise<RunningServer>
  users: number
}

const processWide = globalThis as { standingTestPostgres?: Shared }

/**
 * One Postgres for the whole run: `TEST_DATABASE_URL` if given (its user must be allowed to create databases), else an
 * embedded one in a folder that goes away with it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (processWide.standingTestPostgres ??= { server: startServer(), users: 0 })
  shared.users++
  const server = await shared.server
  project.provide('postgres', { url: server.url, prefix: server.prefix })
  return async () => {
    if (--shared.users > 0) return
    delete processWide.standingTestPostgres
    await server.end()
  }
}

async function startServer(): Promise<RunningServer> {
  const prefix = `standing_test_${randomBytes(4).toString('hex')}`
  const external = process.env['TEST_DATABASE_URL']
  if (external !== undefined) return { url: external, prefix, end: () => dropDatabases(external, prefix) }

  const dataDir = await scratchFolder()
  const server = await startEmbeddedPostgres({ dataDir, settings: SETTINGS })
  const end = async (): Promise<void> => {
    await server.stop()
    await removeDataDir(dataDir)
  }
  return { url: server.url, prefix, end }
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>('select datname as name from pg_database where starts_with(datname, $1)', [prefix])
    for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`)
  })
}
