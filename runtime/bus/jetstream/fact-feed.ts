/**
 * Reads the stream of facts, whoever published them: each node has the same order, the stream's. Nothing is acknowledged, so it
 * costs the broker a consumer in memory and no more. Begins with the first follower.
 */
import { AckPolicy, DeliverPolicy, nanos, type JsMsg } from 'nats'
import { FactWindow, type PlacedFact } from '../../feed/fact-window.ts'
import { positionOf } from '../../feed/position.ts'
import type { BusFeed } from '../../ports/bus.ts'
import { API_ERRORS, apiErrorCode, BrokerError, inWords } from './errors.ts'
import { factOf } from './fact-message.ts'
import type { Link, Session } from './link.ts'
import type { Settings } from './options.ts'
import { orAborted, pause, widelyHeard } from './pause.ts'
import type { Names } from './subjects.ts'

const PULL_MS = 30_000
const PULL_MESSAGES = 500
/** A consumer that nobody reads goes by itself. */
const INACTIVE_MS = 60_000
const PAGE_MS = 5_000

export class FactFeed implements BusFeed {
  readonly window = new FactWindow()
  readonly #link: Link
  readonly #names: Names
  readonly #settings: Settings
  #reading: { ending: AbortController; over: Promise<void> } | undefined
  #isStarted = false
  #isWanted = false

  constructor(link: Link, names: Names, settings: Settings) {
    this.#link = link
    this.#names = names
    this.#settings = settings
    this.window.onWanted = () => {
      this.#isWanted = true
      this.#read()
    }
  }

  start(): void {
    this.#isStarted = true
    this.#read()
  }

  async stop(): Promise<void> {
    this.#isStarted = false
    this.#reading?.ending.abort()
    await this.#reading?.over
    this.#reading = undefined
  }

  async older({ epoch, order }: { epoch: string; order: number }, limit: number): Promise<PlacedFact[] | undefined> {
    const session = this.#link.readySession()
    const { state, created } = await session.jsm.streams.info(this.#names.factStream)
    if (epochOf(created) !== epoch || state.first_seq > order + 1) return undefined
    const count = Math.min(limit, state.last_seq - order)
    if (count <= 0) return []
    const name = await this.#consumer(session, order + 1)
    const consumer = await session.js.consumers.get(this.#names.factStream, name)
    const placed: PlacedFact[] = []
    let last = order
    for await (const message of await consumer.fetch({ max_messages: count, expires: PAGE_MS })) {
      last = message.info.streamSequence
      const fact = factOf(message)
      if (fact !== undefined) placed.push({ position: positionOf({ epoch, order: last, at: fact.at }), order: last, fact })
    }
    await session.jsm.consumers.delete(this.#names.factStream, name).catch(() => undefined)
    if (last < order + count) throw new BrokerError('silent', 'the broker did not give all facts that it keeps')
    return placed
  }

  #read(): void {
    if (!this.#isStarted || !this.#isWanted || this.#reading !== undefined) return
    const ending = widelyHeard()
    this.#reading = { ending, over: this.#run(ending.signal) }
  }

  /** Until told to end: over lost connections, wiped brokers and missing deliveries. */
  async #run(signal: AbortSignal): Promise<void> {
    const { timing, log } = this.#settings
    for (let failures = 0; !signal.aborted; ) {
      const session = await this.#link.ready(signal)
      if (session === undefined) return
      try {
        await this.#session(session, AbortSignal.any([signal, session.ended]), () => (failures = 0))
      } catch (error) {
        if (signal.aborted) return
        if (!session.ended.aborted && failures++ === 0) log.warn({ stream: this.#names.factStream, problem: inWords(error) }, 'reading facts from the broker begins again')
        if (apiErrorCode(error) === API_ERRORS.streamNotFound) session.fail('a stream is gone')
      }
      await pause(Math.min(timing.retryMs * 2 ** Math.min(failures, 10), timing.retryMaxMs), signal)
    }
  }

  async #session(session: Session, until: AbortSignal, onMessage: () => void): Promise<void> {
    const stream = this.#names.factStream
    const { created, state } = await session.jsm.streams.info(stream)
    const epoch = epochOf(created)
    // Of an order that has begun anew nobody has heard anything; of our own first one everybody has.
    if (this.window.epoch === undefined) this.window.begin(epoch, state.last_seq)
    else if (this.window.epoch !== epoch) this.window.begin(epoch, 0)
    const consumer = await session.js.consumers.get(stream, await this.#consumer(session, this.window.last + 1))
    if (until.aborted) return
    let delivered = 0
    let missed = (): void => {}
    const missing = new Promise<never>((_resolve, reject) => (missed = () => reject(new Error('a delivery is missing'))))
    const callback = (message: JsMsg): void => {
      if (message.info.deliverySequence !== ++delivered) return missed()
      onMessage()
      const fact = factOf(message)
      if (fact === undefined) this.#settings.log.warn({ subject: message.subject, sequence: message.info.streamSequence }, 'a message among the facts is none')
      else this.window.add(message.info.streamSequence, fact)
    }
    const messages = await consumer.consume({ callback, max_messages: PULL_MESSAGES, expires: PULL_MS, idle_heartbeat: this.#settings.timing.heartbeatMs, abort_on_missing_resource: true })
    try {
      const closed = messages.closed().then((error) => Promise.reject(error ?? new Error('reading ended')))
      await orAborted(until, Promise.race([closed, missing]))
    } finally {
      await messages.close()
    }
  }

  async #consumer(session: Session, from: number): Promise<string> {
    const { name } = await session.jsm.consumers.add(this.#names.factStream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(INACTIVE_MS),
    })
    return name
  }
}

/** A stream that was made anew numbers from one again. */
function epochOf(created: string): string {
  return `s${new Date(created).getTime().toString(36)}`
}
