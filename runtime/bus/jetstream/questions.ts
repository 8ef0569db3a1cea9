/**
 * Questions to other nodes, many in one message: what is asked of one node within one turn of the event loop goes together, and so
 * do the answers that become ready together. Nobody waits for a message to fill. A commit answers dozens of senders at once, whose
 * next commands are thus one message to each owner and not dozens.
 *
 *   to <prefix>.node.<name>   [request, ...]                       with reply subject <inbox>.<batch>
 *   to <inbox>.<batch>        [[position, answer] | [position], ...]   without an answer: answering failed
 */
import { createInbox, type Msg } from 'nats'
import type { Json } from '../../model/json.ts'
import { PeerSilentError, PeerUnreachableError } from '../../ports/peers.ts'
import { inWords } from './errors.ts'
import type { Session } from './link.ts'

/** One entry of an answer message. */
export type Answered = [position: number, answer: Json] | [position: number]

interface Question {
  json: string
  answered(answer: Json): void
  failed(error: Error): void
}

interface Batch {
  node: string
  /** By position; undefined once answered. */
  questions: (Question | undefined)[]
  open: number
  timer: NodeJS.Timeout
}

/** The broker's answer when nobody listens to a subject. */
const NO_RESPONDERS = 503
/** Room for what the protocol itself needs of a message. */
const SPARE_BYTES = 1_024
/** What a broker takes unless it is set up otherwise. */
const USUAL_PAYLOAD_BYTES = 2 ** 20

/** Those of one connection. */
export class Questions {
  readonly #session: Session
  readonly #subjectOf: (node: string) => string
  readonly #inbox = createInbox()
  readonly #gathering = new Map<string, { node: string; timeoutMs: number; questions: Question[] }>()
  readonly #batches = new Map<string, Batch>()
  #count = 0

  constructor(session: Session, subjectOf: (node: string) => string) {
    this.#session = session
    this.#subjectOf = subjectOf
    session.nc.subscribe(`${this.#inbox}.*`, { callback: (error, message) => error === null && this.#answered(message) })
    session.ended.addEventListener('abort', () => this.#lost(), { once: true })
  }

  /** @throws PeerUnreachableError, PeerSilentError as the port says. */
  ask(node: string, request: Json, timeoutMs: number): Promise<Json> {
    return new Promise((answered, failed) => {
      const question = { json: JSON.stringify(request), answered, failed }
      const key = `${timeoutMs} ${node}`
      const gathered = this.#gathering.get(key)
      if (gathered !== undefined) return void gathered.questions.push(question)
      this.#gathering.set(key, { node, timeoutMs, questions: [question] })
      setImmediate(() => this.#send(key))
    })
  }

  #send(key: string): void {
    const gathered = this.#gathering.get(key)
    if (gathered === undefined) return
    this.#gathering.delete(key)
    for (const questions of inMessages(gathered.questions, roomOf(this.#session))) this.#sendOne(gathered.node, questions, gathered.timeoutMs)
  }

  #sendOne(node: string, questions: Question[], timeoutMs: number): void {
    const name = String(++this.#count)
    const timer = setTimeout(() => this.#fail(name, new PeerSilentError(`node '${node}' did not answer: no answer in time`)), timeoutMs)
    this.#batches.set(name, { node, questions: [...questions], open: questions.length, timer })
    try {
      if (this.#session.ended.aborted) throw new Error('the connection has just ended')
      this.#session.nc.publish(this.#subjectOf(node), `[${questions.map(({ json }) => json).join(',')}]`, { reply: `${this.#inbox}.${name}` })
    } catch (error) {
      this.#fail(name, new PeerUnreachableError(`node '${node}' was not asked: ${inWords(error)}`, { cause: error }))
    }
  }

  #answered(message: Msg): void {
    const name = message.subject.slice(this.#inbox.length + 1)
    const batch = this.#batches.get(name)
    // Too late: whoever asked has gone another way.
    if (batch === undefined) return
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      return this.#fail(name, new PeerUnreachableError(`no node listens by the name '${batch.node}'`))
    }
    let answers: Answered[]
    try {
      answers = message.json<Answered[]>()
    } catch {
      return this.#fail(name, new PeerSilentError(`node '${batch.node}' answered with something that is no JSON`))
    }
    for (const answer of answers) this.#settle(batch, answer)
    if (batch.open === 0) this.#forget(name, batch)
  }

  #settle(batch: Batch, answer: Answered): void {
    const question = batch.questions[answer[0]]
    if (question === undefined) return
    batch.questions[answer[0]] = undefined
    batch.open--
    if (answer.length === 2) question.answered(answer[1])
    else question.failed(new PeerSilentError(`node '${batch.node}' failed while answering`))
  }

  #fail(name: string, error: Error): void {
    const batch = this.#batches.get(name)
    if (batch === undefined) return
    this.#forget(name, batch)
    for (const question of batch.questions) question?.failed(error)
  }

  #forget(name: string, batch: Batch): void {
    clearTimeout(batch.timer)
    this.#batches.delete(name)
  }

  /** Those on their way may have been heard. Those still gathering are told at their turn that nobody was. */
  #lost(): void {
    for (const [name, { node }] of [...this.#batches]) this.#fail(name, new PeerSilentError(`node '${node}' did not answer: the connection was lost`))
  }
}

/** Bytes that a message of this connection holds. */
export function roomOf(session: Session | undefined): number {
  return (session?.nc.info?.max_payload ?? USUAL_PAYLOAD_BYTES) - SPARE_BYTES
}

/** In order, as many together as one message holds; what is larger by itself goes alone, and the client refuses it. */
export function inMessages<T extends { json: string }>(all: readonly T[], room: number): T[][] {
  const messages: T[][] = []
  let bytes = Infinity
  for (const one of all) {
    const size = Buffer.byteLength(one.json) + 1
    if (bytes + size > room) {
      messages.push([])
      bytes = 0
    }
    ;(messages.at(-1) as T[]).push(one)
    bytes += size
  }
  return messages
}
