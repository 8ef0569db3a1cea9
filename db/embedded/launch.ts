import { spawn } from 'node:child_process'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { runAs, spawnOptions } from './account.ts'
import type { Binaries } from './binaries.ts'
import { codeOf, EmbeddedPostgresError } from './errors.ts'
import { dataOf, logFileOf, type Home } from './home.ts'
import { findPostmaster, isAlive, isServing } from './postmaster.ts'
import { serverArguments, type Settings } from './settings.ts'

const POLL_MS = 25
const LOG_ROTATE_BYTES = 10 * 1024 * 1024
const LOG_TAIL_LINES = 20
/** A fast shutdown writes a checkpoint first. What takes longer than this is cut off; the next start recovers from the log. */
const FAST_SHUTDOWN_MS = 7_000
const IMMEDIATE_SHUTDOWN_MS = 5_000

/** Another process's server holds the folder, or the remains of a crashed one are not gone yet. Looking again will tell. */
const HELD = /lock file "postmaster\.pid" already exists|pre-existing shared memory block|lock file .* is empty/
const PORT_TAKEN = /could not bind IPv4 address|could not create any TCP\/IP sockets/

export interface LaunchOptions {
  readonly settings: Settings
  /** Default: any free one. */
  readonly port: number | undefined
  /** In ms since the epoch. */
  readonly deadline: number
}

/**
 * Starts a server and returns its pid when it is ready; undefined if it failed in a way that passes, so look again.
 * It belongs to no terminal and no parent: Ctrl-C must reach Standing, which still has work to commit, and not the server.
 */
export async function launch(home: Home, binaries: Binaries, options: LaunchOptions): Promise<number | undefined> {
  const { settings, port, deadline } = options
  await rotateLog(home)
  const log = await open(logFileOf(home), 'a', 0o600)
  const { size: logStart } = await log.stat()
  const args = serverArguments(dataOf(home), port ?? (await freePort()), settings)
  const server = spawn(binaries.postgres, args, { ...spawnOptions(home.account), detached: true, stdio: ['ignore', log.fd, log.fd] })
  let ended: string | undefined
  server.once('error', (error) => (ended = error.message))
  server.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`))
  server.unref()
  await log.close()

  while (ended === undefined) {
    if (Date.now() > deadline) return server.pid
    await delay(POLL_MS)
    const found = await findPostmaster(dataOf(home))
    if (found !== undefined && found.pid === server.pid && found.status === 'ready') return found.pid
  }
  const said = (await readFile(logFileOf(home))).subarray(logStart).toString()
  if (HELD.test(said) || (PORT_TAKEN.test(said) && port === undefined)) return undefined
  if (PORT_TAKEN.test(said)) {
    throw new EmbeddedPostgresError('port-taken', `Port ${port} for the embedded Postgres is in use by another program. Choose another or none.`)
  }
  throw startFailed(home, ended, said)
}

/** Stops the server, for whoever started it, and returns when it is gone. */
export async function shutDown(home: Home, binaries: Binaries, pid: number): Promise<void> {
  if (process.platform === 'win32') {
    await runAs(home.account, binaries.pgCtl, ['stop', '-w', '-m', 'fast', '-D', dataOf(home)])
    return
  }
  const steps = [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
  ] as const
  for (const [signal, patience] of steps) {
    const deadline = Date.now() + patience
    if (!(await isServing(dataOf(home), pid))) return
    trySignal(pid, signal)
    while (Date.now() < deadline) {
      if (!(await isAlive(pid))) return
      await delay(POLL_MS)
    }
  }
  throw new EmbeddedPostgresError('stop-failed', `The embedded Postgres, process ${pid}, does not stop. Its log is ${logFileOf(home)}.`)
}

/** The error for a server that does not come up, with the end of what it said. */
export function startFailed(home: Home, reason: string, said: string): EmbeddedPostgresError {
  const tail = said.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
  return new EmbeddedPostgresError('start-failed', `The embedded Postgres did not start: ${reason}. From ${logFileOf(home)}:\n${tail}`)
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error // else it ended in the meantime
  }
}

/** Keeps this log and the one before. A running server goes on writing to the renamed file. */
async function rotateLog(home: Home): Promise<void> {
  const path = logFileOf(home)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || found.size < LOG_ROTATE_BYTES) return
  await rename(path, `${path}.1`)
}

/** Free at this moment. Should somebody take it before the server does, the start is tried again with another. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('unreachable: a TCP server has a port')
  return address.port
}
