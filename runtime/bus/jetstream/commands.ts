/**
 * Commands of integrations. One node reads them all, and several go on at once, in order per subject. That node is the owner of slice
 * 0: with a reader on each node two commands for one actor could reach it in any order, and a broker of version 2.9 cannot pin a
 * consumer to one reader. The epoch of that slice's lease is in the consumer's name, as with mail, so that nothing is overtaken
 * when the owner changes. The work itself goes to the owners of the actors' slices, wherever they are.
 */
import type { DeliveryInfo, JsMsg } from 'nats'
import type { IntegrationEdge } from '../../ports/commands.ts'
import { parseCommand, type ParsedCommand } from './command-message.ts'
import { claimConsumer } from './consumers.ts'
import { Consumption } from './consumption.ts'
import type { DeadLetters } from './dead-letters.ts'
import { Intake, type Item } from './intake.ts'
import type { Link, Session } from './link.ts'
import type { Settings } from './options.ts'
import type { Names } from './subjects.ts'

/** Whose owner reads the commands. */
const COMMAND_SLICE = 0

export interface CommandsParts {
  link: Link
  names: Names
  settings: Settings
  dead: DeadLetters
}

export class Commands {
  readonly #parts: CommandsParts
  #epoch: number | undefined
  #edge: IntegrationEdge | undefined
  #reading: { epoch: number; consumption: Consumption } | undefined
  /** Until nothing of an earlier reading is worked on any more. */
  #left: Promise<void> = Promise.resolve()

  constructor(parts: CommandsParts) {
    this.#parts = parts
  }

  start(edge: IntegrationEdge): void {
    this.#edge = edge
    this.#adjust()
  }

  async stop(): Promise<void> {
    this.#edge = undefined
    this.#adjust()
    await this.#left
  }

  /** Resolves when nothing is taken any more, if it is for others now. */
  async own(slices: ReadonlyMap<number, number>): Promise<void> {
    this.#epoch = slices.get(COMMAND_SLICE)
    this.#adjust()
    if (this.#epoch === undefined) await this.#left
  }

  #adjust(): void {
    const epoch = this.#edge === undefined ? undefined : this.#epoch
    if (this.#reading?.epoch === epoch) return
    if (this.#reading !== undefined) this.#left = this.#reading.consumption.end()
    this.#reading = epoch === undefined ? undefined : { epoch, consumption: this.#read(epoch) }
  }

  #read(epoch: number): Consumption {
    const { link, names, settings } = this.#parts
    const { timing, limits, log, metrics } = settings
    const stream = names.commandStream
    const wanted = { stream, group: 'commands', ackWaitMs: timing.ackWaitMs, unacked: limits.unackedCommands, deliveries: limits.deliveries }
    const intake = (session: Session): Intake =>
      new Intake({
        items: (message, delivery) => [this.#item(session, message, delivery)],
        atOnce: limits.unackedCommands,
        stallsAll: false,
        complete: true,
        retryMs: timing.retryMs,
        retryMaxMs: timing.retryMaxMs,
        onRedelivered: () => metrics.redelivered(stream),
        log,
      })
    return new Consumption({ link, stream, timing, log, claim: (session) => claimConsumer(session, wanted, epoch), intake }, this.#left)
  }

  #item(session: Session, message: JsMsg, delivery: DeliveryInfo): Item {
    const parsed = parseCommand(message, delivery)
    return { line: message.subject, work: (attempt) => this.#work(session, message, delivery, parsed, attempt) }
  }

  async #work(session: Session, message: JsMsg, delivery: DeliveryInfo, parsed: ParsedCommand, attempt: number): Promise<number | undefined> {
    if (!('command' in parsed)) return this.#bury(session, message, delivery, parsed.code, parsed.problem)
    const answer = await this.#edgeNow().command({ ...parsed.command, attempt })
    switch (answer.outcome) {
      case 'done':
        return undefined
      case 'later':
        return answer.afterMs
      case 'refused':
        return this.#bury(session, message, delivery, answer.code, answer.reason)
    }
  }

  async #bury(session: Session, message: JsMsg, delivery: DeliveryInfo, code: string, reason: string): Promise<undefined> {
    const { dead, names, settings } = this.#parts
    const { streamSequence: sequence, timestampNanos } = delivery
    const stream = names.commandStream
    settings.log.warn({ subject: message.subject, sequence, code }, 'a command that will never be taken; it becomes a dead letter')
    await dead.bury(session, { stream, sequence, subject: message.subject, key: `${stream} ${sequence} ${timestampNanos}`, reason, code, headers: message.headers, data: message.data })
    return undefined
  }

  #edgeNow(): IntegrationEdge {
    if (this.#edge === undefined) throw new Error('no commands are taken any more')
    return this.#edge
  }
}
