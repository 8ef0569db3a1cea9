/** The laboratory: a Postgres of its own in a temporary folder, as durable as in production. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../db/embedded/index.ts'
import { migrate } from '../db/migrate.ts'

/** As many as `min_wal_size` of the embedded server keeps. */
const LOG_FILES = 16

export interface Lab {
  url: string
  /** A folder that goes with it. */
  dir: string
  /** An empty, migrated database of its own; or a copy of one that nobody is connected to. */
  database(name: string, template?: string): Promise<string>
  close(): Promise<void>
}

/** Uses `BENCH_DATABASE_URL` (a server on which databases may be made) when set. */
export async function openLab(): Promise<Lab> {
  const given = process.env['BENCH_DATABASE_URL']
  const dir = await mkdtemp(join(tmpdir(), 'standing-bench-'))
  // Open to the user that Postgres runs as; else the database would be put elsewhere, and stay.
  await chmod(dir, 0o755)
  const server = given === undefined ? await startEmbeddedPostgres({ dataDir: dir }) : undefined
  const url = given ?? (server as { url: string }).url
  if (server !== undefined) await recycleLog(url)
  return {
    url,
    dir,
    async database(name, template) {
      const admin = new pg.Client({ connectionString: url })
      await admin.connect()
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.query(`create database ${name}${template === undefined ? '' : ` template ${template} strategy file_copy`}`)
      await admin.end()
      const target = new URL(url)
      target.pathname = `/${name}`
      if (template === undefined) await migrate(target.href)
      return target.href
    },
    async close() {
      await server?.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/**
 * A server that has run for a while writes its log into files of its past; a new one makes each file first, sixteen megabytes of zeros, and
 * all commits wait for that.
 */
async function recycleLog(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  for (let file = 0; file < LOG_FILES; file++) await admin.query(`select pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()`)
  await admin.query('checkpoint')
  await admin.end()
}
