/** The edge over the real engine and the real actors; only the outside systems and the store are stand-ins. */
import { createRegistry } from '../../actors/registry.ts'
import { receiptPaymentIds } from '../../actors/payment/received-money.ts'
import { createCredentialIssuer } from '../../actors/credentials.ts'
import type { MpesaGateway, StkPushAccepted } from '../../actors/gateways/mpesa/port.ts'
import { createRuntime, memoryStore, type ActorDefinition, type Runtime } from '../../runtime/index.ts'
import type { AuditTrail } from '../../api/audit/trail.ts'
import { buildApp } from '../../api/app.ts'
import type { App } from '../../api/app-type.ts'
import type { AppDeps } from '../../api/deps.ts'
import { createLogger } from '../../api/logger.ts'
import { createMetrics } from '../../api/metrics.ts'
import { emptyPorts, memoryApiKeys, memoryAudit, memoryInbox, memoryLedger, memoryPackages, type MemoryApiKeys, type MemoryAudit, type MemoryInbox } from './api-ports.ts'
import { nobodyOnline } from './live-access.ts'
import { DARAJA_SECRET, SMS_SECRET } from './api-fakes.ts'
import { fakeMpesa } from './fake-mpesa.ts'

export const APP_KEY = 'application-key-of-tests'

export interface World {
  app: App
  runtime: Runtime
  inbox: MemoryInbox
  keys: MemoryApiKeys
  audit: MemoryAudit
  trail: AuditTrail
  ports: Pick<AppDeps, 'openPrompts' | 'receipts'>
  admin: { authorization: string }
  /** The text of every SMS. */
  sms: string[]
  /** What M-Pesa answers to the next pushes; a promise that is not settled is a slow one. */
  push: (count: number) => Promise<StkPushAccepted>
  stop(): Promise<void>
}

export async function apiWorld(extra: readonly ActorDefinition[] = [], options: Partial<AppDeps> = {}, mpesa: Partial<MpesaGateway> = {}): Promise<World> {
  let pushes = 0
  const sms: string[] = []
  const credentials = createCredentialIssuer(APP_KEY)
  const actors = createRegistry({
    mpesa: fakeMpesa({ stkPush: () => world.push(++pushes), stkQuery: async () => ({ status: 'pending', reason: 'being-processed', resultDesc: '' }), ...mpesa }),
    sms: {
      send: async ({ text }) => {
        sms.push(text)
        return { providerId: `ATPid_${sms.length}`, status: 'sent', segments: 1 }
      },
    },
    credentials,
    liveAccess: nobodyOnline(),
    config: { receiptIds: receiptPaymentIds(APP_KEY), directory: { search: (query) => runtime.search(query), get: (address) => runtime.get(address) }, resultUrls: ({ id }, about) => ({ resultUrl: `https://x.example/result/${id}.${about}`, timeoutUrl: `https://x.example/timeout/${id}.${about}` }) },
  })
  const store = memoryStore({ uniqueKeys: { 'business.payment_receipts': [['tenant', 'receipt']], 'business.open_prompts': [['tenant', 'phone']] } })
  const rowsOf = (table: string) => store.tables.rows.get(table) ?? []
  const runtime = createRuntime({ actors: [...actors.filter(({ type }) => !extra.some((one) => one.type === type)), ...extra], store })
  await runtime.start()
  const keys = memoryApiKeys()
  const inbox = memoryInbox()
  const audit = memoryAudit()
  const empty = emptyPorts(audit)
  const ports: World['ports'] = {
    openPrompts: { find: (tenant, phone) => findOpenPrompt(runtime, tenant, phone) },
    receipts: { creditedTo: async (tenant, receipts) => new Map(rowsOf('business.payment_receipts').filter((row) => row['tenant'] === tenant && receipts.includes(String(row['receipt']))).map((row) => [String(row['receipt']), String(row['payment_id'])])) },
  }
  const app = await buildApp({
    runtime,
    apiKeys: keys,
    inbox,
    packages: memoryPackages(),
    ...empty,
    ...ports,
    ledger: memoryLedger(() => rowsOf('business.ledger_entries')),
    credentials,
    readiness: { check: async () => ({ ready: true, checks: {} }) },
    metrics: createMetrics({ processMetrics: false }),
    log: createLogger({ level: 'silent' }),
    appKey: APP_KEY,
    hooks: { darajaSecret: DARAJA_SECRET, smsSecret: SMS_SECRET, sweepEveryMs: 20 },
    strictResponses: true,
    ...options,
  })
  await app.ready()
  const world: World = {
    app,
    runtime,
    inbox,
    keys,
    audit,
    trail: options.trail ?? empty.trail,
    ports,
    admin: keys.add('key-of-admin', ['admin']),
    sms,
    push: async (count) => ({ checkoutRequestId: `ws_CO_${count}`, merchantRequestId: `m_${count}`, responseDescription: '', customerMessage: '' }),
    async stop() {
      await app.close()
      await runtime.stop()
    },
  }
  return world
}

async function findOpenPrompt(runtime: Runtime, tenant: string, phone: string): Promise<{ paymentId: string } | undefined> {
  const hits = await runtime.search({ tenant, values: [phone] })
  const views = await Promise.all(hits.filter(({ address }) => address.type === 'payment').map(({ address }) => runtime.get(address)))
  const open = views.find((view) => view !== undefined && ['prompting', 'deferred', 'uncertain', 'awaiting', 'querying'].includes(view.states[0] ?? ''))
  return open === undefined ? undefined : { paymentId: open.id }
}
