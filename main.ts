/**
 * The composition root: reads the settings, builds the parts, starts them, and stops them in the reverse
 * order. Nothing imports this file.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { createCredentialIssuer } from './actors/credentials.ts'
import { callbackUrlWarnings } from './actors/gateways/mpesa/callback-url.ts'
import { MissingSettingError, mpesaFrom, smsFrom } from './actors/gateways/from-settings.ts'
import { createRouterOsClient } from './actors/gateways/routeros/client.ts'
import { createRadiusClient } from './actors/gateways/radius/client.ts'
import type { ResultUrls } from './actors/payment/effects.ts'
import { receiptPaymentIds } from './actors/payment/received-money.ts'
import { EFFECTS_AT_ONCE, LANES } from './actors/lanes.ts'
import { restDriver } from './actors/live-access/drivers.ts'
import { beginLooking, reconciliationOf } from './actors/reconciliation/looking.ts'
import { createRegistry } from './actors/registry.ts'
import { createRouterSecrets } from './actors/router/secrets.ts'
import { createVoucherCodes } from './actors/voucher/codes.ts'
import { secondKey } from './api/approvals/second-key.ts'
import { buildApp } from './api/app.ts'
import { auditTrail } from './api/audit/trail.ts'
import { ensureFirstKey } from './api/auth/first-key.ts'
import { listen } from './api/http/server.ts'
import { intakeThread } from './api/intake/thread.ts'
import { createLogger } from './api/logger.ts'
import { createMetrics } from './api/metrics.ts'
import { stkRates } from './api/payments/rates.ts'
import { surroundingsOf } from './api/routers/surroundings.ts'
import type { Sandbox as SandboxPort } from './api/ports/sandbox.ts'
import { natsEdge } from './api/nats/edge.ts'
import { createSandboxOutbox, type SandboxOutbox } from './api/sandbox/outbox.ts'
import { readSettings, SettingsError } from './api/settings.ts'
import type { Settings } from './api/settings.ts'
import { memoryRateLimiter } from './api/rate-limit.ts'
import { memoryGuessCounts } from './api/vouchers/guess-counts.ts'
import { connectRedis } from './api/redis/client.ts'
import { redisGuessCounts } from './api/redis/guess-counts.ts'
import { redisRateLimiter } from './api/redis/rate-limiter.ts'
import { redisShownOnce } from './api/redis/shown-once.ts'
import { derivedSecret } from './api/derived-secret.ts'
import { processEnd, StoppedError, type ProcessEnd } from './api/process-end.ts'
import { readiness } from './api/readiness.ts'
import { type Business, createKnex, keepSecret, KEPT_FOR_DAYS, latestMoment, migrate, openBusiness, openDatabase, postgresStore, startTidying } from './db/index.ts'
import { createRuntime, isMovable, jetStreamBus, sandboxClock, systemClock } from './runtime/index.ts'
import type { Address, Clock, Runtime } from './runtime/index.ts'
import { demoPackages } from './sandbox/demo-packages.ts'
import type { RadiusRest } from './sandbox/nas/logins.ts'
import { startSandbox } from './sandbox/index.ts'
import type { Sandbox } from './sandbox/index.ts'
import { leapsOf, type Leaps } from './sandbox/leaps.ts'
import { settleTown } from './sandbox/town/index.ts'

/** Of the ten seconds that a stop may take (contract.md, "SIGTERM drains"), and how much of it the database is given. */
const DRAIN_LIMIT_MS = 9_500
const DATABASE_STOP_MS = 2_000

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const log = createLogger({ level: settings.LOG_LEVEL })
  const open = processEnd({ log, limitMs: DRAIN_LIMIT_MS, lastPartMs: DATABASE_STOP_MS })
  const started = start(settings, log, open)
  open.endWith(started)
  try {
    await started
  } catch (error) {
    // Whoever has asked for the end closes what there is.
    if (error instanceof StoppedError) return
    await open.closeAll()
    throw error
  }
}

