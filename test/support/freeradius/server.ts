/**
 * A real FreeRADIUS: the packaged configuration in a scratch folder, with the files of docs/freeradius.md in their places, on free
 * ports of loopback, ended by its process id.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { debianProgram } from '../debian-program.ts'
import { scratchFolder } from '../postgres.ts'
import { documented, type Way } from './documented.ts'
import { CONFIGURATION, FREERADIUS } from './programs.ts'

export interface FreeRadius {
  readonly authPort: number
  readonly acctPort: number
  /** Everything it has said. */
  log(): string
  stop(): Promise<void>
}

export interface FreeRadiusOptions {
  way: Way
  /** For `$ENV{...}` in the files, and `TZ`. */
  env: Record<string, string>
  /** Replaced in the files: what an operator would write in place of the examples. */
  replacements?: Record<string, string>
  /** Further files, by their path in the configuration. */
  files?: Record<string, string>
}

export async function startFreeRadius({ way, env, replacements = {}, files = {} }: FreeRadiusOptions): Promise<FreeRadius> {
  const [program = ''] = await debianProgram(FREERADIUS)
  const folder = await scratchFolder()
  const raddb = join(folder, 'raddb')
  await cp(CONFIGURATION, raddb, { recursive: true, verbatimSymlinks: true })
  const told = await documented(way)
  for (const path of (told.get('remove') ?? '').trim().split(' ').slice(1)) await rm(join(raddb, path))
  const [authPort, acctPort] = await freePorts(2)
  const places: Record<string, string> = { 'ipaddr = *': 'ipaddr = 127.0.0.1', 'port = 1812': `port = ${authPort}`, 'port = 1813': `port = ${acctPort}`, ...replacements }
  const fill = (text: string): string => Object.entries(places).reduce((result, [from, to]) => result.replaceAll(from, to), text)
  await writeFile(join(raddb, 'clients.conf'), '')
  for (const [path, content] of told) if (path.includes('/') || path.endsWith('.conf')) await writeFile(join(raddb, path), fill(content))
  for (const [path, content] of Object.entries(files)) await writeFile(join(raddb, path), fill(content))
  const main = await readFile(join(raddb, 'radiusd.conf'), 'utf8')
  await mkdir(join(folder, 'run'))
  await writeFile(
    join(raddb, 'radiusd.conf'),
    main
      .replace(/^raddbdir = .*$/m, `raddbdir = ${raddb}`)
      .replace(/^logdir = .*$/m, `logdir = ${folder}`)
      .replace(/^run_dir = .*$/m, `run_dir = ${folder}/run`)
      // As whoever runs the tests.
      .replace(/^\s*(user|group) = freerad$/gm, '')
      // A refusal is otherwise held back for a second against guessing.
      .replace(/^\s*reject_delay = .*$/m, 'reject_delay = 0'),
  )
  const said: string[] = []
  const child = await started(program, ['-f', '-x', '-l', 'stdout', '-d', raddb], { ...process.env, ...env }, said)
  return {
    authPort,
    acctPort,
    log: () => said.join('\n'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
        child.kill('SIGKILL')
        await ended
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** Resolves when it takes packets. */
function started(program: string, args: readonly string[], env: NodeJS.ProcessEnv, said: string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    alive.add(child)
    const hear = (line: string): void => {
      said.push(line)
      if (line.includes('Ready to process requests')) resolve(child)
    }
    createInterface({ input: child.stdout }).on('line', hear)
    createInterface({ input: child.stderr }).on('line', hear)
    child.on('error', reject)
    child.on('exit', (code) => {
      alive.delete(child)
      reject(new Error(`freeradius ended with ${code}:\n${said.slice(-30).join('\n')}`))
    })
  })
}

async function freePorts(count: number): Promise<[number, number]> {
  const probes = await Promise.all(
    Array.from({ length: count }, () => {
      const socket = createSocket('udp4')
      return new Promise<typeof socket>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind(0, '127.0.0.1', () => resolve(socket))
      })
    }),
  )
  const ports = probes.map((socket) => socket.address().port)
  await Promise.all(probes.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
  return ports as [number, number]
}
