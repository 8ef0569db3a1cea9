/** A real nats-server, for tests and measurements: a port and a folder of its own, ended by its process id. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { access, constants, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

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
  const program = await findNatsServer()
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

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

let found: Promise<string> | undefined

/** On the machine; else installed from Debian's packages, as root; else an error that names what is missing. */
function findNatsServer(): Promise<string> {
  return (found ??= find())
}

async function find(): Promise<string> {
  const present = await inPath()
  if (present !== undefined) return present
  if (process.getuid?.() !== 0) throw missing('and only root can install it')
  try {
    // The lock of the package tool is waited for: test files run side by side.
    const apt = ['-o', 'DPkg::Lock::Timeout=120', '-y', '-qq']
    await run('apt-get', [...apt, 'update'])
    await run('apt-get', [...apt, 'install', '--no-install-recommends', 'nats-server'], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  } catch (error) {
    throw missing(`and could not be installed: ${error instanceof Error ? error.message : String(error)}`)
  }
  const installed = await inPath()
  if (installed === undefined) throw missing('and its Debian package did not bring it')
  return installed
}

async function inPath(): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin']) {
    const path = join(folder, 'nats-server')
    const isThere = await access(path, constants.X_OK).then(() => true, () => false)
    if (isThere) return path
  }
  return undefined
}

function missing(why: string): Error {
  return new Error(`this needs the program nats-server (Debian package nats-server): it is not on this machine, ${why}`)
}
