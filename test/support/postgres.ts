import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** Runs something on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined) // tests that end the server; what matters rejects
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** An empty folder that every user can enter. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'standing-test-'))
  await chmod(folder, 0o755)
  return folder
}

/** Removes a data dir, and its database where that had to move out of it (see db/embedded/home.ts). */
export async function removeDataDir(dataDir: string): Promise<void> {
  const moved = await movedTo(dataDir)
  if (moved !== undefined) await rm(moved, { recursive: true, force: true })
  await rm(dataDir, { recursive: true, force: true })
}

/** Where the database of this data dir has moved to, if it had to. */
export async function movedTo(dataDir: string): Promise<string | undefined> {
  const pointer = await readFile(join(dataDir, 'postgres', 'MOVED'), 'utf8').catch(() => undefined)
  return pointer?.split('\n', 1)[0]
}

/** Where the server of this data dir has its files. */
export async function homeOf(dataDir: string): Promise<string> {
  return (await movedTo(dataDir)) ?? join(dataDir, 'postgres')
}

export interface Script {
  readonly process: ChildProcessByStdio<null, Readable, null>
  /** The next line it writes to stdout; undefined at its end. */
  nextLine(): Promise<string | undefined>
  /** `kill -9`, and waits until it is dead. */
  kill(): Promise<void>
}

/** Runs TypeScript in a process of its own, so that it can be killed. Relative imports begin at `root`. */
export function runScript(code: string, root = REPOSITORY): Script {
  const types = new URL('../../loader/register.js', import.meta.url).href
  const child = spawn(process.execPath, ['--import', types, '--input-type=module', '--eval', code], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    process: child,
    nextLine: async () => {
      const next = await lines.next()
      return next.done === true ? undefined : next.value
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
