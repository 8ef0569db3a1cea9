/** The composition root of the thread that takes web hooks (docs/adr/0023). main.ts starts it; nothing imports it. */
import { parentPort, workerData } from 'node:worker_threads'
import { listen } from './api/http/server.ts'
import { buildIntake, INSERTS_AT_ONCE } from './api/intake/app.ts'
import { nodeLink } from './api/intake/node-link.ts'
import type { IntakeSettings } from './api/intake/protocol.ts'
import { createLogger } from './api/logger.ts'
import { createKnex, openBusiness } from './db/index.ts'

/** One more, for putting off what came again. */
const CONNECTIONS_MAX = INSERTS_AT_ONCE + 1

async function main(settings: IntakeSettings): Promise<void> {
  if (parentPort === null) throw new Error('intake.ts is a thread of main.ts, no program')
  const log = createLogger({ level: settings.logLevel })
  const knex = createKnex(settings.databaseUrl, { max: CONNECTIONS_MAX, applicationName: 'standing-hooks' })
  const node = nodeLink(parentPort, () => void stop())
  let address = ''
  const { darajaSecret, smsSecret, darajaAllowedIps, twilio } = settings
  const app = await buildIntake({
    inbox: openBusiness(knex).hookInbox,
    node,
    log,
    trustedProxies: settings.trustedProxies,
    hooks: {
      darajaSecret,
      smsSecret,
      darajaAllowedIps,
      ...(twilio === undefined ? {} : { twilio: { ...twilio, url: (what: string) => `${twilio.baseUrl ?? address}/hooks/twilio/${twilio.secret}/${what}` } }),
    },
  })

  async function stop(): Promise<void> {
    await app.close()
    await knex.destroy()
    node.close()
  }

  address = await listen(app, settings)
  node.listening(address)
}

await main(workerData as IntakeSettings)