async function start(settings: Settings, log: Logger, open: ProcessEnd): Promise<void> {
  const isSandbox = settings.STANDING_MODE === 'sandbox'
  const daysOf = demandKnownTables(settings.STANDING_RETENTION)
  // Of several nodes each has stand-ins of its own: a town needs one.
  const hasTown = isSandbox && settings.STANDING_SANDBOX_TOWN === 'on' && settings.NATS_URL === undefined
  const appKey = settings.STANDING_APP_KEY ?? (await keepSecret(settings.STANDING_DATA_DIR, 'app-key', () => randomBytes(32).toString('base64url')))
  const database = await openDatabase({ url: settings.DATABASE_URL, dataDir: settings.STANDING_DATA_DIR, log: (message) => log.info(message) })
  open.push(() => database.close())
  await migrate(database.url)
  const knex = createKnex(database.url, { max: 8, applicationName: 'standing-api' })
  open.push(() => knex.destroy())
  const business = openBusiness(knex)
  open.push(startTidying({ knex, daysOf, log }))
  if (isSandbox) await business.packages.addMissing('main', demoPackages)

  const clock: Clock = isSandbox ? sandboxClock(await latestMoment(knex)) : systemClock()
  // Stand-ins for whatever the environment does not name; what it names is used as it is.
  const standIns: Sandbox = isSandbox ? await startSandbox({ env: process.env, clock: () => clock.now(), sms: { reportAfterMs: 500 }, ...(hasTown ? { routersFile: join(settings.STANDING_DATA_DIR, 'routers.json') } : {}) }) : { settings: {}, stop: () => Promise.resolve() }
  open.push(() => standIns.stop())
  const outbox = createSandboxOutbox(() => [...(standIns.sms?.control.messages() ?? []), ...(standIns.twilio?.messages() ?? [])])
  const outside = readSettings({ ...standIns.settings, ...definedOnly(process.env) })
  const secrets = { daraja: outside.DARAJA_HOOK_SECRET ?? derivedSecret(appKey, 'daraja-hook'), sms: outside.SMS_HOOK_SECRET ?? derivedSecret(appKey, 'sms-hook') }

  let address = ''
  /** Where web hooks come in. */
  let hooksAddress = ''
  // Named after its payment, so that a callback finds it even when the answer of the push was lost (docs/adr/0006).
  const callbackUrl = (payment: Address): string => `${outside.DARAJA_CALLBACK_BASE_URL ?? hooksAddress}/hooks/daraja/${secrets.daraja}/stk/${payment.id}`
  const resultUrls: ResultUrls = (payment, about) => {
    const at = (what: string) => `${outside.DARAJA_CALLBACK_BASE_URL ?? hooksAddress}/hooks/daraja/${secrets.daraja}/${what}/${payment.id}.${about}`
    return { resultUrl: at('result'), timeoutUrl: at('timeout') }
  }
  const twilioSecret = derivedSecret(appKey, 'twilio-hook')
  const twilioUrl = (what: 'status' | 'inbound'): string => `${outside.TWILIO_CALLBACK_BASE_URL ?? hooksAddress}/hooks/twilio/${twilioSecret}/${what}`
  const leaps = isMovable(clock) ? leapsOf(clock, async () => standIns.nas?.logins.report()) : undefined
  const credentials = createCredentialIssuer(appKey)
  const routers = { routers: business.routers, routerOs: createRouterOsClient(), secrets: createRouterSecrets(appKey), surroundings: once(() => surroundingsOf(outside, address, appKey)), now: () => clock.now() }
  const voucherCodes = createVoucherCodes(appKey)
  const metrics = createMetrics()
  const store = postgresStore({ url: database.url })
  const nats = natsOf(settings, log, metrics.bus)
  const redis = settings.REDIS_URL === undefined ? undefined : connectRedis(settings.REDIS_URL, log)
  if (redis !== undefined) open.push(() => redis.close())
  const runtime: Runtime = createRuntime({
    actors: createRegistry({
      mpesa: mpesaFrom(outside),
      sms: outbox.watch(smsFrom(outside, () => twilioUrl('status'))),
      credentials,
      liveAccess: { radius: createRadiusClient(), logins: business.liveLogins, otherWays: [restDriver(routers)] },
      routers: { ...routers, live: business.routers },
      voucherCodes,
      contactRules: business.contacts,
      statements: business.statements,
      config: {
        callbackUrl,
        resultUrls,
        receiptIds: receiptPaymentIds(appKey),
        directory: { search: (query) => runtime.search(query), get: (to) => runtime.get(to) },
        timeZone: settings.STANDING_TIME_ZONE,
        quietHours: settings.STANDING_QUIET_HOURS,
      },
    }),
    store,
    clock,
    log,
    metrics: metrics.engine,
    lanes: LANES,
    limits: { effectsAtOnce: EFFECTS_AT_ONCE },
    ...(nats === undefined ? {} : { bus: nats.bus, peers: nats.peers }),
    address: () => address,
  })
  open.push(() => runtime.stop())
  runtime.onFact(({ type }) => metrics.fact(type))

  const intake =
    settings.STANDING_HOOKS_PORT === undefined
      ? undefined
      : intakeThread(new URL('intake.ts', import.meta.url), {
          databaseUrl: database.url,
          host: settings.HOST,
          port: settings.STANDING_HOOKS_PORT,
          logLevel: settings.LOG_LEVEL,
          trustedProxies: settings.STANDING_TRUSTED_PROXIES,
          darajaSecret: secrets.daraja,
          smsSecret: secrets.sms,
          darajaAllowedIps: outside.DARAJA_ALLOWED_IPS,
          ...(outside.TWILIO_AUTH_TOKEN === undefined ? {} : { twilio: { secret: twilioSecret, authToken: outside.TWILIO_AUTH_TOKEN, baseUrl: outside.TWILIO_CALLBACK_BASE_URL } }),
        })
  const trail = auditTrail({ audit: business.audit, log, clock: () => clock.now() })
  const app = await buildApp({
    runtime,
    apiKeys: business.apiKeys,
    audit: business.audit,
    trail,
    secondKeyFrom: settings.STANDING_SECOND_KEY_FROM,
    inbox: business.hookInbox,
    packages: business.packages,
    packageCatalogue: business.packageCatalogue,
    accounts: business.accounts,
    optOuts: business.contacts,
    timeZone: settings.STANDING_TIME_ZONE,
    openPrompts: business.openPrompts,
    receipts: business.receipts,
    ledger: business.ledger,
    statements: business.statements,
    traces: business.traces,
    dashboardDays: business.dashboardDays,
    credentials,
    routers,
    vouchers: { vouchers: business.vouchers, codes: voucherCodes, ...(isSandbox ? { redeemsPerIp: { limit: 30_000, windowMs: 60_000 } } : {}) },
    readiness: { check: () => readiness(runtime, () => database.ping(), nats?.bus, redis) },
    ...(nats === undefined ? {} : { busStatus: () => nats.bus.status() }),
    outboxAgeMs: async () => clock.now() - ((await store.outboxBacklog()).oldestAt ?? clock.now()),
    setAside: () => business.setAside.count(),
    metrics,
    log,
    appKey,
    radius: {
      logins: business.radiusLogins,
      accounting: business.radiusAccounting,
      token: outside.RADIUS_REST_TOKEN,
      clock: () => clock.now(),
      ...(leaps === undefined ? {} : { reportClock: leaps.reportedUntil }),
      staleAfterMs: settings.RADIUS_STALE_MINUTES * 60_000,
    },
    hooks: {
      darajaSecret: secrets.daraja,
      darajaShortcode: outside.DARAJA_SHORTCODE,
      smsSecret: secrets.sms,
      darajaAllowedIps: outside.DARAJA_ALLOWED_IPS,
      intake,
      ...(outside.TWILIO_AUTH_TOKEN === undefined ? {} : { twilio: { secret: twilioSecret, authToken: outside.TWILIO_AUTH_TOKEN, url: twilioUrl } }),
    },
    rates: stkRates(settings),
    channelLimits: { connectionsPerAddress: settings.STANDING_CONNECTIONS_PER_ADDRESS },
    ...(redis === undefined ? {} : { rateLimiter: redisRateLimiter({ link: redis, appKey, alone: memoryRateLimiter() }), guessCounts: redisGuessCounts({ link: redis, appKey, alone: memoryGuessCounts() }), shownOnce: redisShownOnce({ link: redis, appKey }) }),
    trustedProxies: settings.STANDING_TRUSTED_PROXIES,
    webUrl: settings.WEB_URL,
    secureCookies: settings.WEB_URL?.startsWith('https:') ?? false,
    ...(leaps === undefined ? {} : { sandbox: sandboxPort(clock, leaps, outbox, runtime) }),
  })
  await app.ready()
  // Before anything recovers: the first effect may need to say where it wants to be called back.
  address = await listen(app, { host: settings.HOST, port: settings.PORT })
  open.push(() => app.close())
  hooksAddress = address
  if (intake !== undefined) {
    hooksAddress = await intake.listen()
    open.push(() => intake.close())
  }
  if (standIns.nas !== undefined) await connectRouter(standIns.nas, business, { url: address, token: outside.RADIUS_REST_TOKEN ?? '', now: () => clock.now() })
  const c2bUrl = (what: string): string => `${hooksAddress}/hooks/daraja/${secrets.daraja}/c2b/${what}`
  standIns.daraja?.control.setC2bUrls({ validationUrl: c2bUrl('validation'), confirmationUrl: c2bUrl('confirmation') })
  standIns.sms?.control.setReportUrl(`${hooksAddress}/hooks/sms/${secrets.sms}/delivery`)
  await runtime.start()
  if (outside.DARAJA_PULL) await beginLooking(runtime, reconciliationOf('main'))
  if (nats !== undefined) {
    await nats.integrations.start(natsEdge({ runtime, trail, gate: secondKey({ runtime, packages: business.packages, plans: business.packageCatalogue, from: settings.STANDING_SECOND_KEY_FROM, clock: () => clock.now() }), apiKeys: business.apiKeys, receipts: business.receipts, packages: business.packages, openPrompts: business.openPrompts, log }))
    open.push(() => nats.integrations.stop())
  }

  const key = await ensureFirstKey({
    apiKeys: business.apiKeys,
    given: settings.STANDING_API_KEY,
    keep: isSandbox ? (make) => keepSecret(settings.STANDING_DATA_DIR, 'api-key', make) : undefined,
  })
  if (!isSandbox) for (const warning of callbackUrlWarnings(callbackUrl({ tenant: 'main', type: 'payment', id: 'pay_0' }))) log.warn(warning)
  announce(address, hooksAddress, key, settings.STANDING_API_KEY !== undefined)
  announceStandIns(standIns)
  if (hasTown && key !== undefined) fillTown({ url: address, apiKey: key, standIns }, log, open)
}

