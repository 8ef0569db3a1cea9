/** Live channels as browsers use them: the Pusher Channels protocol over a WebSocket, and the call that lets one into a private channel. */
import { randomInt } from 'node:crypto'
import websocket from '@fastify/websocket'
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { admit, mayHear, type AccessParts } from '../channels/access.ts'
import type { ChannelApps } from '../channels/app-keys.ts'
import { Connection, type Socket } from '../channels/connection.ts'
import type { Hub } from '../channels/hub.ts'
import type { ChannelLimits } from '../channels/limits.ts'
import { perAddress } from '../channels/per-address.ts'
import { PUBLIC_CHANNELS } from '../channels/names.ts'
import { CODES, errorFrame, refusalOfVersion, type Refusal } from '../channels/protocol.ts'
import { noQuery } from '../schemas/common.ts'
import { problems } from '../schemas/problem.ts'

export interface ChannelRouteDeps {
  hub: Hub
  apps: ChannelApps
  access: AccessParts
  limits: ChannelLimits
  /** Connections come and go. */
  onCount?: (connections: number) => void
  now: () => number
}

/** The protocol's socket ids: two numbers. Unguessable together, for a signature holds for one of them. */
const SOCKET_ID = /^\d{1,15}\.\d{1,15}$/
const SOCKET_ID_MAX = 2 ** 47
const TOO_MANY: Refusal = { code: CODES.overCapacity, message: 'Too many connections; come back in a while.' }
const CHECK_MS = 1_000
const FAREWELL_MS = 500

const authBody = z.strictObject({ socket_id: z.string().regex(SOCKET_ID, 'must be a socket id'), channel_name: z.string().min(1).max(200) })
const info = z.object({
  key: z.string().describe('of the channels app: stands in the address of the WebSocket'),
  path: z.string().describe('of the WebSocket, the key included'),
  auth_endpoint: z.string(),
  protocol: z.literal(7),
  public_channels: z.array(z.string()),
})

export async function channelRoutes(app: App, deps: ChannelRouteDeps): Promise<void> {
  const connections = new Set<Connection>()
  const addresses = perAddress(deps.limits.connectionsPerAddress)
  const checking = setInterval(() => {
    for (const connection of connections) connection.check()
  }, CHECK_MS).unref()

  // A key that was revoked or has expired hears nothing more: so do streams (stream.ts).
  const checkingKeys = setInterval(() => void endThoseWithoutKey(), deps.limits.heartbeatMs).unref()

  async function endThoseWithoutKey(): Promise<void> {
    const keyIds = new Set([...connections].flatMap((connection) => [...connection.keyIds()]))
    for (const keyId of keyIds) {
      // When nobody can say, it is asked again at the next turn.
      const isGone = await deps.access.keys.stillStands(keyId).then((principal) => principal === undefined || !mayHear(principal), () => false)
      if (isGone) for (const connection of connections) if (connection.keyIds().has(keyId)) connection.end(CODES.unauthorized, 'The key is no longer valid.')
    }
  }

  await app.register(websocket, {
    options: { maxPayload: deps.limits.messageBytes },
    errorHandler: (_error, socket) => socket.terminate(),
    preClose(done) {
      clearInterval(checking)
      clearInterval(checkingKeys)
      for (const connection of connections) connection.end(CODES.comeBack, 'The server is stopping.')
      // Whoever does not answer the farewell must not hold up the end.
      const clients = this.websocketServer.clients
      setTimeout(() => {
        for (const client of clients) client.terminate()
      }, FAREWELL_MS).unref()
      this.websocketServer.close(() => done())
    },
  })

  app.get<{ Params: { key: string }; Querystring: Record<string, unknown> }>('/app/:key', { websocket: true, schema: { hide: true } }, (socket, request) => {
    const tenant = deps.apps.tenantOf(request.params.key)
    const { protocol } = request.query
    const refusal =
      tenant === undefined
        ? { code: CODES.appUnknown, message: 'There is no app of this key.' }
        : (refusalOfVersion(typeof protocol === 'string' ? protocol : undefined) ??
          (connections.size >= deps.limits.connections ? TOO_MANY : undefined))
    if (tenant === undefined || refusal !== undefined) return refuse(socket, refusal as Refusal)
    const { ip } = request
    if (!addresses.take(ip)) return refuse(socket, TOO_MANY)
    const connection = new Connection({ ...deps, socket, tenant, socketId: newSocketId() })
    connections.add(connection)
    deps.onCount?.(connections.size)
    // The protocol is text; its library hands over bytes.
    socket.on('message', (data, isBinary) => {
      if (!isBinary) connection.take((data as Buffer).toString('utf8'))
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      connection.closed()
      connections.delete(connection)
      addresses.giveBack(ip)
      deps.onCount?.(connections.size)
    })
  })

  await app.register(async (auth: App) => {
    // pusher-js sends a form.
    auth.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(body as string)))
    })
    auth.post(
      '/broadcasting/auth',
      {
        schema: {
          tags: ['channels'],
          summary: 'Let a connection into a private channel',
          description:
            'For `pusher-js` and `laravel-echo`; a form or JSON. Staff send `Authorization: Bearer <api key>`; a customer is known by the cookie of the payment that `private-user.{id}` is about.',
          querystring: noQuery,
          body: authBody,
          response: { 200: z.object({ auth: z.string() }), ...problems('unauthenticated', 'forbidden', 'channel-unknown', 'invalid-input', 'unsupported-media-type', 'payload-too-large') },
        },
      },
      async ({ body: { socket_id, channel_name }, headers, ip }, reply) => {
        const { tenant, keyId } = await admit(deps.access, channel_name, { headers, ip })
        reply.header('cache-control', 'no-store')
        return { auth: deps.apps.sign(tenant, socket_id, channel_name, keyId) }
      },
    )
  })

  app.get(
    '/api/channels',
    { schema: { tags: ['channels'], summary: 'How a front end connects to the live channels', querystring: noQuery, response: { 200: info, ...problems('invalid-input') } } },
    () => {
      const key = deps.apps.keyOf(deps.access.publicTenant)
      return { key, path: `/app/${key}`, auth_endpoint: '/broadcasting/auth', protocol: 7 as const, public_channels: [...PUBLIC_CHANNELS] }
    },
  )
}

function refuse(socket: Socket & { terminate(): void }, refusal: Refusal): void {
  socket.send(errorFrame(refusal))
  socket.close(refusal.code, refusal.message)
  // It counts among none, so it must not stay for as long as its client likes.
  setTimeout(() => socket.terminate(), FAREWELL_MS).unref()
}

function newSocketId(): string {
  return `${randomInt(SOCKET_ID_MAX)}.${randomInt(SOCKET_ID_MAX)}`
}
