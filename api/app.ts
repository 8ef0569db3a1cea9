/** The edge: every address, without listening. `main.ts` gives it what it needs and lets it listen. */
import { setMaxListeners } from 'node:events'
import { calendar, SHOP_ZONE } from '../actors/dashboard/sums.ts'
import { NO_SECOND_KEY, secondKey, type SecondKey } from './approvals/second-key.ts'
import { asyncApiRoute } from './asyncapi.ts'
import { watch } from './audit/watch.ts'
import { authenticator } from './auth/authenticate.ts'
import { keyCache, type KeyCache } from './auth/key-cache.ts'
import { createChannelApps } from './channels/app-keys.ts'
import { createHub } from './channels/hub.ts'
import { CHANNEL_LIMITS } from './channels/limits.ts'
import { createTelling } from './channels/telling.ts'
import { ticketTaker } from './channels/tickets.ts'
import type { App } from './app-type.ts'
import type { AppDeps } from './deps.ts'
import { darajaC2b, validateC2b } from './hooks/daraja-c2b.ts'
import { darajaResult, darajaTimeout } from './hooks/daraja-result.ts'
import { createDashboard, type Dashboard } from './dashboard/dashboard.ts'
import { darajaStk } from './hooks/daraja-stk.ts'
import type { HookHandler } from './hooks/handler.ts'
import { inboxWriter } from './hooks/inbox-writer.ts'
import { hookProcessor } from './hooks/processor.ts'
import { rehearseHook } from './hooks/rehearse.ts'
import { smsDelivery } from './hooks/sms-delivery.ts'
import { smsInbound, smsOptOut, twilioInbound } from './hooks/sms-inbound.ts'
import { twilioStatus } from './hooks/twilio-status.ts'
import { createServer } from './http/server.ts'
import { openApiRoute, useOpenApi } from './openapi.ts'
import { paymentClaimer } from './payments/claimed.ts'
import { createClaims } from './payments/claim.ts'
import { eventTeller, type EventTeller } from './payments/event-teller.ts'
import { moneyFinder, moneyReceiver } from './payments/receive-money.ts'
import { challengeAnswerer, credentialRevealer } from './payments/reveal.ts'
import { paymentStarter } from './payments/start.ts'
import { accountingFeed } from './radius/accounting-feed.ts'
import { accessFeed } from './routers/access-feed.ts'
import type { RouterParts } from './routers/parts.ts'
import { memoryRateLimiter } from './rate-limit.ts'
import { memoryShownOnce } from './secrets/memory.ts'
import { PRODUCTION_RATES } from './payments/rates.ts'
import { actorRoutes } from './routes/actors.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { auditRoutes } from './routes/audit.ts'
import { businessMetricRoutes } from './routes/business-metrics.ts'
import { channelRoutes } from './routes/channels.ts'
import { clusterRoute } from './routes/cluster.ts'
import { eventRoutes } from './routes/events.ts'
import { failedEffectRoutes } from './routes/failed-effects.ts'
import { healthRoutes } from './routes/health.ts'
import { hookRehearsalRoute } from './routes/hook-rehearsal.ts'
import { hookRoutes } from './routes/hooks.ts'
import { insightRoutes } from './routes/insight.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { machineRoutes } from './routes/machines.ts'
import { optOutRoutes } from './routes/opt-outs.ts'
import { packageRoutes } from './routes/packages.ts'
import { paymentEventRoute } from './routes/payment-events.ts'
import { paymentLoginRoute } from './routes/payment-login.ts'
import { paymentRoutes } from './routes/payments.ts'
import { routerPublicRoutes, routerReadingRoutes, routerStaffRoutes } from './routes/routers.ts'
import { radiusRoutes } from './routes/radius.ts'
import { repairRoutes } from './routes/repair.ts'
import { sandboxRoutes } from './routes/sandbox.ts'
import { searchRoutes } from './routes/search.ts'
import { streamRoute, type StreamRouteDeps } from './routes/stream.ts'
import { statementRoutes } from './routes/statements.ts'
import { importFeed } from './statements/import-feed.ts'
import { voucherPublicRoutes, voucherStaffRoutes } from './routes/vouchers.ts'
import { memoryGuessCounts } from './vouchers/guess-counts.ts'
import { guessGuard, type GuessGuard } from './vouchers/guess-guard.ts'
import { steeringRoutes } from './routes/steering.ts'
import { timelineRoute } from './routes/timeline.ts'
import { subscriptionLoginsRoute } from './routes/subscription-logins.ts'
import { subscriptionRoutes } from './routes/subscriptions.ts'

