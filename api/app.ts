/** The edge: every address, without listening. `main.ts` gives it what it needs and lets it listen. */
import { setMaxListeners } from 'node:events'
import Fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { calendar, SHOP_ZONE } from '../actors/dashboard/sums.ts'
import { asyncApiRoute } from './asyncapi.ts'
import { authenticator } from './auth/authenticate.ts'
import { keyCache, type KeyCache } from './auth/key-cache.ts'
import { createChannelApps } from './channels/app-keys.ts'
import { createHub } from './channels/hub.ts'
import { CHANNEL_LIMITS } from './channels/limits.ts'
import { createTelling } from './channels/telling.ts'
import { ticketTaker } from './channels/tickets.ts'
import type { App } from './app-type.ts'
import type { AppDeps } from './deps.ts'
import { createDashboard, type Dashboard } from './dashboard/dashboard.ts'
import { darajaStk } from './hooks/daraja-stk.ts'
import { inboxWriter } from './hooks/inbox-writer.ts'
import { hookProcessor } from './hooks/processor.ts'
import { smsDelivery } from './hooks/sms-delivery.ts'
import { useClosing } from './http/closing.ts'
import { usePlainAddresses } from './http/control-characters.ts'
import { errorHandler } from './http/error-handler.ts'
import { useJsonBodies } from './http/json-body.ts'
import { answerBrokenRequest } from './http/broken-request.ts'
import { useNotFound } from './http/not-found.ts'
import { serializerFor } from './http/serializer.ts'
import { requestId } from './http/trace.ts'
import { validatorCompiler } from './http/validation.ts'
import { openApiRoute, useOpenApi } from './openapi.ts'
import { createClaims } from './payments/claim.ts'
import { receiptTeller } from './payments/receipt-use.ts'
import { credentialRevealer } from './payments/reveal.ts'
import { paymentStarter } from './payments/start.ts'
import { memoryRateLimiter } from './rate-limit.ts'
import { memoryShownOnce } from './secrets/memory.ts'
import { PRODUCTION_RATES } from './payments/rates.ts'
import { actorRoutes } from './routes/actors.ts'
import { businessMetricRoutes } from './routes/business-metrics.ts'
import { channelRoutes } from './routes/channels.ts'
import { clusterRoute } from './routes/cluster.ts'
import { eventRoutes } from './routes/events.ts'
import { failedEffectRoutes } from './routes/failed-effects.ts'
import { healthRoutes } from './routes/health.ts'
import { hookRoutes } from './routes/hooks.ts'
import { insightRoutes } from './routes/insight.ts'
import { machineRoutes } from './routes/machines.ts'
import { paymentRoutes } from './routes/payments.ts'
import { repairRoutes } from './routes/repair.ts'
import { sandboxRoutes } from './routes/sandbox.ts'
import { searchRoutes } from './routes/search.ts'
import { streamRoute, type StreamRouteDeps } from './routes/stream.ts'
import { steeringRoutes } from './routes/steering.ts'

const BODY_BYTES_MAX = 1_024 * 1_024
/** Effect keys and event ids stand in addresses, URL-encoded. */
const PARAM_CHARS_MAX = 1_500
/** For a client to send its whole request; waiting for the answer is not limited by it. */
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than usual proxies keep theirs, so that they never send into a connection that we are closing. */
const KEEP_ALIVE_MS = 72_000

