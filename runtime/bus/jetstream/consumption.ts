/** Reads one consumer until told to end: over lost connections, wiped brokers and missing deliveries. */
import type { JsMsg } from 'nats'
import type { Log } from '../../ports/log.ts'
import { API_ERRORS, apiErrorCode, clientErrorCode, inWords, SupersededError } from './errors.ts'
import type { Intake } from './intake.ts'
import type { Link, Session } from './link.ts'
import type { BusTiming } from './options.ts'
import { orAborted, pause } from './pause.ts'

export interface ConsumptionParts {
  link: Link
  stream: string
  /** Makes the consumer sure to be there, and gives its name. */
  claim(session: Session): Promise<string>
  /** For each time it is read anew. */
  intake(session: Session): Intake
  timing: BusTiming
  log: Log
}

/** A pull request at the broker; it is renewed long before. */
const PULL_MS = 30_000
const PULL_MESSAGES = 100

export class Consumption {
  readonly #parts: ConsumptionParts
  readonly #ending = new AbortController()
  readonly #over: Promise<void>

  /** @param after waits for this first: an earlier reader whose work is not done yet. */
  constructor(parts: ConsumptionParts, after: Promise<void> = Promise.resolve()) {
    this.#parts = parts
    this.#over = after.then(() => this.#run(this.#ending.signal))
  }

  /** Takes nothing more, and resolves when nothing is worked on any more. */
  end(): Promise<void> {
    this.#ending.abort()
    return this.#over
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { link, timing } = this.#parts
    for (let failures = 0; !signal.aborted; ) {
      const session = await link.ready(signal)
      if (session === undefined) return
      const problem = await this.#read(session, AbortSignal.any([signal, session.ended]))
      if (signal.aborted) return
      failures = problem === undefined ? 0 : failures + 1
      if (problem !== undefined) this.#tell(problem, session, failures)
      // A session that just ended is not there any more: the wait for the next one is above.
      if (problem !== undefined) await pause(Math.min(timing.retryMs * 2 ** Math.min(failures, 10), timing.retryMaxMs), signal)
    }
  }

  /** Until the signal or a problem ends it. Gives the problem. */
  async #read(session: Session, until: AbortSignal): Promise<unknown> {
    const { stream, timing } = this.#parts
    const intake = this.#parts.intake(session)
    const beat = setInterval(() => intake.stillWorking(), timing.workingMs)
    try {
      const consumer = await session.js.consumers.get(stream, await this.#parts.claim(session))
      if (until.aborted) return undefined
      const callback = (message: JsMsg): void => intake.take(message)
      const messages = await consumer.consume({ callback, max_messages: PULL_MESSAGES, expires: PULL_MS, idle_heartbeat: timing.heartbeatMs, abort_on_missing_resource: true })
      const closed = messages.closed().then((error) => error ?? new Error('reading ended'))
      const broken = intake.broken.then(() => new Error('a delivery is missing'))
      const problem = await orAborted(until, Promise.race([closed, broken]))
      intake.close()
      await messages.close()
      return until.aborted ? undefined : problem
    } catch (error) {
      return until.aborted ? undefined : error
    } finally {
      clearInterval(beat)
      intake.close()
      await intake.idle()
    }
  }

  #tell(problem: unknown, session: Session, failures: number): void {
    const { stream, log } = this.#parts
    if (isStreamGone(problem)) return session.fail('a stream is gone')
    if (failures === 1) log.warn({ stream, problem: inWords(problem) }, problem instanceof SupersededError ? 'somebody else owns what we were to read' : 'reading from the broker begins again')
  }
}

function isStreamGone(problem: unknown): boolean {
  return apiErrorCode(problem) === API_ERRORS.streamNotFound || clientErrorCode(problem) === '503'
}