export async function buildApp(deps: AppDeps): Promise<App> {
  const { runtime, metrics, publicTenant: tenant = 'main', now = Date.now } = deps
  const { app, closing } = createServer(deps)
  app.decorateRequest('principal')
  app.addHook('onClose', () => deps.trail.stop())
  // Every waiting request listens to it; that many listeners are no leak.
  setMaxListeners(0, closing)
  const { outboxAgeMs, setAside } = deps
  metrics.watch({ stats: () => runtime.stats(), ...(outboxAgeMs === undefined ? {} : { outboxAgeMs }), ...(setAside === undefined ? {} : { setAside }), ...(deps.busStatus === undefined ? {} : { busStatus: deps.busStatus }) })
  await useOpenApi(app)

  const gate = secondKey({ runtime, packages: deps.packages, plans: deps.packageCatalogue, from: deps.secondKeyFrom ?? NO_SECOND_KEY, clock: () => deps.sandbox?.now() ?? now() })
  const teller = eventTeller({ ...deps, gate })
  healthRoutes(app, deps, () => closing.aborted)
  openApiRoute(app)
  asyncApiRoute(app, runtime)
  const limiter = deps.rateLimiter ?? memoryRateLimiter(now)
  const reveal = credentialRevealer(deps, tenant, closing)
  const keys = keyCache(deps.apiKeys, now)
  const limits = { ...CHANNEL_LIMITS, ...deps.channelLimits }
  const apps = createChannelApps(deps.appKey)
  const telling = createTelling((type) => runtime.definition(type), apps, { webUrl: deps.webUrl })
  // What is written down of the business is by the clock of the actors; keys, limits and connections go by real time.
  const clock = () => deps.sandbox?.now() ?? now()
  const claims = createClaims(deps.appKey, { secureCookies: deps.secureCookies ?? false, now: clock })
  const hub = createHub({ runtime, telling })
  const dashboard = createDashboard({ runtime, hub, log: deps.log, days: deps.dashboardDays, dayOf: calendar(deps.timeZone ?? SHOP_ZONE), clock })
  await channelRoutes(app, { hub, apps, limits, now, access: { runtime, keys, claims, publicTenant: tenant } })
  paymentRoutes(app, {
    ...deps,
    tenant,
    claims,
    start: paymentStarter(deps, tenant, closing),
    claim: paymentClaimer(runtime, teller),
    reveal,
    limiter,
    rates: { ...PRODUCTION_RATES, ...deps.rates },
    closing,
    now,
  })
  paymentLoginRoute(app, { runtime, tenant, claims, reveal, answer: challengeAnswerer(deps, tenant, closing), limiter })
  paymentEventRoute(app, { runtime, tenant, limits, closing })
  addRadius(app, deps, now)
  await app.register(async (hooks: App) => addHooks(hooks, deps, tenant, now))
  const guard = guessGuard(deps.guessCounts ?? memoryGuessCounts(now))
  if (deps.routers !== undefined) addRouters(app, deps, deps.routers)
  if (deps.vouchers !== undefined) voucherPublicRoutes(app, runtime, deps.vouchers, { tenant, guard, limiter, reveal })
  const live = { telling, limits, closing, dashboard, secrets: deps.shownOnce ?? memoryShownOnce(now) }
  const parts: StaffParts = { now: clock, guard, keys, authenticate: authenticator(keys), teller, gate, live }
  await app.register(async (business: App) => addBusinessRoutes(business, deps, parts), { prefix: '/api' })
  await app.register(async (staff: App) => addStaffRoutes(staff, deps, parts), { prefix: '/api/v1' })
  return app
}

function addRadius(app: App, { radius, runtime, log }: AppDeps, now: () => number): void {
  const { logins, accounting, token, clock = now, reportClock = clock, sweepEveryMs, staleAfterMs } = radius
  const feed = accountingFeed({ accounting, runtime, log, clock: reportClock, ...(sweepEveryMs === undefined ? {} : { sweepEveryMs }), ...(staleAfterMs === undefined ? {} : { staleAfterMs }) })
  radiusRoutes(app, { logins, accounting, token, clock, onAccounted: () => void feed.sweep() })
  runWith(app, feed)
}

function addRouters(app: App, { runtime, log }: AppDeps, parts: RouterParts): void {
  routerPublicRoutes(app, runtime, parts)
  const feed = accessFeed({ provisioned: () => parts.routers.provisioned(), runtime, log })
  runWith(app, feed)
}

/** From when the app takes requests until it takes none any more. */
function runWith(app: App, part: { start(): void; stop(): Promise<void> }): void {
  app.addHook('onReady', (done) => {
    part.start()
    done()
  })
  app.addHook('onClose', () => part.stop())
}

