/**
 * Publishes with an acknowledgement for each message, many under way at once. The client's own publish makes a timer and a stack
 * trace for each message and leaves those under way hanging when the connection goes; here one timer serves all, and they reject
 * at once.
 */
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from 'nats'
import { BrokerError } from './errors.ts'

interface Waiting {
  resolve: () => void
  reject: (error: BrokerError) => void
  deadline: number
}

interface Held {
  send: () => void
  reject: (error: BrokerError) => void
}

interface PubAck {
  error?: { code: number; err_code?: number; description: string }
}

export interface PublisherOptions {
  answerMs: number
  /** R9: more wait their turn. */
  unacked: number
  /** No stream takes the subject: it has gone. */
  onGone: () => void
}

export class Publisher {
  readonly #nc: NatsConnection
  readonly #options: PublisherOptions
  readonly #inbox: string
  /** In the order of publishing, and so of deadlines. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #held: Held[] = []
  readonly #timer: NodeJS.Timeout
  #count = 0
  #isOver = false

  constructor(nc: NatsConnection, options: PublisherOptions) {
    this.#nc = nc
    this.#options = options
    this.#inbox = `${createInbox()}.`
    nc.subscribe(`${this.#inbox}*`, { callback: (_error, message) => this.#answered(message) })
    this.#timer = setInterval(() => this.#expire(), Math.min(250, options.answerMs))
  }

  /** Resolves when the broker has stored it. @throws BrokerError */
  publish(subject: string, data: Uint8Array | string, headers: MsgHdrs): Promise<void> {
    return new Promise((resolve, reject) => {
      const send = (): void => {
        const token = (this.#count++).toString(36)
        try {
          this.#nc.publish(subject, data, { headers, reply: this.#inbox + token })
          this.#waiting.set(token, { resolve, reject, deadline: performance.now() + this.#options.answerMs })
        } catch (error) {
          reject(new BrokerError('refused', `the message cannot be published: ${error instanceof Error ? error.message : String(error)}`))
        }
      }
      if (this.#isOver) reject(lost())
      else if (this.#waiting.size < this.#options.unacked) send()
      else this.#held.push({ send, reject })
    })
  }

  /** The connection is gone. What was under way may have been stored or not. */
  end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
    for (const { reject } of this.#waiting.values()) reject(lost())
    this.#waiting.clear()
    for (const { reject } of this.#held.splice(0)) reject(lost())
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length)
    const waiting = this.#waiting.get(token)
    if (waiting === undefined) return
    this.#waiting.delete(token)
    const error = refusalIn(message)
    if (error === undefined) waiting.resolve()
    else waiting.reject(error)
    this.#held.shift()?.send()
    if (error?.kind === 'gone') this.#options.onGone()
  }

  #expire(): void {
    const now = performance.now()
    for (const [token, waiting] of this.#waiting) {
      if (waiting.deadline > now) break
      this.#waiting.delete(token)
      waiting.reject(new BrokerError('silent', 'the broker did not acknowledge a message in time'))
      this.#held.shift()?.send()
    }
  }
}

function refusalIn(message: Msg): BrokerError | undefined {
  if (message.headers?.code === 503) return new BrokerError('gone', 'no stream of the broker takes the message')
  let ack: PubAck
  try {
    ack = message.json<PubAck>()
  } catch {
    return new BrokerError('silent', 'the broker answered with something else than an acknowledgement')
  }
  return ack.error === undefined ? undefined : new BrokerError('refused', `the broker refused a message: ${ack.error.description}`)
}

function lost(): BrokerError {
  return new BrokerError('silent', 'the connection to the broker was lost')
}
