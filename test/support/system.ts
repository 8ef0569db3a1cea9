/**
 * The whole system as its users run it: `main.ts` in a process of its own, over a database and a data dir of its own. It can be
 * asked over HTTP, killed, stopped and started again, and leaves nothing behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import type pg from 'pg'
import { vi } from 'vitest'
import { SETTINGS } from '../../api/settings-schema.ts'
import { startEmbeddedPostgres } from '../../db/embedded/index.ts'
import { removeDataDir, REPOSITORY, scratchFolder, withClient } from './postgres.ts'
import { createEmptyDatabase, createTestDatabase } from './template-database.ts'

export type Env = Readonly<Record<string, string>>

export interface SystemOptions {
  /**
   * Where the data is kept. `migrated` (unless said): a database of the test run's server, ready for use; `empty`: one without
   * tables; `embedded`: the server that a start makes in its data dir; else the address of a database.
   */
  database?: 'migrated' | 'empty' | 'embedded' | { url: string }
  /** Instead of one of its own; whoever gives it removes it. */
  dataDir?: string
  env?: Env
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  /** Milliseconds from the signal to the end. */
  ms: number
}

/** An answer with its body read; `body` is undefined when that is no JSON. */
export interface Answer<Body> {
  status: number
  headers: Headers
  text: string
  body: Body
}

export interface Asking {
  method?: string
  /** Sent as JSON, unless it is text or bytes already. */
  body?: unknown
  headers?: Record<string, string>
  /** Without the API key. */
  anonymous?: boolean
  signal?: AbortSignal
}

const START_LIMIT_MS = 60_000
const END_LIMIT_MS = 20_000

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** Starts the system and waits until it is ready. To be ended with `dispose`, whatever becomes of the test. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const system = await createSystem(options)
  try {
    await system.start()
    return system
  } catch (error) {
    await system.dispose()
    throw error
  }
}

/** Everything a start needs, without starting. */
export async function createSystem({ database = 'migrated', dataDir: given, env = {} }: SystemOptions = {}): Promise<System> {
  const scratch = await scratchFolder()
  const dataDir = given ?? join(scratch, 'data')
  if (database === 'embedded') return new System(scratch, dataDir, env, undefined, () => stopEmbedded(dataDir))
  if (typeof database === 'object') return new System(scratch, dataDir, env, database.url, () => Promise.resolve())
  const own = await (database === 'empty' ? createEmptyDatabase() : createTestDatabase())
  return new System(scratch, dataDir, env, own.url, () => own.drop())
}

/** The server that `kill -9` left running is joined, and stopped as by its last user. */
async function stopEmbedded(dataDir: string): Promise<void> {
  const server = await startEmbeddedPostgres({ dataDir })
  await server.stop()
}

export class System {
  readonly dataDir: string
  /** A first admin key of the tenant `main`. */
  readonly key: string
  readonly #scratch: string
  readonly #env: Env
  readonly #databaseUrl: string | undefined
  readonly #endDatabase: () => Promise<void>
  #child: ChildProcess | undefined
  #ended: Promise<Ended> | undefined
  #log = ''
  #address: string | undefined
  #signalledAt = 0

  constructor(scratch: string, dataDir: string, env: Env, databaseUrl: string | undefined, endDatabase: () => Promise<void>) {
    this.#scratch = scratch
    this.dataDir = dataDir
    this.key = env['STANDING_API_KEY'] ?? `sk_test_${randomBytes(24).toString('base64url')}`
    this.#env = env
    this.#databaseUrl = databaseUrl
    this.#endDatabase = endDatabase
  }

