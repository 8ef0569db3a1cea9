import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canEnter, isRoot, serverAccount, type Account } from './account.ts'
import { codeOf, EmbeddedPostgresError } from './errors.ts'

/**
 * Where one embedded server lives, and the user it runs as.
 *
 * Normally `<data dir>/postgres`. A root process runs its server as another user; when that user can't reach the data dir
 * (below root's own home, for instance) the home is a folder under `/var/lib/standing` and `<data dir>/postgres/MOVED`
 * names it. The choice is made once: a later start follows the file, whatever the permissions are by then, so that a
 * `chmod` never makes the data seem gone. Removing the data dir removes the file, so the next start begins afresh.
 *
 *     cluster/data      the database (PGDATA), closed to others
 *     cluster/password  the superuser's password, mode 0600
 *     server.log        what the server says
 *     binaries-<v>/     the server's programs, only when those in node_modules can't be used as they are
 *     new-<random>/     being built; renamed when complete, so a crash leaves nothing half-made in use
 */
export interface Home {
  readonly path: string
  readonly account: Account | undefined
}

const OPEN_ROOT = '/var/lib/standing'
const POINTER = 'MOVED'
const BUILDING_PREFIX = 'new-'
/** A folder still being built after this long was left behind by a crash. */
const ABANDONED_AFTER_MS = 10 * 60_000

export const clusterOf = (home: Home): string => join(home.path, 'cluster')
export const dataOf = (home: Home): string => join(home.path, 'cluster', 'data')
export const passwordFileOf = (home: Home): string => join(home.path, 'cluster', 'password')
export const logFileOf = (home: Home): string => join(home.path, 'server.log')
export const buildingFolderOf = (home: Home): string => join(home.path, BUILDING_PREFIX + randomBytes(8).toString('hex'))

/** Finds or makes the home for this data dir. */
export async function openHome(dataDir: string): Promise<Home> {
  const inPlace = join(dataDir, 'postgres')
  await mkdir(inPlace, { recursive: true })
  const home = await chooseHome(inPlace)
  await removeAbandoned(home)
  return home
}

async function chooseHome(inPlace: string): Promise<Home> {
  const owner = await clusterOwner(inPlace)
  if (!isRoot()) {
    // Windows has no owners of this kind.
    if (owner !== undefined && process.getuid !== undefined && owner.uid !== process.getuid()) throw belongsToAnother(inPlace, owner)
    if ((await followPointer(inPlace)) !== undefined) throw belongsToAnother(inPlace, { uid: 0, gid: 0 })
    return { path: inPlace, account: undefined }
  }

  const moved = await followPointer(inPlace)
  if (moved !== undefined) return { path: moved, account: (await clusterOwner(moved)) ?? (await serverAccount()) }

  // Data made by an ordinary user is served as that user, also when root starts the server later.
  const account = owner ?? (await serverAccount())
  await chmod(inPlace, 0o755) // whatever the umask made of it
  if (await canEnter(account, inPlace)) return { path: inPlace, account }
  if (owner === undefined) return { path: await moveToOpenFolder(inPlace), account }
  throw new EmbeddedPostgresError(
    'data-unreachable',
    `The database in ${inPlace} belongs to user ${account.uid}, who can't enter that folder any more. ` +
      'Open the folders above it to that user (chmod o+x), or start Standing as that user.',
  )
}

/** The user who owns the database in this home, if there is one already. */
async function clusterOwner(path: string): Promise<Account | undefined> {
  try {
    const { uid, gid } = await stat(join(path, 'cluster', 'data'))
    return uid === 0 && isRoot() ? undefined : { uid, gid }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function belongsToAnother(inPlace: string, owner: Account): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'data-unreachable',
    `The database of ${inPlace} belongs to user ${owner.uid}. Start Standing as that user or as root, or use another STANDING_DATA_DIR.`,
  )
}

/** Where the pointer file leads. Only folders of our own making are followed: others may be able to write the file. */
async function followPointer(inPlace: string): Promise<string | undefined> {
  const text = await readFile(join(inPlace, POINTER), 'utf8').catch(() => '')
  const path = text.split('\n', 1)[0] ?? ''
  if (path === '') return undefined
  const found = dirname(path) === OPEN_ROOT ? await stat(path).catch(() => undefined) : undefined
  if (found?.isDirectory() === true && found.uid === 0) return path
  throw new EmbeddedPostgresError(
    'data-unreachable',
    `${join(inPlace, POINTER)} says the database is in ${path}, which is not there. Restore that folder, ` +
      'or remove the file to begin with an empty database.',
  )
}

/** Makes a folder every user can reach and notes it in the data dir. Of several processes that try at once, one wins. */
async function moveToOpenFolder(inPlace: string): Promise<string> {
  const path = join(OPEN_ROOT, randomBytes(8).toString('hex'))
  await mkdir(path, { recursive: true })
  await chmod(OPEN_ROOT, 0o755)
  await chmod(path, 0o755)
  await writeFile(join(path, 'README'), `The embedded Postgres of Standing's data folder ${dirname(inPlace)}.\n`)
  const draft = join(inPlace, `${POINTER}.${randomBytes(4).toString('hex')}`)
  await writeFile(
    draft,
    `${path}\n\nThe database is in the folder above, because Postgres does not run as root and its user can't reach this one.\n` +
      'Removing this file makes the next start begin with an empty database.\n',
  )
  try {
    await link(draft, join(inPlace, POINTER)) // fails if the file exists, and is never seen half-written
    return path
  } catch (error) {
    await rm(path, { recursive: true })
    const winner = codeOf(error) === 'EEXIST' ? await followPointer(inPlace) : undefined
    if (winner === undefined) throw error
    return winner
  } finally {
    await rm(draft, { force: true })
  }
}

async function removeAbandoned(home: Home): Promise<void> {
  for (const name of await readdir(home.path)) {
    if (!name.startsWith(BUILDING_PREFIX)) continue
    const folder = join(home.path, name)
    const made = await stat(folder).catch(() => undefined)
    if (made !== undefined && Date.now() - made.mtimeMs > ABANDONED_AFTER_MS) await rm(folder, { recursive: true, force: true })
  }
}
