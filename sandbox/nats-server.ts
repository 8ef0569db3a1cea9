/** A real nats-server, for tests and measurements: a port and a folder of its own, ended by its process id. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram, freePort } from './programs.ts'

export interface NatsServer {
  readonly url: string
  readonly port: number
  /** `kill -9`, or a clean end. The port and what is stored stay. */
  stop(how?: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Again on the same port. `wiped`: with nothing stored. */
  start(options?: { wiped?: boolean }): Promise<void>
  /** Stops answering without closing anything; `resume` goes on. Resolves when not one of its threads runs. */
  freeze(): Promise<void>
  resume(): void
  /** Stops and removes what is stored. */
  dispose(): Promise<void>
}

/** @param options `config`: a configuration file's text. Not started with `isStopped`. */
export async function natsServer({ config = '', isStopped = false }: { config?: string; isStopped?: boolean } = {}): Promise<NatsServer> {
  const program = await findProgram('nats-server')
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'standing-nats-'))
  const configFile = join(folder, 'nats.conf')
  await writeFile(configFile, config)
  let child: ChildProcess | undefined

  const server: NatsServer = {
    url: `nats://127.0.0.1:${port}`,
    port,
    async start({ wiped = false } = {}) {
      if (wiped) await rm(join(folder, 'jetstream'), { recursive: true, force: true })
      child = await started(program, ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder, '-c', configFile])
    },
    async stop(how = 'SIGKILL') {
      const ending = child
      child = undefined
      if (ending === undefined || ending.exitCode !== null) return
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
      ending.kill(how)
      await ended
    },
    async freeze() {
      child?.kill('SIGSTOP')
      while (!(await isFrozen(child?.pid))) await new Promise((resolve) => setTimeout(resolve, 1))
    },
    resume: () => void child?.kill('SIGCONT'),
    async dispose() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  if (!isStopped) await server.start()
  return server
}

/** Resolves when it takes connections. */
function started(program: string, args: readonly string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const said: string[] = []
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      if (line.includes('Server is ready')) resolve(child)
    })
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`nats-server ended with ${code}:\n${said.slice(-20).join('\n')}`)))
  })
}

/** As Linux tells; elsewhere nobody can, and it is believed. */
async function isFrozen(pid: number | undefined): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const tasks = `/proc/${pid}/task`
  const stats = await Promise.all((await readdir(tasks)).map((thread) => readFile(join(tasks, thread, 'stat'), 'utf8')))
  // The state stands behind the name, which is in brackets.
  return stats.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'))
}
