/** A real redis-server, for tests: a port of its own, nothing on disk, ended by its process id. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { findProgram, freePort } from '../../sandbox/programs.ts'

export interface RedisServer {
  readonly url: string
  /** `kill -9`. The port stays. */
  stop(): Promise<void>
  /** Again on the same port, with nothing stored. */
  start(): Promise<void>
}

export async function redisServer(): Promise<RedisServer> {
  const program = await findProgram('redis-server')
  const port = await freePort()
  let child: ChildProcess | undefined
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const starting = spawn(program, ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: ['ignore', 'pipe', 'ignore'] })
      child = starting
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: starting.stdout }).on('line', (line) => {
          if (line.includes('Ready to accept connections')) resolve()
        })
        starting.on('error', reject)
        starting.on('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
      })
    },
    async stop() {
      const ending = child
      child = undefined
      if (ending === undefined || ending.exitCode !== null) return
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
      ending.kill('SIGKILL')
      await ended
    },
  }
  await server.start()
  return server
}