/** Beside everything else: whoever asks meanwhile is served. A stop breaks it off, and the next start goes on. */
function fillTown(parts: { url: string; apiKey: string; standIns: Sandbox }, log: Logger, open: ProcessEnd): void {
  const stopping = new AbortController()
  const filled = settleTown({ ...parts, signal: stopping.signal }).then(
    (isNew) => isNew && log.info('the sandbox has its town: home connections, guests, routers and vouchers to look at'),
    (error: unknown) => stopping.signal.aborted || log.warn({ err: error }, 'the town of the sandbox is not complete; the next start goes on with it'),
  )
  open.push(() => {
    stopping.abort()
    return filled
  })
}

/** The router that the sandbox plays: it asks us who may log in, and we tell it whom to cut off. */
async function connectRouter(nas: NonNullable<Sandbox['nas']>, business: Business, rest: RadiusRest): Promise<void> {
  nas.connect(rest)
  await business.sandboxRouter.keep({ address: '127.0.0.1', secret: nas.secret, coaPort: nas.coaPort })
}

function natsOf(settings: Settings, log: Logger, metrics: ReturnType<typeof createMetrics>['bus']) {
  if (settings.NATS_URL === undefined) return undefined
  const { NATS_TLS_CA_FILE: caFile, NATS_TLS_CERT_FILE: certFile, NATS_TLS_KEY_FILE: keyFile } = settings
  const files = Object.fromEntries(Object.entries({ caFile, certFile, keyFile }).filter(([, file]) => file !== undefined))
  return jetStreamBus({
    servers: settings.NATS_URL,
    user: settings.NATS_USER,
    password: settings.NATS_PASSWORD,
    token: settings.NATS_TOKEN,
    credsFile: settings.NATS_CREDS_FILE,
    nkeySeed: settings.NATS_NKEY_SEED,
    tls: Object.keys(files).length === 0 ? undefined : files,
    prefix: settings.NATS_PREFIX,
    log,
    metrics,
  })
}

