/**
 * A thread of this process that takes web hooks on a port of its own, so that no step of an actor and no collection of garbage stands
 * between a provider and its answer (docs/adr/0023).
 */
import { Worker } from 'node:worker_threads'
import type { ValidationAnswer } from '../hooks/daraja-c2b.ts'
import type { HookProcessor } from '../hooks/processor.ts'
import type { EdgeMetrics } from '../metrics.ts'
import type { FromIntake, IntakeSettings, ToIntake } from './protocol.ts'

export interface Intake {
  /** Whoever processes what is stored; before `listen`. */
  connect(node: IntakeNode): void
  /** @returns where it listens. @throws when it cannot, as when the port is taken */
  listen(): Promise<string>
  /** Resolves when all that came in is answered and the thread is gone. */
  close(): Promise<void>
}

export interface IntakeNode extends Pick<HookProcessor, 'accept'> {
  validate(body: Buffer): Promise<ValidationAnswer>
  metrics: Pick<EdgeMetrics, 'http' | 'hookReceived'>
}

/** @param entry the program of the thread */
export function intakeThread(entry: URL, settings: IntakeSettings): Intake {
  let node: IntakeNode | undefined
  let worker: Worker | undefined

  function hear(message: Exclude<FromIntake, { kind: 'listening' }>): void {
    if (message.kind === 'news') {
      const { stored, received, answered } = message.news
      node?.accept(stored)
      for (const of of received) node?.metrics.hookReceived(...of)
      for (const of of answered) node?.metrics.http(...of)
    } else void answer(message.id, message.body)
  }

  async function answer(id: number, body: Uint8Array): Promise<void> {
    say({ kind: 'answer', id, answer: (await node?.validate(Buffer.from(body)).catch(() => null)) ?? null })
  }

  const say = (message: ToIntake): void => worker?.postMessage(message)

  return {
    connect(to) {
      node = to
    },
    listen() {
      const thread = (worker = new Worker(entry, { workerData: settings, name: 'web hooks' }))
      return new Promise((resolve, reject) => {
        let fail = reject
        thread.on('error', (error) => fail(error))
        thread.on('message', (message: FromIntake) => {
          if (message.kind !== 'listening') {
            hear(message)
            return
          }
          // From now on the process goes down with it, as with any error that nobody has caught: what is stored is found by the next start.
          fail = (error) => { throw error }
          resolve(message.address)
        })
      })
    },
    async close() {
      const gone = new Promise<void>((resolve) => worker?.once('exit', () => resolve()))
      say({ kind: 'stop' })
      await gone
    },
  }
}
