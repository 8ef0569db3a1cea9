/** A server of the edge before it has any route: how requests are read, checked and refused is the same at every port. */
import Fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { App } from '../app-type.ts'
import type { EdgeMetrics } from '../metrics.ts'
import { ownAddress } from '../own-address.ts'
import { answerBrokenRequest } from './broken-request.ts'
import { useClosing } from './closing.ts'
import { usePlainAddresses } from './control-characters.ts'
import { errorHandler } from './error-handler.ts'
import { useJsonBodies } from './json-body.ts'
import { useNotFound } from './not-found.ts'
import { serializerFor } from './serializer.ts'
import { requestId } from './trace.ts'
import { validatorCompiler } from './validation.ts'

const BODY_BYTES_MAX = 1_024 * 1_024
/** Effect keys and event ids stand in addresses, URL-encoded. */
const PARAM_CHARS_MAX = 1_500
/** For a client to send its whole request; waiting for the answer is not limited by it. */
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than usual proxies keep theirs, so that they never send into a connection that we are closing. */
const KEEP_ALIVE_MS = 72_000
/** A burst of callbacks on fresh connections: what does not fit the line is tried again only after seconds. */
const LISTEN_BACKLOG = 4_096

export interface ServerDeps {
  log: Logger
  metrics: Pick<EdgeMetrics, 'http'>
  /** Addresses of our own proxies: only they are believed about X-Forwarded-For. */
  trustedProxies?: readonly string[]
  /** See `AppDeps`. */
  strictResponses?: boolean
}

/** `closing` is aborted when the server begins to close. */
export function createServer({ log, metrics, trustedProxies = [], strictResponses = false }: ServerDeps): { app: App; closing: AbortSignal } {
  // Pino's own type would become part of every route's.
  const loggerInstance: FastifyBaseLogger = log
  const app: App = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger per request costs more than all our logging; the trace id is logged where something is.
    childLoggerFactory: (logger) => logger,
    genReqId: requestId,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // A request that still comes in over an open connection while we drain is served like any other.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAM_CHARS_MAX },
    frameworkErrors: errorHandler,
    clientErrorHandler: answerBrokenRequest,
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerFor(strictResponses))
  app.setErrorHandler(errorHandler)
  useJsonBodies(app)
  useNotFound(app)
  usePlainAddresses(app)
  const closing = useClosing(app)
  app.addHook('onResponse', (request, reply, done) => {
    metrics.http(request.method, request.routeOptions.url ?? '(unknown)', reply.statusCode, reply.elapsedTime)
    done()
  })
  return { app, closing }
}

/** @returns where programs of the same machine reach it. @throws when the port is taken */
export async function listen(app: App, { host, port }: { host: string; port: number }): Promise<string> {
  await app.listen({ host, port, backlog: LISTEN_BACKLOG })
  return ownAddress(host, (app.server.address() as AddressInfo).port)
}