function sandboxPort(clock: Clock, leaps: Leaps, outbox: SandboxOutbox, runtime: Runtime): SandboxPort {
  return {
    isShared: async () => (await runtime.cluster()).nodes.filter(({ isLive }) => isLive).length > 1,
    now: () => clock.now(),
    advance: (ms) => leaps.advance(ms),
    outbox: (tenant) => outbox.of(tenant),
  }
}

/** Made when it is first asked for. */
function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => (made ??= make())
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1].trim() !== ''))
}

/** A key that was given is known to whoever gave it; the log, which may be kept, need not know it too. */
function announce(address: string, hooksAddress: string, key: string | undefined, isGiven: boolean): void {
  console.log(`Standing listens on ${address}`)
  if (hooksAddress !== address) console.log(`Web hooks         ${hooksAddress}/hooks (beside /hooks there)`)
  console.log(`API description   ${address}/openapi.json`)
  const made = key === undefined ? 'make one: npm run cli -- key create --name first --roles admin' : key
  console.log(`API key           ${isGiven ? 'the one in STANDING_API_KEY' : made}`)
}

/** Where people act as the customer or the network by hand (sandbox/README.md). */
function announceStandIns({ daraja, sms, nas }: Pick<Sandbox, 'daraja' | 'sms' | 'nas'>): void {
  if (daraja !== undefined) console.log(`M-Pesa stand-in   ${daraja.url}/_sandbox/prompts (sandbox/README.md)`)
  if (sms !== undefined) console.log(`SMS stand-in      ${sms.url}/_sandbox/messages`)
  if (nas !== undefined) console.log(`Router stand-in   ${nas.url}/_sandbox/logins`)
}

/** @throws SettingsError */
function demandKnownTables(daysOf: Settings['STANDING_RETENTION']): Record<string, number> {
  const unknown = Object.keys(daysOf).filter((table) => !KEPT_FOR_DAYS.some((rule) => rule.table === table))
  if (unknown.length === 0) return daysOf
  throw new SettingsError([`STANDING_RETENTION: ${unknown.join(', ')} cannot be set; those that can: ${KEPT_FOR_DAYS.map(({ table }) => table).join(', ')}`])
}

function inWords(error: unknown): unknown {
  if (error instanceof MissingSettingError) return new SettingsError([error.message]).message
  return error instanceof SettingsError ? error.message : error
}

main().catch((error: unknown) => {
  console.error(inWords(error))
  process.exit(1)
})
