/** Real FreeRADIUS, either way, before the real engine on a real database: what a router sees of an access that somebody has bought. */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { createRadiusClient } from '../../../actors/gateways/radius/client.ts'
import { defineHotspotSession } from '../../../actors/hotspot-session/definition.ts'
import { liveAccess as tellRouters } from '../../../actors/live-access/apply.ts'
import { defineSubscription } from '../../../actors/subscription/definition.ts'
import { buildApp } from '../../../api/app.ts'
import { auditTrail } from '../../../api/audit/trail.ts'
import { createLogger } from '../../../api/logger.ts'
import { createMetrics } from '../../../api/metrics.ts'
import { createKnex, openBusiness, postgresStore, type Business } from '../../../db/index.ts'
import type { PackageSnapshot } from '../../../machines/package.ts'
import { luhnDigit } from '../../../machines/luhn.ts'
import type { SubscriptionPlan } from '../../../machines/plan.ts'
import { createRuntime, silentLog, systemClock, type ActorView, type Runtime } from '../../../runtime/index.ts'
import { memoryApiKeys, memoryInbox, memoryPackages } from '../api-ports.ts'
import { withClient } from '../postgres.ts'
import { createTestDatabase } from '../template-database.ts'
import { documented, type Way } from './documented.ts'
import { radclient, type Attributes, type Reply } from './radclient.ts'
import { startFreeRadius, type FreeRadius } from './server.ts'

const APP_KEY = 'application-key-of-tests'
const TOKEN = 'token-of-the-freeradius-of-tests'
export const SECRET = 'secret-of-the-router'

export interface Sold {
  id: string
  username: string
  password: string
}

export interface RadiusWorld {
  readonly business: Business
  readonly runtime: Runtime
  readonly url: string
  freeradius: FreeRadius
  /** A session, as a payment starts it. `ageSeconds`: bought so long ago. */
  sell(offer?: Partial<PackageSnapshot>, ageSeconds?: number): Promise<Sold>
  /** A subscription that nobody has paid for yet. */
  subscribe(plan: Partial<SubscriptionPlan>): Promise<Sold>
  /** As the router of the tests; `device` is its Calling-Station-Id. */
  login(access: Sold, device: string, attributes?: Attributes): Promise<Reply>
  account(kind: 'Start' | 'Stop' | 'Interim-Update' | 'Accounting-On' | 'Accounting-Off', attributes: Attributes): Promise<Reply>
  session(access: Sold): Promise<ActorView>
  until(access: Sold, fits: (view: ActorView) => boolean): Promise<ActorView>
  rows<Row extends object>(query: string, values?: unknown[]): Promise<Row[]>
  end(): Promise<void>
}

