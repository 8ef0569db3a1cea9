/**
 * Writes db/schema.sql: what the migrations make of an empty database, for people to read and for reviews to show. `--check` writes
 * nothing and fails when the file is not what it should be.
 *
 * Read from the system catalogue, not by pg_dump: the embedded Postgres brings none, and its text differs from version to version.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbeddedPostgres } from '../db/embedded/index.ts'
import { migrate } from '../db/migrate.ts'
import { describeSchema } from './schema-text.ts'

const FILE = fileURLToPath(new URL('../db/schema.sql', import.meta.url))

/** Nothing here is kept. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

async function dump(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'standing-schema-'))
  await chmod(dataDir, 0o755) // as root the server runs as another user, who must get in
  const server = await startEmbeddedPostgres({ dataDir, settings: SETTINGS })
  try {
    await migrate(server.url)
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    try {
      return await describeSchema(client, ['standing', 'radius', 'business'])
    } finally {
      await client.end()
    }
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

const expected = await dump()
if (!process.argv.includes('--check')) {
  await writeFile(FILE, expected)
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== expected) {
  console.error('db/schema.sql is not what the migrations make. Run: node --import ./loader/register.js tools/schema-dump.ts')
  process.exitCode = 1
}