export async function buildApp(deps: AppDeps): Promise<App> {
  const { runtime, metrics, publicTenant: tenant = 'main', now = Date.now } = deps
  // Pino's own type would become part of every route's.
  const loggerInstance: FastifyBaseLogger = deps.log
  const app: App = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger per request costs more than all our logging; the trace id is logged where something is.
    childLoggerFactory: (logger) => logger,
    genReqId: requestId,
    trustProxy: deps.trustedProxies === undefined || deps.trustedProxies.length === 0 ? false : [...deps.trustedProxies],
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
  app.setSerializerCompiler(serializerFor(deps.strictResponses ?? false))
  app.setErrorHandler(errorHandler)
  app.decorateRequest('principal')
  useJsonBodies(app)
  useNotFound(app)
  usePlainAddresses(app)
  const closing = useClosing(app)
  // Every waiting request listens to it; that many listeners are no leak.
  setMaxListeners(0, closing)
  app.addHook('onResponse', (request, reply, done) => {
    metrics.http(request.method, request.routeOptions.url ?? '(unknown)', reply.statusCode, reply.elapsedTime)
    done()
  })
  metrics.watch({ stats: () => runtime.stats(), ...(deps.outboxAgeMs === undefined ? {} : { outboxAgeMs: deps.outboxAgeMs }), ...(deps.busStatus === undefined ? {} : { busStatus: deps.busStatus }) })
  await useOpenApi(app)

  healthRoutes(app, deps, () => closing.aborted)
  openApiRoute(app)
  asyncApiRoute(app, runtime)
  const claims = createClaims(deps.appKey, { secureCookies: deps.secureCookies ?? false })
  const keys = keyCache(deps.apiKeys, now)
  const limits = { ...CHANNEL_LIMITS, ...deps.channelLimits }
  const apps = createChannelApps(deps.appKey)
  const telling = createTelling((type) => runtime.definition(type), apps)
  const hub = createHub({ runtime, telling })
  const dashboard = createDashboard({ runtime, hub, log: deps.log, days: deps.dashboardDays, dayOf: calendar(deps.timeZone ?? SHOP_ZONE), clock: () => deps.sandbox?.now() ?? now() })
  await channelRoutes(app, { hub, apps, limits, now, access: { runtime, keys, claims, publicTenant: tenant } })
  paymentRoutes(app, {
    ...deps,
    tenant,
    claims,
    start: paymentStarter(deps, tenant, closing),
    reveal: credentialRevealer(deps, tenant, closing),
    limiter: deps.rateLimiter ?? memoryRateLimiter(now),
    rates: { ...PRODUCTION_RATES, ...deps.rates },
    closing,
    now,
  })
  await app.register(async (hooks: App) => addHooks(hooks, deps, tenant, now))
  await app.register(async (staff: App) => addStaffRoutes(staff, deps, keys, { telling, limits, closing, dashboard, secrets: deps.shownOnce ?? memoryShownOnce(now) }), { prefix: '/api/v1' })
  return app
}

function addHooks(app: App, { runtime, inbox, receipts, metrics, log, hooks }: AppDeps, tenant: string, now: () => number): void {
  const processor = hookProcessor({
    inbox,
    runtime,
    receipts,
    tenant,
    handlers: [darajaStk, smsDelivery],
    log,
    now,
    onProcessed: (provider, outcome) => metrics.hookProcessed(provider, outcome),
    sweepEveryMs: hooks.sweepEveryMs ?? 1_000,
    unmatchedAfterMs: hooks.unmatchedAfterMs ?? 10 * 60_000,
  })
  hookRoutes(app, { writer: inboxWriter(inbox), inbox, processor, metrics, log, now, ...hooks })
  app.addHook('onReady', (done) => {
    processor.start()
    done()
  })
  app.addHook('onClose', () => processor.stop())
}

function addStaffRoutes(app: App, { runtime, receipts, openPrompts, sandbox, appKey }: AppDeps, keys: KeyCache, live: Pick<StreamRouteDeps, 'telling' | 'limits' | 'closing' | 'secrets'> & { dashboard: Dashboard }): void {
  const teller = receiptTeller({ receipts, runtime })
  app.addHook('onRequest', ticketTaker(live.secrets))
  app.addHook('onRequest', authenticator(keys))
  actorRoutes(app, runtime, openPrompts)
  eventRoutes(app, runtime, teller)
  insightRoutes(app, runtime, teller)
  steeringRoutes(app, runtime)
  repairRoutes(app, runtime)
  failedEffectRoutes(app, runtime, appKey)
  machineRoutes(app, runtime)
  clusterRoute(app, runtime)
  searchRoutes(app, runtime)
  businessMetricRoutes(app, live.dashboard)
  streamRoute(app, { ...live, runtime, keys })
  if (sandbox !== undefined) sandboxRoutes(app, sandbox)
}