export async function startRadiusWorld(way: Way, { files = {} }: { files?: Record<string, string> } = {}): Promise<RadiusWorld> {
  const database = await createTestDatabase()
  const role = `freeradius_${randomBytes(4).toString('hex')}`
  const rows = async <Row extends object>(query: string, values: unknown[] = []): Promise<Row[]> => withClient(database.url, async (client) => (await client.query(query, values)).rows as Row[])
  const knex = createKnex(database.url, { max: 8, applicationName: 'test' })
  const business = openBusiness(knex)
  const credentials = createCredentialIssuer(APP_KEY)
  const liveAccess = { radius: createRadiusClient({ waitsMs: [300, 300] }), logins: business.liveLogins }
  const runtime = createRuntime({
    actors: [defineHotspotSession({ credentials, liveAccess }), defineSubscription({ credentials, applyAccess: tellRouters(liveAccess) })],
    store: postgresStore({ url: database.url }),
    clock: systemClock(),
   })
  const app = await buildApp({
    runtime,
    apiKeys: memoryApiKeys(),
    inbox: memoryInbox(),
    packages: memoryPackages(),
    packageCatalogue: business.packageCatalogue,
    ledger: business.ledger,
    dashboardDays: business.dashboardDays,
    audit: business.audit,
    trail: auditTrail({ audit: business.audit, log: silentLog, clock: Date.now }),
    statements: business.statements,
    traces: business.traces,
    accounts: business.accounts,
    optOuts: business.contacts,
    openPrompts: business.openPrompts,
    receipts: business.receipts,
    credentials,
    readiness: { check: async () => ({ ready: true, checks: {} }) },
    metrics: createMetrics({ processMetrics: false }),
    log: createLogger({ level: 'silent' }),
    appKey: APP_KEY,
    hooks: {},
    radius: { logins: business.radiusLogins, accounting: business.radiusAccounting, token: TOKEN, clock: Date.now, sweepEveryMs: 20 },
    strictResponses: true,
  })
  await runtime.start()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`

  await rows(((await documented('sql')).get('role') ?? '').replaceAll(/\bto freeradius\b/g, `to ${role}`).replaceAll('role freeradius', `role ${role}`))
  await rows('insert into radius.nas (nasname, shortname, secret) values ($1, $2, $3)', ['127.0.0.1', 'router', SECRET])
  const { hostname, port, pathname } = new URL(database.url)
  const freeradius = await startFreeRadius({
    way,
    env: {
      // A zone whose texts would be read three hours off.
      TZ: 'Africa/Nairobi',
      STANDING_DB_HOST: hostname,
      STANDING_DB_PORT: port,
      STANDING_DB_NAME: pathname.slice(1),
      STANDING_DB_PASSWORD: 'change-me',
      STANDING_URL: url,
      RADIUS_REST_TOKEN: TOKEN,
    },
    files,
    replacements: { 'login = "freeradius"': `login = "${role}"`, 'ipaddr = 10.8.0.2': 'ipaddr = 127.0.0.1', 'secret = change-me': `secret = ${SECRET}` },
  })

  let sold = 0
  const world: RadiusWorld = {
    business,
    runtime,
    url,
    freeradius,
    async sell(offer = {}, ageSeconds = 0) {
      const id = `pay_${String(++sold).padStart(4, '0')}`
      const packet = { id: 'hour', name: '1 hour', durationSeconds: 3_600, uploadKbps: 2_000, downloadKbps: 5_000, ...offer }
      // Within the time in which the engine takes it for an outage of its own, it would begin anew.
      await runtime.create({ type: 'hotspot-session', id }, { source: { kind: 'payment', id }, phone: '254708374149', package: packet, paidAt: Date.now() - ageSeconds * 1_000 })
      return { id, ...credentials.issue({ tenant: 'main', type: 'hotspot-session', id }, 1) }
    },
    async subscribe(plan) {
      const id = `sub_${String(++sold).padStart(4, '0')}`
      const accountNumber = `${1_000_000 + sold}${luhnDigit(String(1_000_000 + sold))}`
      const home = { id: 'home', name: 'Home', term: { unit: 'seconds', count: 3_600 }, amount: 1_000, currency: 'KES', uploadKbps: 5_000, downloadKbps: 10_000, devices: 2, ...plan }
      await runtime.create({ type: 'subscription', id }, { accountNumber, name: 'Wanjiru', phone: '254708374149', plan: home })
      return { id, username: accountNumber, password: credentials.issue({ tenant: 'main', type: 'subscription', id }, 1).password }
    },
    login: ({ username, password }, device, attributes = {}) =>
      radclient(
        { port: world.freeradius.authPort, secret: SECRET, kind: 'auth' },
        { 'User-Name': username, 'User-Password': password, ...(device === '' ? {} : { 'Calling-Station-Id': device }), 'NAS-IP-Address': '10.8.0.2', ...attributes },
      ),
    account: (kind, attributes) => radclient({ port: world.freeradius.acctPort, secret: SECRET, kind: 'acct' }, { 'Acct-Status-Type': kind, 'NAS-IP-Address': '10.8.0.2', ...attributes }),
    async session({ id }) {
      return (await runtime.get({ type: 'hotspot-session', id })) as ActorView
    },
    async until({ id }, fits) {
      const view = await runtime.waitFor({ type: 'hotspot-session', id }, fits, { timeoutMs: 10_000 })
      if (view === undefined) throw new Error(`it did not come to that: ${JSON.stringify(await runtime.get({ type: 'hotspot-session', id }))}`)
      return view
    },
    rows,
    async end() {
      await world.freeradius.stop()
      await app.close()
      await runtime.stop()
      await knex.destroy()
      await rows(`drop owned by ${role}`)
      await rows(`drop role ${role}`)
      await database.drop()
    },
  }
  return world
}
