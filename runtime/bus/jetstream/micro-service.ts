/** The NATS micro service (ADR-32): `$SRV.PING|INFO|STATS`, and calls that wait for their reply. */
import type { Service, ServiceMsg } from 'nats'
import type { Json } from '../../model/json.ts'
import type { ApiEndpoint, ApiReply, IntegrationEdge } from '../../ports/commands.ts'
import { plainHeaders } from './command-message.ts'
import { inWords } from './errors.ts'
import type { Link, Session } from './link.ts'
import type { Settings } from './options.ts'
import type { Names } from './subjects.ts'

const ENDPOINTS: readonly ApiEndpoint[] = ['send', 'get', 'create']
/** Of the interface, by semantic versioning. */
const VERSION = '1.0.0'

export class MicroService {
  readonly #link: Link
  readonly #names: Names
  readonly #settings: Settings
  readonly #calls = new Set<Promise<void>>()
  #stopListening = (): void => {}
  #service: Service | undefined

  constructor(link: Link, names: Names, settings: Settings) {
    this.#link = link
    this.#names = names
    this.#settings = settings
  }

  start(edge: IntegrationEdge): void {
    this.#stopListening = this.#link.onSession((session) => void this.#announce(edge, session))
  }

  async stop(): Promise<void> {
    this.#stopListening()
    const service = this.#service
    this.#service = undefined
    await service?.stop()
    await Promise.all(this.#calls)
  }

  async #announce(edge: IntegrationEdge, { nc, ended }: Session): Promise<void> {
    const { prefix, log } = this.#settings
    try {
      const service = await nc.services.add({ name: prefix, version: VERSION, description: 'Sends events to actors, creates and reads them.' })
      this.#service = service
      for (const endpoint of ENDPOINTS) {
        service.addEndpoint(endpoint, { subject: this.#names.api(endpoint), handler: (error, message) => error === null && this.#take(edge, endpoint, message) })
      }
    } catch (error) {
      if (!ended.aborted) log.warn({ problem: inWords(error) }, 'the micro service could not be announced')
    }
  }

  #take(edge: IntegrationEdge, endpoint: ApiEndpoint, message: ServiceMsg): void {
    const answered: Promise<void> = this.#answer(edge, endpoint, message).finally(() => this.#calls.delete(answered))
    this.#calls.add(answered)
  }

  async #answer(edge: IntegrationEdge, endpoint: ApiEndpoint, message: ServiceMsg): Promise<void> {
    let reply: ApiReply
    try {
      reply = await edge.call({ endpoint, body: bodyOf(message), headers: plainHeaders(message.headers) })
    } catch (error) {
      this.#settings.log.error({ endpoint, err: error }, 'a call over NATS failed')
      reply = { ok: false, status: 500, message: 'internal error' }
    }
    try {
      if (reply.ok) message.respond(JSON.stringify(reply.body))
      else message.respondError(reply.status, oneLine(reply.message), reply.body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(reply.body)))
    } catch (error) {
      this.#settings.log.warn({ endpoint, problem: inWords(error) }, 'a reply over NATS could not be sent')
    }
  }
}

/** An empty request is an empty object. */
function bodyOf(message: ServiceMsg): Json | undefined {
  try {
    return message.data.length === 0 ? {} : message.json<Json>()
  } catch {
    return undefined
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}
