/**
 * What cannot be understood or was given up goes to a stream of its own with the reason, and only then from where it was (nothing is
 * dropped). Headers: `standing-error` (why), `standing-code` (a problem code, where there is one), `standing-subject`,
 * `standing-stream` and `standing-sequence` (where it was), and those it had.
 */
import { headers, type MsgHdrs } from 'nats'
import type { Session } from './link.ts'
import type { BusMetrics } from './options.ts'
import type { Names } from './subjects.ts'

export interface DeadLetter {
  stream: string
  sequence: number
  subject: string
  /** Makes burying the same message twice one letter: where it was, and when it was stored. */
  key: string
  reason: string
  code?: string
  headers?: MsgHdrs | undefined
  data: Uint8Array | string
}

export class DeadLetters {
  readonly #names: Names
  readonly #metrics: BusMetrics

  constructor(names: Names, metrics: BusMetrics) {
    this.#names = names
    this.#metrics = metrics
  }

  /** Resolves when it is stored. @throws BrokerError */
  async bury(session: Session, letter: DeadLetter): Promise<void> {
    const { stream, sequence, subject, key, reason, code, data } = letter
    const all = headers()
    for (const [name, values] of letter.headers ?? []) {
      // Those tell the broker what to do with a message, and were meant for the other stream.
      if (!/^nats-/i.test(name)) for (const value of values) all.append(name, value)
    }
    const id = letter.headers?.get('Nats-Msg-Id') ?? ''
    if (id !== '') all.set('standing-msg-id', id)
    all.set('Nats-Msg-Id', `dead ${key}`)
    all.set('standing-error', reason.replaceAll(/\s+/g, ' '))
    if (code !== undefined) all.set('standing-code', code)
    all.set('standing-subject', subject)
    all.set('standing-stream', stream)
    all.set('standing-sequence', String(sequence))
    await session.publisher.publish(this.#names.dead(stream), data, all)
    this.#metrics.deadLettered(stream)
  }
}
