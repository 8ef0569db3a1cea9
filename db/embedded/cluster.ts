import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runAs } from './account.ts'
import type { Binaries } from './binaries.ts'
import { codeOf, EmbeddedPostgresError, messageOf } from './errors.ts'
import { buildingFolderOf, clusterOf, dataOf, type Home } from './home.ts'

export const SUPERUSER = 'standing'

/**
 * Makes the database cluster unless there is one. It is built aside and renamed when complete: a crash leaves no half-made
 * cluster, and of several processes that start at once the first to finish wins.
 */
export async function ensureCluster(home: Home, binaries: Binaries, durable: boolean): Promise<void> {
  if ((await stat(clusterOf(home)).catch(() => undefined)) === undefined) await create(home, binaries, durable)

  const version = Number.parseInt(await readFile(join(dataOf(home), 'PG_VERSION'), 'utf8'), 10)
  if (version !== binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      'data-version',
      `The database in ${home.path} was made by PostgreSQL ${version}; the embedded server is ${binaries.majorVersion}. ` +
        `Dump it with PostgreSQL ${version} and restore it into a new STANDING_DATA_DIR.`,
    )
  }
}

async function create(home: Home, binaries: Binaries, durable: boolean): Promise<void> {
  const draft = buildingFolderOf(home)
  const data = join(draft, 'data')
  const password = join(draft, 'password')
  await mkdir(draft)
  try {
    await chmod(draft, 0o755) // the account passes through; what is inside is closed
    await writeFile(password, randomBytes(24).toString('base64url'), { mode: 0o600 })
    await mkdir(data, { mode: 0o700 })
    if (home.account !== undefined) {
      await chown(password, home.account.uid, home.account.gid)
      await chown(data, home.account.uid, home.account.gid)
    }
    await runAs(home.account, binaries.initdb, initdbArguments(data, password, durable)).catch((error: unknown) => {
      throw new EmbeddedPostgresError('initdb-failed', `The embedded database could not be made in ${home.path}: ${messageOf(error)}`)
    })
    await rename(draft, clusterOf(home))
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    const code = codeOf(error)
    if (code !== 'EEXIST' && code !== 'ENOTEMPTY') throw error // else another process was first
  }
}

function initdbArguments(data: string, passwordFile: string, durable: boolean): string[] {
  return [
    `--pgdata=${data}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Postgres's own locale, as no two machines agree on theirs: same order everywhere, after every system upgrade.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    ...(durable ? [] : ['--no-sync']),
  ]
}
