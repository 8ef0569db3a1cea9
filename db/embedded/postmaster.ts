import { readFile, stat, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { codeOf } from './errors.ts'

/** What `postmaster.pid` in a data folder says about the server that holds it. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** `starting`, `ready`, `stopping`, `standby`. */
  readonly status: string
}

/**
 * The living server of this data folder, if there is one.
 *
 * Postgres itself replaces the file of a dead server, unless the number in it now belongs to some other process (usual in a
 * container, where numbers begin anew): then it refuses to start. Such a file is removed here.
 */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readPidFile(data)
  const postmaster = parse(text)
  if (postmaster === undefined || !(await isAlive(postmaster.pid))) return undefined
  if (await isPostmasterOf(postmaster.pid, data)) return postmaster

  // Should another process have cleaned up and started a server just now, the file is a new one. (Were it removed even so,
  // Postgres's second lock, on shared memory, still keeps a second server off the data.)
  if ((await readPidFile(data)) === text) await unlink(join(data, 'postmaster.pid')).catch(() => undefined)
  return undefined
}

/** Does this process still hold the data folder? False also when its number has passed to another since. */
export async function isServing(data: string, pid: number): Promise<boolean> {
  return parse(await readPidFile(data))?.pid === pid && (await isAlive(pid))
}

function readPidFile(data: string): Promise<string> {
  return readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
}

/** Lines: pid, data folder, start time, port, socket folder, address, shared memory, status. */
function parse(text: string): Postmaster | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3]), status: lines[7] ?? 'starting' }
}

/** A zombie counts as dead: where process 1 is not an init, nobody ever reaps an orphan. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return !/\) Z /.test(status)
}

/**
 * Is this process a postmaster, and of this folder? In doubt, yes: to take a living server for dead is the costlier
 * mistake. Where there is no /proc the doubt remains.
 */
async function isPostmasterOf(pid: number, data: string): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  if (command === undefined) return true
  const [program = '', ...args] = command.split('\0')
  // The exact name: a server's helpers call themselves `postgres: checkpointer` and the like.
  if (basename(program) !== 'postgres') return false
  const option = args.indexOf('-D')
  const folder = option === -1 ? undefined : args[option + 1]
  return folder === undefined || isSameFolder(folder, data)
}

/** By identity, as one folder can have several names. In doubt, yes. */
export async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)))
  return a === undefined || b === undefined || (a.dev === b.dev && a.ino === b.ino)
}
