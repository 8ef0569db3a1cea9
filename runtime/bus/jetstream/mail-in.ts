/**
 * Mail for the slices we own: a consumer of the broker for each, with the epoch of our lease in its name, so that a former owner's
 * acknowledgements count no more and all that it had not acknowledged comes to us in order.
 */
import type { DeliveryInfo, JsMsg } from 'nats'
import type { Mail } from '../../model/messages.ts'
import type { BusReceiver } from '../../ports/bus.ts'
import { claimConsumer } from './consumers.ts'
import { Consumption } from './consumption.ts'
import type { DeadLetters } from './dead-letters.ts'
import { Intake, type Item } from './intake.ts'
import type { Link, Session } from './link.ts'
import { lineOf, parseMails } from './mail-message.ts'
import type { Settings } from './options.ts'
import { sliceOfMail, type Names } from './subjects.ts'

export interface MailInParts {
  link: Link
  names: Names
  settings: Settings
  dead: DeadLetters
  receiver: BusReceiver
}

export class MailIn {
  readonly #parts: MailInParts
  readonly #owned = new Map<number, { epoch: number; reading: Consumption }>()
  /** Slices that are given up, until nothing of them is worked on any more. */
  readonly #leaving = new Map<number, Promise<void>>()

  constructor(parts: MailInParts) {
    this.#parts = parts
  }

  /** Resolves when nothing is taken any more from slices that are not in the map. */
  async own(slices: ReadonlyMap<number, number>): Promise<void> {
    for (const [slice, { epoch, reading }] of this.#owned) if (slices.get(slice) !== epoch) this.#leave(slice, reading)
    for (const [slice, epoch] of slices) {
      if (!this.#owned.has(slice)) this.#owned.set(slice, { epoch, reading: this.#read(slice, epoch, this.#leaving.get(slice)) })
    }
    await Promise.all([...this.#leaving].flatMap(([slice, left]) => (slices.has(slice) ? [] : [left])))
  }

  #leave(slice: number, reading: Consumption): void {
    this.#owned.delete(slice)
    const left: Promise<void> = reading.end().finally(() => {
      if (this.#leaving.get(slice) === left) this.#leaving.delete(slice)
    })
    this.#leaving.set(slice, left)
  }

  #read(slice: number, epoch: number, after: Promise<void> | undefined): Consumption {
    const { link, names, settings } = this.#parts
    const { timing, limits, log, metrics } = settings
    const stream = names.mailStream
    const wanted = { stream, group: `mail-${slice}`, filter: names.mail(slice), ackWaitMs: timing.ackWaitMs, unacked: limits.unackedMail, deliveries: limits.deliveries }
    const intake = (session: Session): Intake =>
      new Intake({
        items: (message, delivery) => this.#items(session, message, delivery),
        atOnce: limits.atOnce,
        stallsAll: true,
        complete: true,
        retryMs: timing.retryMs,
        retryMaxMs: timing.retryMaxMs,
        onRedelivered: () => metrics.redelivered(stream),
        log,
      })
    return new Consumption({ link, stream, timing, log, claim: (session) => claimConsumer(session, wanted, epoch), intake }, after)
  }

  #items(session: Session, message: JsMsg, delivery: DeliveryInfo): Item[] {
    return parseMails(message.string(), sliceOfMail(message.subject)).map((parsed, index) =>
      'mail' in parsed
        ? { line: lineOf(parsed.mail), work: () => this.#deliver(parsed.mail) }
        : { line: 'not understood', work: () => this.#bury(session, message, delivery, index, parsed) },
    )
  }

  async #deliver(mail: Mail): Promise<undefined> {
    await this.#parts.receiver.deliver(mail)
    return undefined
  }

  async #bury(session: Session, message: JsMsg, delivery: DeliveryInfo, index: number, { text, problem }: { text: string; problem: string }): Promise<undefined> {
    const { dead, names, settings } = this.#parts
    const { streamSequence: sequence, timestampNanos } = delivery
    const stream = names.mailStream
    settings.log.warn({ subject: message.subject, sequence, problem }, 'mail that cannot be understood; it becomes a dead letter')
    await dead.bury(session, { stream, sequence, subject: message.subject, key: `${stream} ${sequence} ${timestampNanos} ${index}`, reason: problem, headers: message.headers, data: text })
    return undefined
  }
}
