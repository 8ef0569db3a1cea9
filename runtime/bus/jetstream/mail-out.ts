/**
 * Mail on its way to the broker: of one slice one message at a time, of all slices as many as the way is long, and what gathers
 * meanwhile goes together in the next one. So the order of the calls is the order in the stream, and much mail costs few messages:
 * each is paid for at the broker and at both ends. When little goes on it leaves at once.
 */
import { createHash } from 'node:crypto'
import { headers } from 'nats'
import { sliceOf } from '../../model/address.ts'
import type { Mail } from '../../model/messages.ts'
import type { Link, Session } from './link.ts'
import type { Settings } from './options.ts'
import type { Names } from './subjects.ts'

interface Waiting {
  key: string
  json: string
  resolve: () => void
  reject: (error: unknown) => void
}

interface SliceQueue {
  slice: number
  waiting: Waiting[]
  /** Sending, or in the line of those that wait for their turn. */
  isAtWork: boolean
}

/** Of the id, generously. */
const HEADER_BYTES = 1_024

export class MailOut {
  readonly #link: Link
  readonly #names: Names
  readonly #settings: Settings
  readonly #slices = new Map<number, SliceQueue>()
  readonly #turns: SliceQueue[] = []
  #unanswered = 0
  /** The quickest answer of a connection tells how far away its broker is; the others tell how busy we all are. */
  #quickest: { session?: Session; ms: number } = { ms: Number.POSITIVE_INFINITY }

  constructor(link: Link, names: Names, settings: Settings) {
    this.#link = link
    this.#names = names
    this.#settings = settings
  }

  /** Resolves when the broker has stored it. */
  send(mail: Mail): Promise<void> {
    const slice = sliceOf(mail.to)
    return new Promise((resolve, reject) => {
      let queue = this.#slices.get(slice)
      if (queue === undefined) this.#slices.set(slice, (queue = { slice, waiting: [], isAtWork: false }))
      queue.waiting.push({ key: mail.key, json: JSON.stringify(mail), resolve, reject })
      if (queue.isAtWork) return
      queue.isAtWork = true
      this.#turns.push(queue)
      this.#next()
    })
  }

  /** Whoever has waited longest sends one message, and lines up again. */
  #next(): void {
    while (this.#unanswered < this.#atOnce()) {
      const queue = this.#turns.shift()
      if (queue === undefined) return
      void this.#send(queue)
    }
  }

  #atOnce(): number {
    const { limits, timing } = this.#settings
    const { ms } = this.#quickest
    return ms === Number.POSITIVE_INFINITY ? 1 : Math.min(Math.max(Math.ceil(ms / timing.mailPaceMs), 1), limits.unansweredMail)
  }

  async #send(queue: SliceQueue): Promise<void> {
    this.#unanswered++
    const sentAt = performance.now()
    let batch: Waiting[] = []
    try {
      const session = this.#link.readySession()
      const { publisher, nc } = session
      batch = this.#nextBatch(queue.waiting, nc.info?.max_payload)
      await publisher.publish(this.#names.mail(queue.slice), `[${batch.map(({ json }) => json).join(',')}]`, withId(batch))
      this.#quickest = { session, ms: Math.min(this.#quickest.session === session ? this.#quickest.ms : Number.POSITIVE_INFINITY, performance.now() - sentAt) }
      this.#settings.metrics.published('mail', batch.length)
      for (const { resolve } of batch) resolve()
    } catch (error) {
      // What waits behind it must not overtake it: all go back to their senders, which try again in order (R4).
      for (const { reject } of [...batch, ...queue.waiting.splice(0)]) reject(error)
    }
    this.#unanswered--
    queue.isAtWork = queue.waiting.length > 0
    if (queue.isAtWork) this.#turns.push(queue)
    this.#next()
  }

  /** @param payloadBytes what the broker takes at most, headers included. */
  #nextBatch(waiting: Waiting[], payloadBytes = Number.POSITIVE_INFINITY): Waiting[] {
    const { batchMails } = this.#settings.limits
    const batchBytes = Math.min(this.#settings.limits.batchBytes, payloadBytes - HEADER_BYTES)
    let bytes = 0
    let count = 0
    for (const { json } of waiting) {
      bytes += Buffer.byteLength(json) + 1
      if (count > 0 && (count === batchMails || bytes > batchBytes)) break
      count++
    }
    return waiting.splice(0, count)
  }
}

/**
 * The broker drops what it has seen under the same id within its window. So the id stands for exactly these mails: tried again
 * in other company they are another message, and the receiver tells what it has had already (R3).
 */
function withId(batch: readonly Waiting[]): ReturnType<typeof headers> {
  const keys = batch.map(({ key }) => key)
  const id = keys.length === 1 ? (keys[0] ?? '') : `${keys.length} ${createHash('sha256').update(keys.join('\n')).digest('base64url')}`
  const all = headers()
  all.append('Nats-Msg-Id', id)
  return all
}
