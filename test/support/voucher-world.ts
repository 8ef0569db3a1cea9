/** Vouchers over the real edge, engine and actors; a clock moved by hand, and a store that outlives the engine. */
import { createCredentialIssuer } from '../../actors/credentials.ts'
import { createRegistry } from '../../actors/registry.ts'
import { createVoucherCodes } from '../../actors/voucher/codes.ts'
import type { App } from '../../api/app-type.ts'
import { buildApp } from '../../api/app.ts'
import { createLogger } from '../../api/logger.ts'
import { createMetrics } from '../../api/metrics.ts'
import type { Vouchers } from '../../api/ports/vouchers.ts'
import { createRuntime, manualClock, memoryStore, type MovableClock, type Runtime, type Store } from '../../runtime/index.ts'
import { emptyPorts, memoryApiKeys, memoryInbox, memoryPackages, type MemoryApiKeys } from './api-ports.ts'
import { fakeMpesa } from './fake-mpesa.ts'
import { nobodyOnline } from './live-access.ts'

export const VOUCHER_APP_KEY = 'application-key-of-voucher-tests'
export const START = Date.UTC(2026, 0, 1)

export type VoucherStore = ReturnType<typeof memoryStore>

export const voucherStore = (): VoucherStore => memoryStore({ uniqueKeys: { 'business.voucher_codes': [['tenant', 'code_hash']] } })

/** An engine with the actors that vouchers lead to. */
export function voucherRuntime({ store, clock, sms = [] }: { store: Store; clock: MovableClock; sms?: string[] }): Runtime {
  return createRuntime({
    actors: createRegistry({
      mpesa: fakeMpesa({}),
      liveAccess: nobodyOnline(),
      sms: {
        send: async ({ text }) => {
          sms.push(text)
          return { providerId: `ATPid_${sms.length}`, status: 'sent', segments: 1 }
        },
      },
      credentials: createCredentialIssuer(VOUCHER_APP_KEY),
      voucherCodes: createVoucherCodes(VOUCHER_APP_KEY),
    }),
    store,
    clock,
  })
}


/** Reads the tables that projections keep. */
export function memoryVouchers({ tables }: VoucherStore): Vouchers {
  const rowsOf = (table: string) => tables.rows.get(table) ?? []
  return {
    findByHash: async (tenant, hash) => {
      const row = rowsOf('business.voucher_codes').find((one) => one['tenant'] === tenant && one['code_hash'] === hash)
      return row === undefined ? undefined : { batchId: String(row['batch_id']), number: Number(row['number']) }
    },
    statesOf: async (tenant, batchId) =>
      new Map(rowsOf('business.vouchers').filter((one) => one['tenant'] === tenant && one['batch_id'] === batchId).map((one) => [Number(one['number']), String(one['state'])])),
  }
}

export interface VoucherWorld {
  app: App
  runtime: Runtime
  clock: MovableClock
  store: VoucherStore
  keys: MemoryApiKeys
  admin: { authorization: string }
  sms: string[]
  call(method: 'GET' | 'POST', url: string, payload?: object, headers?: Record<string, string>): Promise<{ status: number; body: Record<string, unknown>; text: string; headers: Record<string, unknown> }>
  stop(): Promise<void>
}

/** `now` is the time of the guard and of rates, which no sandbox moves. */
export async function voucherWorld(now: () => number = Date.now): Promise<VoucherWorld> {
  const clock = manualClock(START)
  const store = voucherStore()
  const sms: string[] = []
  const runtime = voucherRuntime({ store, clock, sms })
  await runtime.start()
  const keys = memoryApiKeys()
  const app = await buildApp({
    runtime,
    apiKeys: keys,
    inbox: memoryInbox(),
    packages: memoryPackages(),
    ...emptyPorts(),
    openPrompts: { find: async () => undefined },
    receipts: { creditedTo: async () => new Map<string, string>() },
    credentials: createCredentialIssuer(VOUCHER_APP_KEY),
    vouchers: { vouchers: memoryVouchers(store), codes: createVoucherCodes(VOUCHER_APP_KEY) },
    readiness: { check: async () => ({ ready: true, checks: {} }) },
    metrics: createMetrics({ processMetrics: false }),
    log: createLogger({ level: 'silent' }),
    appKey: VOUCHER_APP_KEY,
    hooks: {},
    strictResponses: true,
    now,
  })
  await app.ready()
  const admin = keys.add('key-of-admin', ['admin'])
  return {
    app, runtime, clock, store, keys, admin, sms,
    async call(method, url, payload, headers = admin) {
      const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
      const isJson = String(answer.headers['content-type']).includes('json')
      return { status: answer.statusCode, body: isJson ? answer.json() : {}, text: answer.body, headers: answer.headers }
    },
    async stop() {
      await app.close()
      await runtime.stop()
    },
  }
}