  /** Where it listens; the same address after a restart. */
  get url(): string {
    if (this.#address === undefined) throw new Error('the system was not started')
    return this.#address
  }

  get databaseUrl(): string {
    if (this.#databaseUrl === undefined) throw new Error('the database is embedded: its address is not known')
    return this.#databaseUrl
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** All that was printed since the first start, by every start. */
  logs(): string {
    return this.#log
  }

  /** The environment of a command that shall work on the same data. */
  environment(more: Env = {}): NodeJS.ProcessEnv {
    return {
      ...cleanEnvironment(),
      STANDING_DATA_DIR: this.dataDir,
      STANDING_API_KEY: this.key,
      // Tests make what they look at.
      STANDING_SANDBOX_TOWN: 'off',
      ...(this.#databaseUrl === undefined ? {} : { DATABASE_URL: this.#databaseUrl }),
      ...this.#env,
      ...more,
    }
  }

  /** Starts, on the same data and address as before if it ran before, and waits until it is ready. */
  async start(more: Env = {}): Promise<void> {
    const printed = this.#log.length
    const PORT = this.#address === undefined ? '0' : new URL(this.#address).port
    const child = spawn(process.execPath, ['--import', './loader/register.js', 'main.ts'], {
      cwd: REPOSITORY,
      env: this.environment({ PORT, ...more }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    alive.add(child)
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#log += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#log += text))
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        alive.delete(child)
        resolve({ code, signal, ms: Date.now() - this.#signalledAt })
      })
    })
    const announced = new Promise<string>((resolve) => {
      child.stdout.on('data', () => {
        const address = /^Standing listens on (\S+)$/m.exec(this.#log.slice(printed))?.[1]
        if (address !== undefined) resolve(address)
      })
    })
    const outcome = await within(START_LIMIT_MS, Promise.race([announced, this.#ended]), () => `no start: ${this.#log.slice(printed)}`)
    if (typeof outcome !== 'string') throw new Error(`the system ended with code ${outcome.code ?? outcome.signal ?? '?'}: ${this.#log.slice(printed)}`)
    this.#address = outcome
    await this.ready()
  }

  /** Resolves when `/readyz` says so. */
  async ready(timeout = START_LIMIT_MS): Promise<void> {
    await vi.waitFor(async () => {
      const { status, text } = await this.ask('/readyz')
      if (status !== 200) throw new Error(`not ready: ${text}`)
    }, { timeout, interval: 100 })
  }

  signal(signal: NodeJS.Signals): void {
    this.#signalledAt = Date.now()
    this.#child?.kill(signal)
  }

  /** Resolves when the process is gone. */
  ended(): Promise<Ended> {
    if (this.#ended === undefined) throw new Error('the system was not started')
    return within(END_LIMIT_MS, this.#ended, () => `the system does not end: ${this.#log.slice(-2_000)}`)
  }

  /** `kill -9`, at this very moment. */
  async kill9(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended()
  }

  /** In order, as an operator does. */
  stop(): Promise<Ended> {
    this.signal('SIGTERM')
    return this.ended()
  }

  async restart(more: Env = {}): Promise<void> {
    await this.start(more)
  }

  /** Ends the process if it runs, and removes everything it has made. */
  async dispose(): Promise<void> {
    if (this.#child !== undefined && alive.has(this.#child)) await this.kill9()
    await this.#endDatabase()
    if (this.dataDir.startsWith(this.#scratch)) await removeDataDir(this.dataDir)
    await rm(this.#scratch, { recursive: true, force: true })
  }

  async ask<Body = unknown>(path: string, { method, body, headers = {}, anonymous = false, signal }: Asking = {}): Promise<Answer<Body>> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(`${this.url}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      redirect: 'manual',
      headers: {
        ...(anonymous ? {} : { authorization: `Bearer ${this.key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: parsed(text) as Body }
  }

  /** Rows of the database, past the system. */
  async rows<Row extends pg.QueryResultRow>(query: string, values: unknown[] = []): Promise<Row[]> {
    return withClient(this.databaseUrl, async (client) => (await client.query<Row>(query, values)).rows)
  }
}

export interface Finished {
  code: number | null
  /** Both outputs, as a person at the terminal sees them. */
  output: string
}

/** Runs a program to its end. */
export function runToEnd(program: 'main.ts' | 'cli.ts' | 'sandbox/demo/index.ts', args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  const child = spawn(process.execPath, ['--import', './loader/register.js', program, ...args], { cwd: REPOSITORY, env, stdio: ['ignore', 'pipe', 'pipe'] })
  alive.add(child)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code) => {
      alive.delete(child)
      resolve({ code, output })
    })
  })
  return within(START_LIMIT_MS, finished, () => output)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What whoever runs the tests has set for a system of their own must not reach ours. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !(name in SETTINGS) && !/^(STANDING_|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name)))
}

async function within<T>(ms: number, work: Promise<T>, describe: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${describe()}`)), ms)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
