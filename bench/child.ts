/**
 * Processes of our own: what is measured over HTTP, or killed, runs by itself. A server in `bench/servers/`
 * answers questions over the channel between the processes, and ends when that channel closes, so that
 * none outlives a bench that was killed.
 */
import { fork, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Message } from './servers/serve.ts'

const SERVERS = {
  bare: new URL('./servers/bare.ts', import.meta.url),
  hopper: new URL('./servers/hopper.ts', import.meta.url),
  outside: new URL('./servers/outside.ts', import.meta.url),
  recovery: new URL('./servers/recovery.ts', import.meta.url),
  standing: new URL('./servers/standing.ts', import.meta.url),
}
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const START_LIMIT_MS = 120_000
const STOP_LIMIT_MS = 12_000
/** Where the servers leave their CPU profiles, to see what a figure is made of. */
const PROFILES = process.env['BENCH_CPU_PROF']

/** `npm start` and `npm run bench` size the heap alike. */
const HEAP = process.execArgv.filter((flag) => /semi-space|heap-growing/.test(flag))

const living = new Set<ChildProcess>()

/** Ends every process that was started here and still runs. */
export function endChildren(): void {
  for (const child of living) child.kill('SIGKILL')
}

export interface Server<Ready> {
  pid: number
  /** What it said when it was ready. */
  ready: Ready
  ask<Answer>(question: string, data?: unknown): Promise<Answer>
  stop(): Promise<void>
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts one of our servers and resolves when it is ready. */
export async function startServer<Ready>(name: keyof typeof SERVERS, options: object): Promise<Server<Ready>> {
  const child = fork(fileURLToPath(SERVERS[name]), [JSON.stringify(options)], {
    cwd: ROOT,
    execArgv: [...HEAP, '--import', './loader/register.js', ...profiling(name)],
    // Standard output belongs to the figures.
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
  })
  const gone = track(child)
  const asked = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>()
  let questions = 0
  const ready = new Promise<Ready>((resolve, reject) => {
    asked.set(0, { resolve, reject })
  })
  child.on('message', (message: Message) => {
    const waiting = asked.get(message.id)
    asked.delete(message.id)
    if ('error' in message) waiting?.reject(new Error(`${name}: ${message.error}`))
    else waiting?.resolve(message.answer as never)
  })
  void gone.then((how) => {
    for (const { reject } of asked.values()) reject(new Error(`${name} ended with ${how}`))
  })
  const ask = <Answer>(question: string, data?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const id = ++questions
      asked.set(id, { resolve, reject })
      child.send({ id, question, data }, (error) => {
        if (error !== null) reject(error)
      })
    })
  return {
    pid: child.pid as number,
    ready: await within(ready, START_LIMIT_MS, `${name} is not ready`),
    ask,
    async stop() {
      await ask('stop').catch(() => undefined)
      await within(gone, STOP_LIMIT_MS, `${name} does not stop`)
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

export interface Program {
  pid: number
  /** The groups of the pattern. */
  said: readonly string[]
  stop(): Promise<void>
}

/** Starts a file of the project as a user would, and resolves when it prints what `until` matches, with its groups. */
export async function startProgram(file: string, env: Readonly<Record<string, string>>, until: RegExp): Promise<Program> {
  const child = spawn(process.execPath, [...HEAP, ...profiling(file), '--import', './loader/register.js', file], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 2] })
  const gone = track(child)
  let output = ''
  const said = new Promise<readonly string[]>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000)
      const found = until.exec(output)
      if (found !== null) resolve(found.slice(1))
    })
    void gone.then((how) => reject(new Error(`${file} ended with ${how}: ${output}`)))
  })
  return {
    pid: child.pid as number,
    said: await within(said, START_LIMIT_MS, `${file} is not ready`),
    async stop() {
      child.kill('SIGTERM')
      await within(gone, STOP_LIMIT_MS, `${file} does not stop`)
    },
  }
}

function profiling(name: string): string[] {
  return PROFILES === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(PROFILES, name)}`]
}

/** Resolves with how it ended. */
function track(child: ChildProcess): Promise<string> {
  living.add(child)
  return new Promise((resolve) => {
    const end = (how: string): void => {
      living.delete(child)
      resolve(how)
    }
    child.once('exit', (code, signal) => end(signal ?? `code ${code}`))
    child.once('error', (error) => end(error.message))
  })
}

async function within<T>(promise: Promise<T>, limitMs: number, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} after ${limitMs} ms`)), limitMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
