/** What the soak runs on, and what may be broken of it: nodes, broker, database. */
import { fork, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../db/embedded/index.ts'
import { migrate } from '../../db/migrate.ts'
import { natsServer, type NatsServer } from '../../sandbox/nats-server.ts'

const READY_MS = 60_000

export class SoakNode {
  readonly name: string
  /** Where it answers; undefined while it is not there. */
  url: string | undefined
  #child: ChildProcess | undefined
  readonly #options: string

  constructor(name: string, options: object) {
    this.name = name
    this.#options = JSON.stringify(options)
  }

  async start(): Promise<void> {
    const child = fork(fileURLToPath(new URL('./node.ts', import.meta.url)), [this.#options], { execArgv: ['--import', './loader/register.js'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child = child
    child.once('exit', () => {
      if (this.#child === child) this.url = undefined
    })
    this.url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} is not ready`)), READY_MS)
      child.once('message', (message: { url: string }) => {
        clearTimeout(timer)
        resolve(message.url)
      })
      child.once('exit', (code, signal) => reject(new Error(`${this.name} ended with ${signal ?? code}`)))
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Resolves when the process is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.url = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }
}

export interface World {
  readonly databaseUrl: string
  readonly broker: NatsServer
  readonly nodes: readonly SoakNode[]
  /** Kills the database server as a power cut would, and starts it again. */
  restartDatabase(): Promise<void>
  close(): Promise<void>
}

export async function makeWorld(nodeCount: number): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'standing-soak-'))
  await chmod(dir, 0o755)
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir: dir })
  const databaseUrl = postgres.url
  await migrate(databaseUrl)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('create table soak_notes (key text not null, at timestamptz not null default now())')
  await client.end()
  const broker = await natsServer()
  const nodes = Array.from({ length: nodeCount }, (_, n) => new SoakNode(`node ${n + 1}`, { database: databaseUrl, nats: broker.url }))
  return {
    databaseUrl,
    broker,
    nodes,
    async restartDatabase() {
      process.kill(postgres.pid, 'SIGQUIT')
      postgres = await startEmbeddedPostgres({ dataDir: dir, port: Number(new URL(databaseUrl).port) })
    },
    async close() {
      await Promise.all(nodes.map((node) => node.end('SIGKILL')))
      await broker.dispose()
      await postgres.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
