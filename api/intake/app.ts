/** The server that takes web hooks and does nothing else (docs/adr/0023). The node it belongs to is told what was stored. */
import type { Logger } from 'pino'
import type { App } from '../app-type.ts'
import type { HookSettings } from '../deps.ts'
import { inboxWriter } from '../hooks/inbox-writer.ts'
import { createServer } from '../http/server.ts'
import type { HookInbox } from '../ports/hook-inbox.ts'
import { aliveRoute } from '../routes/alive.ts'
import { hookRoutes } from '../routes/hooks.ts'
import type { NodeLink } from './node-link.ts'

/** One insert may wait for the disk behind a large commit of the engine; the other does not wait for it. */
export const INSERTS_AT_ONCE = 2

export interface IntakeDeps {
  inbox: Pick<HookInbox, 'storeMany' | 'reschedule'>
  node: Pick<NodeLink, 'accept' | 'validate' | 'metrics'>
  log: Logger
  trustedProxies: readonly string[]
  hooks: Pick<HookSettings, 'darajaSecret' | 'smsSecret' | 'darajaAllowedIps' | 'twilio'>
}

export async function buildIntake({ inbox, node, log, trustedProxies, hooks }: IntakeDeps): Promise<App> {
  const { metrics } = node
  const { app } = createServer({ log, metrics, trustedProxies })
  aliveRoute(app)
  await app.register(async (routes: App) => hookRoutes(routes, { ...hooks, writer: inboxWriter(inbox, INSERTS_AT_ONCE), inbox, processor: node, validate: (body) => node.validate(body), metrics, log, now: Date.now }))
  return app
}
