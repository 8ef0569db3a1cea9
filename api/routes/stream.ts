/** Facts as server-sent events, for whoever wants them without a WebSocket: in order, and resumable by `Last-Event-ID`. */
import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { bearerKey } from '../auth/authenticate.ts'
import type { KeyCache } from '../auth/key-cache.ts'
import { demandChannel } from '../channels/access.ts'
import { perAddress } from '../channels/per-address.ts'
import { issueTicket, TICKET_SECONDS } from '../channels/tickets.ts'
import type { ChannelLimits } from '../channels/limits.ts'
import type { Telling } from '../channels/telling.ts'
import { Problem } from '../http/problem.ts'
import type { ShownOnce } from '../ports/shown-once.ts'
import { noQuery } from '../schemas/common.ts'
import { staffProblems } from '../schemas/problem.ts'
import type { PlacedFact, Runtime } from '../../runtime/index.ts'

export interface StreamRouteDeps {
  runtime: Pick<Runtime, 'follow' | 'factPosition'>
  keys: KeyCache
  telling: Telling
  secrets: ShownOnce
  limits: ChannelLimits
  closing: AbortSignal
}

/** How long a browser waits before it comes back. */
const RETRY_MS = 2_000
const CHANNELS_MAX = 100

const query = z.strictObject({
  channels: z
    .string()
    .max(10_000)
    .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
    .pipe(z.array(z.string().min(1)).min(1).max(CHANNELS_MAX))
    .describe('parted by commas, such as `private-dashboard-stats,private-actor.payment.pay_1`'),
  ticket: z.string().max(100).optional().describe('instead of the header `Authorization`, for an EventSource'),
  last_event_id: z.string().max(200).optional().describe('instead of the header `Last-Event-ID`, for an EventSource that is made anew'),
})

export function streamRoute(app: App, deps: StreamRouteDeps): void {
  app.post(
    '/stream/tickets',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['channels'],
        summary: 'A ticket for one stream',
        description: 'For a browser, whose EventSource sends no headers: put it into the address as `ticket`. It is good for one use.',
        querystring: noQuery,
        body: z.strictObject({}).nullish(),
        response: { 201: z.object({ ticket: z.string(), expires_in: z.int().describe('seconds') }), ...staffProblems('unsupported-media-type') },
      },
    },
    async (request, reply) => {
      const ticket = await issueTicket(deps.secrets, bearerKey(request.headers.authorization) ?? '')
      return reply.code(201).header('cache-control', 'no-store').send({ ticket, expires_in: TICKET_SECONDS })
    },
  )

  let open = 0
  const addresses = perAddress(deps.limits.connectionsPerAddress)
  app.get(
    '/stream',
    {
      config: { permission: 'read', takesTicket: true, audited: 'opening' },
      schema: {
        tags: ['channels'],
        summary: 'Facts of channels as they happen, as server-sent events',
        description:
          'With `Last-Event-ID` everything since is told first: exactly while the server or its broker keeps it, else from the journal, where facts may come twice under the same `key`. ' +
          'An event `standing.reset` says that the position is unknown or too far back: begin anew.',
        querystring: query,
        response: { 200: { description: 'An endless stream', content: { 'text/event-stream': { schema: z.string() } } }, ...staffProblems('channel-unknown', 'rate-limited') },
      },
    },
    (request, reply) => {
      const { channels } = request.query
      for (const name of channels) demandChannel(name)
      if (deps.closing.aborted || open >= deps.limits.connections) throw new Problem('overloaded', 'Too many streams; come back in a while.')
      const { principal, headers, ip } = request
      if (!addresses.take(ip)) throw new Problem('rate-limited', 'Too many streams of this address; end one of them.')
      const key = bearerKey(headers.authorization) ?? ''
      const lastEventId = headers['last-event-id'] ?? request.query.last_event_id
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' })
      reply.raw.write(`retry: ${RETRY_MS}\n\n`)
      open++
      const stream = new FactStream(reply.raw, deps.limits.unsentBytes)
      const after = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined
      if (after === undefined) stream.begin(deps.runtime.factPosition())
      const leave = deps.runtime.follow({
        tenant: principal.tenant,
        after,
        onFact: (placed) => stream.tell(placed, deps.telling.of(placed.fact, principal.permissions.has('personal')), channels),
        ready: () => stream.drained(),
        onLost: (reason) => stream.end(`event: standing.reset\ndata: ${JSON.stringify({ reason })}\n\n`),
      })
      const beat = setInterval(() => {
        stream.beat()
        // A key that was revoked or has expired hears nothing more.
        void Promise.resolve(deps.keys.lookUp(key)).then(
          (known) => known ?? stream.end('event: standing.closed\ndata: {"reason":"the key is no longer valid"}\n\n'),
          () => undefined,
        )
      }, deps.limits.heartbeatMs)
      const close = (): void => stream.end('')
      deps.closing.addEventListener('abort', close, { once: true })
      reply.raw.on('close', () => {
        open--
        addresses.giveBack(ip)
        leave()
        clearInterval(beat)
        deps.closing.removeEventListener('abort', close)
      })
    },
  )
}

class FactStream {
  readonly #response: ServerResponse
  readonly #unsentBytes: number
  /** Of the newest fact that was looked at, whether a channel told it or not. */
  #position: string | undefined

  constructor(response: ServerResponse, unsentBytes: number) {
    this.#response = response
    this.#unsentBytes = unsentBytes
    response.on('error', () => response.destroy())
  }

  /** An id without data: the client notes the place and is told nothing. */
  begin(position: string | undefined): void {
    if (position !== undefined) this.write(`id: ${position}\n\n`)
  }

  beat(): void {
    this.write(`: still here\n${this.#position === undefined ? '' : `id: ${this.#position}\n`}\n`)
  }

  /** The position stands with the last event of a fact: whoever is cut off before hears the fact again. */
  tell({ position }: PlacedFact, told: ReturnType<Telling['of']>, channels: readonly string[]): void {
    this.#position = position
    const events = channels.flatMap((channel) => told.get(channel) ?? [])
    let text = ''
    for (const [index, { channel, event, text: data }] of events.entries()) {
      text += `${index === events.length - 1 ? `id: ${position}\n` : ''}event: ${event}\ndata: {"channel":${JSON.stringify(channel)},"data":${data}}\n\n`
    }
    if (text !== '') this.write(text)
  }

  write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return
    this.#response.write(text)
    // R9: who reads too slowly is cut off, and goes on from its last position when it comes back.
    if (this.#response.writableLength > this.#unsentBytes) this.#response.destroy()
  }

  end(text: string): void {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.end(text)
  }

  /** Resolves when the client has taken what it was given. */
  drained(): Promise<void> {
    const response = this.#response
    if (!response.writableNeedDrain || response.destroyed) return new Promise((resolve) => setImmediate(resolve))
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done)
        response.off('close', done)
        resolve()
      }
      response.on('drain', done)
      response.on('close', done)
    })
  }
}
