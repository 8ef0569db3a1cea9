/** The edge and the engine as `main.ts` puts them together, with the machine that is measured. */
import { createCredentialIssuer } from '../../actors/credentials.ts'
import { buildApp } from '../../api/app.ts'
import { auditTrail } from '../../api/audit/trail.ts'
import { ensureFirstKey } from '../../api/auth/first-key.ts'
import { createLogger } from '../../api/logger.ts'
import { createMetrics } from '../../api/metrics.ts'
import { createKnex, openBusiness, postgresStore } from '../../db/index.ts'
import { createRuntime } from '../../runtime/index.ts'
import { actorId, checkedCycle } from '../cycle.ts'
import { optionsOf, serve } from './serve.ts'

interface Options {
  url: string
  key: string
  /** How many actors to make before it is ready. */
  actors: number
}

export interface Memory {
  rssBytes: number
  heapUsedBytes: number
  /** Outside of the heap: buffers. */
  externalBytes: number
  hotActors: number
}

const APP_KEY = 'a key for measurements alone'

const { url, key, actors } = optionsOf<Options>()
const log = createLogger({ level: 'warn' })
const knex = createKnex(url, { max: 8, applicationName: 'standing-api' })
const business = openBusiness(knex)
const metrics = createMetrics()
const runtime = createRuntime({ actors: [checkedCycle], store: postgresStore({ url }), log, metrics: metrics.engine })
const app = await buildApp({
  runtime,
  apiKeys: business.apiKeys,
  audit: business.audit,
  trail: auditTrail({ audit: business.audit, log, clock: Date.now }),
  inbox: business.hookInbox,
  packages: business.packages,
  packageCatalogue: business.packageCatalogue,
  accounts: business.accounts,
  optOuts: business.contacts,
  openPrompts: business.openPrompts,
  radius: { logins: business.radiusLogins, accounting: business.radiusAccounting },
  receipts: business.receipts,
  ledger: business.ledger,
  statements: business.statements,
  traces: business.traces,
  dashboardDays: business.dashboardDays,
  credentials: createCredentialIssuer(APP_KEY),
  readiness: { check: () => Promise.resolve({ ready: runtime.isRunning(), checks: {} }) },
  metrics,
  log,
  appKey: APP_KEY,
  hooks: {},
})
await ensureFirstKey({ apiKeys: business.apiKeys, given: key, keep: undefined })
const address = await app.listen({ host: '127.0.0.1', port: 0 })
const startedAt = performance.now()
await runtime.start()
const startMs = performance.now() - startedAt
await Promise.all(Array.from({ length: actors }, (_, n) => runtime.create({ type: 'cycle', id: actorId(n) })))
await runtime.settled()

serve({ url: address, startMs }, { memory, cpuMs }, async () => {
  await app.close()
  await runtime.stop()
  await knex.destroy()
})

/** Work done so far: unlike a rate it does not depend on what else the machine does. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

function memory(): Memory {
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external, hotActors: runtime.stats().hotActors }
}
