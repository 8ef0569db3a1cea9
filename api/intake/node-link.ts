/** The thread's side of the talk with its node. */
import type { MessagePort } from 'node:worker_threads'
import type { ValidationAnswer } from '../hooks/daraja-c2b.ts'
import type { HookProcessor } from '../hooks/processor.ts'
import { Problem } from '../http/problem.ts'
import type { EdgeMetrics } from '../metrics.ts'
import type { FromIntake, News, ToIntake } from './protocol.ts'

export interface NodeLink extends Pick<HookProcessor, 'accept'> {
  metrics: Pick<EdgeMetrics, 'http' | 'hookReceived'>
  /** @throws Problem `overloaded` when the node could not tell */
  validate(body: Buffer): Promise<ValidationAnswer>
  listening(address: string): void
  /** Tells what is left to tell; nothing is heard or said any more. */
  close(): void
}

export function nodeLink(port: MessagePort, onStop: () => void): NodeLink {
  const questions = new Map<number, (answer: ValidationAnswer | null) => void>()
  let news: News | undefined
  let lastQuestion = 0

  const say = (message: FromIntake): void => port.postMessage(message)

  port.on('message', (message: ToIntake) => {
    if (message.kind === 'stop') {
      onStop()
      return
    }
    questions.get(message.id)?.(message.answer)
    questions.delete(message.id)
  })

  /** One message for all that comes in one turn: each wakes the node's own thread. */
  function gathered(): News {
    if (news === undefined) {
      news = { stored: [], received: [], answered: [] }
      setImmediate(tell)
    }
    return news
  }

  function tell(): void {
    if (news !== undefined) say({ kind: 'news', news })
    news = undefined
  }

  return {
    accept: (hooks) => void gathered().stored.push(...hooks),
    metrics: {
      http: (...of) => void gathered().answered.push(of),
      hookReceived: (...of) => void gathered().received.push(of),
    },
    async validate(body) {
      const id = ++lastQuestion
      const answered = new Promise<ValidationAnswer | null>((resolve) => questions.set(id, resolve))
      say({ kind: 'question', id, body })
      const answer = await answered
      if (answer === null) throw new Problem('overloaded')
      return answer
    },
    listening: (address) => say({ kind: 'listening', address }),
    close() {
      tell()
      port.close()
    },
  }
}
