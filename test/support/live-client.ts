/** The clients that front ends use, as they come from npm, against a server on loopback. */
import { request, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import LaravelEcho from 'laravel-echo'
import type PusherClient from 'pusher-js'
import WebSocket from 'ws'

const require = createRequire(import.meta.url)
/** Its types say that it is an ES module; what Node gets is the class itself. */
const Pusher = require('pusher-js') as typeof PusherClient.default

export type PusherConnection = InstanceType<typeof Pusher>

interface Server {
  url: string
  key: string
  headers?: Record<string, string>
}

export function pusher({ url, key, headers = {} }: Server): PusherConnection {
  const { hostname, port } = new URL(url)
  return new Pusher(key, {
    cluster: 'mt1',
    wsHost: hostname,
    wsPort: Number(port),
    forceTLS: false,
    enabledTransports: ['ws'],
    disableStats: true,
    channelAuthorization: { endpoint: `${url}/broadcasting/auth`, transport: 'ajax', headers },
  })
}

export function echo(server: Server): LaravelEcho<'pusher'> {
  return new LaravelEcho({ broadcaster: 'pusher', key: server.key, client: pusher(server) })
}

/** The bare protocol, frame by frame. */
export interface RawClient {
  frames: { event: string; channel?: string; data: unknown }[]
  closed: Promise<{ code: number; reason: string }>
  say(message: object): void
  socket: WebSocket
}

export function rawClient(url: string, path: string): RawClient {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`)
  const frames: RawClient['frames'] = []
  socket.on('message', (data: Buffer) => {
    const { data: inner, ...rest } = JSON.parse(data.toString('utf8')) as RawClient['frames'][number]
    frames.push({ ...rest, data: typeof inner === 'string' ? (JSON.parse(inner) as unknown) : inner })
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') })))
  return { frames, closed, socket, say: (message) => socket.send(JSON.stringify(message)) }
}

/** Server-sent events as they come, until `stop`. */
export interface EventsClient {
  status: number
  events: { id: string; event: string; data: { channel?: string; data?: Record<string, unknown>; reason?: string } }[]
  /** Of the newest event with an id, also one without data. */
  lastId(): string
  ended: Promise<void>
  stop(): void
}

/** On a connection of its own, which ends with the stream. As an EventSource has it, an event without an id has that of the one before, also of the stream before. */
export async function eventsClient(address: string, headers: Record<string, string>): Promise<EventsClient> {
  const call = request(address, { headers: { accept: 'text/event-stream', ...headers }, agent: false })
  const response = await new Promise<IncomingMessage>((resolve, reject) => call.on('response', resolve).on('error', reject).end())
  const client: EventsClient & { id: string } = { status: response.statusCode ?? 0, events: [], id: headers['last-event-id'] ?? '', lastId: () => client.id, ended: Promise.resolve(), stop: () => call.destroy() }
  client.ended = read(response, client).catch(() => undefined)
  return client
}

async function read(response: IncomingMessage, client: EventsClient & { id: string }): Promise<void> {
  let rest = ''
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').filter((line) => !line.startsWith(':')).map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]))
      client.id = fields.get('id') ?? client.id
      const data = fields.get('data')
      if (data !== undefined) client.events.push({ id: client.id, event: fields.get('event') ?? 'message', data: JSON.parse(data) as EventsClient['events'][number]['data'] })
    }
  }
}
