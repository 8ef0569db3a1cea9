/** What the HTTP stand-ins share: a Fastify server on loopback that reads forms and closes at once. */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'

export interface ListenOptions {
  /** Default: any free port. */
  port?: number
  /** Default 127.0.0.1. The stand-ins have control endpoints without credentials: keep them on loopback. */
  host?: string
}

const BODY_BYTES_MAX = 64 * 1024

export function createServer(): FastifyInstance {
  // Some behaviours never answer; closing must not wait for those connections.
  const app = Fastify({ forceCloseConnections: true, bodyLimit: BODY_BYTES_MAX, genReqId: () => randomUUID() })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body.toString())))
  })
  return app
}

/** Listens and gives the base URL, without a trailing slash. */
export async function listen(app: FastifyInstance, { port = 0, host = '127.0.0.1' }: ListenOptions): Promise<string> {
  return await app.listen({ port, host })
}