function addHooks(app: App, { runtime, inbox, receipts, optOuts, metrics, log, hooks, appKey }: AppDeps, tenant: string, now: () => number): void {
  const processor = hookProcessor({
    inbox,
    runtime,
    receipts,
    optOuts,
    tenant,
    handlers: handlersOf(hooks),
    receiveMoney: moneyReceiver({ runtime, receipts, appKey }, tenant),
    log,
    now,
    onProcessed: (provider, outcome) => metrics.hookProcessed(provider, outcome),
    sweepEveryMs: hooks.sweepEveryMs ?? 1_000,
    unmatchedAfterMs: hooks.unmatchedAfterMs ?? UNMATCHED_AFTER_MS,
  })
  const validate = (body: Buffer) => validateC2b({ directory: runtime, tenant, shortcode: hooks.darajaShortcode }, body)
  hookRoutes(app, { writer: inboxWriter(inbox), inbox, processor, validate, metrics, log, now, ...hooks })
  hooks.intake?.connect({ accept: (stored) => processor.accept(stored), validate, metrics })
  runWith(app, processor)
}

const UNMATCHED_AFTER_MS = 10 * 60_000

function handlersOf({ darajaShortcode }: AppDeps['hooks']): HookHandler[] {
  return [darajaStk, darajaC2b(darajaShortcode), darajaResult, darajaTimeout, smsDelivery, smsInbound, smsOptOut, twilioStatus, twilioInbound]
}

function addHookRehearsal(app: App, { runtime, inbox, receipts, appKey, hooks, publicTenant: tenant = 'main' }: AppDeps, now: () => number): void {
  const rehearsing = { runtime, receipts, tenant, handlers: handlersOf(hooks), destinationOf: moneyFinder({ runtime, receipts, appKey }, tenant), now, unmatchedAfterMs: hooks.unmatchedAfterMs ?? UNMATCHED_AFTER_MS }
  hookRehearsalRoute(app, { runtime, inbox, tenant, rehearse: (hook) => rehearseHook(rehearsing, hook) })
}

/** What routes behind a key have in common. */
interface StaffParts {
  /** The clock of the actors. */
  now: () => number
  guard: GuessGuard
  keys: KeyCache
  authenticate: ReturnType<typeof authenticator>
  teller: EventTeller
  gate: SecondKey
  live: Pick<StreamRouteDeps, 'telling' | 'limits' | 'closing' | 'secrets'> & { dashboard: Dashboard }
}

/** What staff do in the businesses, beside the public calls of the same names. */
function addBusinessRoutes(app: App, { runtime, routers, vouchers, packages, trail }: AppDeps, { authenticate, guard, gate, now }: StaffParts): void {
  app.addHook('onRequest', authenticate)
  watch(app, trail)
  if (routers !== undefined) routerStaffRoutes(app, runtime, routers)
  if (vouchers !== undefined) voucherStaffRoutes(app, runtime, vouchers, { packages, guard, gate, now })
}

function addStaffRoutes(app: App, deps: AppDeps, { now, keys, authenticate, teller, gate, live }: StaffParts): void {
  const { runtime, packageCatalogue, ledger, statements, routers, sandbox, appKey } = deps
  app.addHook('onRequest', ticketTaker(live.secrets))
  app.addHook('onRequest', authenticate)
  watch(app, deps.trail)
  auditRoutes(app, deps.audit)
  actorRoutes(app, deps, gate)
  approvalRoutes(app, { runtime, teller, gate, receipts: deps.receipts, packages: deps.packages, now, appKey })
  eventRoutes(app, runtime, teller)
  insightRoutes(app, runtime, teller)
  timelineRoute(app, deps)
  steeringRoutes(app, runtime)
  repairRoutes(app, runtime)
  addHookRehearsal(app, deps, now)
  ledgerRoutes(app, ledger)
  const imports = importFeed({ statements, runtime, log: deps.log })
  runWith(app, imports)
  void app.register(async (csv: App) => statementRoutes(csv, statements, now, () => void imports.sweep()))
  packageRoutes(app, packageCatalogue, now)
  failedEffectRoutes(app, runtime, appKey)
  machineRoutes(app, runtime)
  clusterRoute(app, runtime)
  searchRoutes(app, runtime)
  businessMetricRoutes(app, live.dashboard)
  streamRoute(app, { ...live, runtime, keys })
  if (routers !== undefined) routerReadingRoutes(app, runtime, routers, deps.timeZone ?? SHOP_ZONE)
  subscriptionRoutes(app, { runtime, accounts: deps.accounts, catalogue: packageCatalogue, timeZone: deps.timeZone ?? SHOP_ZONE })
  subscriptionLoginsRoute(app, deps)
  optOutRoutes(app, deps.optOuts, now)
  if (sandbox !== undefined) sandboxRoutes(app, sandbox)
}
