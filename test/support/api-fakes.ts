/** The edge over fakes: everything that a test does not care about is filled in. */
import { Writable } from 'node:stream'
import { buildApp } from '../../api/app.ts'
import type { App } from '../../api/app-type.ts'
import type { Role } from '../../api/auth/permissions.ts'
import type { AppDeps } from '../../api/deps.ts'
import { createLogger } from '../../api/logger.ts'
import { createMetrics } from '../../api/metrics.ts'
import type { Runtime } from '../../runtime/index.ts'
import { emptyPorts, memoryApiKeys, memoryInbox, memoryPackages, type MemoryApiKeys, type MemoryInbox } from './api-ports.ts'
import { fakeRuntime } from './fake-runtime.ts'

export const DARAJA_SECRET = 'dar-secret-123'
export const SMS_SECRET = 'sms-secret-123'

export interface TestApp {
  app: App
  keys: MemoryApiKeys
  inbox: MemoryInbox
  /** The Authorization header of a key with this role. */
  as(role: Role): { authorization: string }
  /** Everything logged so far, as text. */
  logged(): string
}

export type TestAppOptions = Partial<Omit<AppDeps, 'runtime'>> & { runtime?: Partial<Runtime> }

export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const keys = memoryApiKeys()
  const inbox = memoryInbox()
  let text = ''
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  const { runtime, ...rest } = options
  const app = await buildApp({
    runtime: fakeRuntime(runtime),
    apiKeys: keys,
    inbox,
    packages: memoryPackages(),
    ...emptyPorts(),
    openPrompts: { find: async () => undefined },
    receipts: { creditedTo: async () => new Map<string, string>() },
    credentials: { issue: ({ id }, version) => ({ username: `u-${id.slice(-4)}`, password: `secret-v${version}` }) },
    readiness: { check: async () => ({ ready: true, checks: { store: 'ok' } }) },
    metrics: createMetrics({ processMetrics: false }),
    log: createLogger({ level: 'debug', destination }),
    appKey: 'application-key-of-tests',
    hooks: { darajaSecret: DARAJA_SECRET, smsSecret: SMS_SECRET, sweepEveryMs: 20 },
    strictResponses: true,
    ...rest,
  })
  return {
    app,
    keys,
    inbox,
    as: (role) => keys.add(`key-of-${role}`, [role]),
    logged: () => text,
  }
}
