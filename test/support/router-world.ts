/** Routers end to end in one process: the real edge, engine, actors and client; a clock moved by hand; routers that are played. */
import { createRouterOsClient } from '../../actors/gateways/routeros/client.ts'
import { createCredentialIssuer } from '../../actors/credentials.ts'
import type { AccessPointReading, HotspotAccess } from '../../actors/router/live.ts'
import type { Counted, LoginUsage, Usage } from '../../actors/router/usage.ts'
import { createRouterSecrets } from '../../actors/router/secrets.ts'
import { createRegistry } from '../../actors/registry.ts'
import type { App } from '../../api/app-type.ts'
import { buildApp } from '../../api/app.ts'
import type { OpenSession, Routers } from '../../api/ports/routers.ts'
import { surroundingsOf } from '../../api/routers/surroundings.ts'
import { createLogger } from '../../api/logger.ts'
import { createMetrics } from '../../api/metrics.ts'
import { createRuntime, manualClock, memoryStore, type MovableClock, type Runtime } from '../../runtime/index.ts'
import { startRouterOs, type RouterOs } from '../../sandbox/routeros/index.ts'
import { emptyPorts, memoryApiKeys, memoryInbox, memoryPackages, type MemoryApiKeys } from './api-ports.ts'
import { fakeMpesa } from './fake-mpesa.ts'
import { nobodyOnline } from './live-access.ts'

export const ROUTER_APP_KEY = 'application-key-of-router-tests'
export const START = Date.UTC(2026, 0, 1)

interface Live {
  reading: Record<string, string | number | null> | null
  readAt: number | null
  heartbeat: Record<string, string | number | null> | null
  heardAt: number | null
}

type LivePort = Routers & {
  accesses(router: { tenant: string; id: string }, limit: number): Promise<{ accesses: HotspotAccess[]; total: number }>
  withAccess(router: { tenant: string; id: string }, usernames: readonly string[]): Promise<string[]>
  counted(router: { tenant: string; id: string }): Promise<Counted>
  saveUsage(router: { tenant: string; id: string }, revision: number, usage: Pick<Usage, 'records' | 'logins'>, at: number): Promise<void>
  withoutAccess(router: { tenant: string; id: string }, usernames: readonly string[]): Promise<string[]>
  heardAt(router: { tenant: string; id: string }): Promise<number | null>
  saveReading(router: { tenant: string; id: string }, reading: object, at: number): Promise<void>
  saveAccessPoints(router: { tenant: string; id: string }, seen: readonly AccessPointReading[], at: number): Promise<string[]>
}

export interface RouterWorld {
  app: App
  url: string
  runtime: Runtime
  clock: MovableClock
  store: ReturnType<typeof memoryStore>
  routerOs: RouterOs
  keys: MemoryApiKeys
  admin: { authorization: string }
  /** `router.*` facts, in order. */
  facts: { type: string; [field: string]: unknown }[]
  sessions: OpenSession[]
  /** Usernames whose access is over. */
  strangers: Set<string>
  accesses: HotspotAccess[]
  /** So many of them are told at most. */
  cut: { at: number }
  /** What was accounted of logins at routers that keep their users themselves, by login. */
  logins: Map<string, LoginUsage>
  call<Body = Record<string, unknown>>(method: 'GET' | 'POST', path: string, body?: object, headers?: Record<string, string>): Promise<{ status: number; body: Body }>
  /** Registers a router that is played under this name. */
  register(name: string, order?: object): Promise<{ id: string; script: string; tunnel_address: string }>
  stop(): Promise<void>
}

export async function routerWorld(network = '10.77.0.0/16'): Promise<RouterWorld> {
  const clock = manualClock(START)
  const store = memoryStore({ uniqueKeys: { 'business.routers': [['tunnel_address']], 'business.router_names': [['tenant', 'name_key']] } })
  const routerOs = await startRouterOs({ clock: () => clock.now(), cutAfterMs: 50 })
  const sessions: OpenSession[] = []
  const facts: RouterWorld['facts'] = []
  const secrets = createRouterSecrets(ROUTER_APP_KEY)
  const client = createRouterOsClient({ timeoutMs: 500 })
  const strangers = new Set<string>()
  const accesses: HotspotAccess[] = []
  const logins = new Map<string, LoginUsage>()
  const cut = { at: Infinity }
  const live = memoryRouters(store, sessions, strangers, accesses, cut, logins)
  const runtime = createRuntime({
    actors: createRegistry({
      mpesa: fakeMpesa({}),
      sms: { send: unused },
      credentials: createCredentialIssuer(ROUTER_APP_KEY),
      liveAccess: nobodyOnline(),
      routers: { routerOs: client, secrets, live },
    }),
    store,
    clock,
  })
  runtime.onFact(({ type, data }) => {
    if (type.startsWith('router.')) facts.push({ type, ...data })
  })
  await runtime.start()
  let url = ''
  const keys = memoryApiKeys()
  const settings = { ROUTER_TUNNEL_NETWORK: network, ROUTER_WALLED_GARDEN: ['pay.example'] }
  const app = await buildApp({
    runtime,
    apiKeys: keys,
    inbox: memoryInbox(),
    packages: memoryPackages(),
    ...emptyPorts(),
    openPrompts: { find: async () => undefined },
    receipts: { creditedTo: async () => new Map<string, string>() },
    credentials: createCredentialIssuer(ROUTER_APP_KEY),
    routers: { routers: live, routerOs: client, secrets, surroundings: () => surroundingsOf(settings, url, ROUTER_APP_KEY), now: () => clock.now() },
    readiness: { check: async () => ({ ready: true, checks: {} }) },
    metrics: createMetrics({ processMetrics: false }),
    log: createLogger({ level: 'silent' }),
    appKey: ROUTER_APP_KEY,
    hooks: {},
    strictResponses: true,
  })
  url = await app.listen({ port: 0, host: '127.0.0.1' })
  const admin = keys.add('key-of-admin', ['admin'])
  const call: RouterWorld['call'] = async (method, path, body, headers = admin) => {
    const response = await fetch(`${url}${path}`, { method, headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as never }
  }
  return {
    app, url, runtime, clock, store, routerOs, keys, admin, facts, sessions, strangers, accesses, cut, logins, call,
    async register(name, order = {}) {
      const { status, body } = await call<{ id: string; script: string; tunnel_address: string }>('POST', '/api/routers', { name, api_url: routerOs.router(name).url, ...order })
      if (status !== 201) throw new Error(JSON.stringify(body))
      return body
    },
    async stop() {
      await app.close()
      await runtime.stop()
      await routerOs.stop()
    },
  }
}

function unused(): never {
  throw new Error('no test of routers pays or writes')
}

const KEPT_MS = 10 * 60_000

function memoryRouters({ tables }: RouterWorld['store'], sessions: readonly OpenSession[], strangers: ReadonlySet<string>, accesses: HotspotAccess[], cut: { at: number }, logins: Map<string, LoginUsage>): LivePort {
  const counts = new Map<string, Counted>()
  const countedAt = new Map<string, number>()
  const lives = new Map<string, Live>()
  const points = new Map<string, Map<string, AccessPointReading & { firstSeenAt: number; lastSeenAt: number }>>()
  const live = (id: string): Live => {
    const known = lives.get(id) ?? { reading: null, readAt: null, heartbeat: null, heardAt: null }
    lives.set(id, known)
    return known
  }
  return {
    live: async ({ id }) => live(id),
    async named(tenant, nameKey) {
      const row = (tables.rows.get('business.router_names') ?? []).find((one) => one['tenant'] === tenant && one['name_key'] === nameKey)
      return row === undefined ? undefined : String(row['router_id'])
    },
    accesses: async (_router, limit) => ({ accesses: accesses.slice(0, Math.min(limit, cut.at)), total: accesses.length }),
    withAccess: async (_router, usernames) => usernames.filter((name) => accesses.some(({ username }) => username === name)),
    counted: async ({ id }) => counts.get(id) ?? { revision: 0, records: [], logins: [] },
    async saveUsage({ id }, revision, usage, at) {
      countedAt.set(id, at)
      counts.set(id, { revision: revision + 1, records: usage.records, logins: usage.logins.filter(({ isOver }) => !isOver) })
      for (const login of usage.logins) logins.set(`${id}/${login.record}/${login.id}`, login)
    },
    provisioned: async () => [],
    withoutAccess: async (_router, usernames) => usernames.filter((name) => strangers.has(name)),
    heardAt: async ({ id }) => live(id).heardAt,
    saveReading: async ({ id }, reading, at) => void Object.assign(live(id), { reading, readAt: at }),
    saveHeartbeat: async ({ id }, heartbeat, at) => void Object.assign(live(id), { heartbeat, heardAt: at }),
    async saveAccessPoints({ id }, seen, at) {
      const known = points.get(id) ?? new Map<string, AccessPointReading & { firstSeenAt: number; lastSeenAt: number }>()
      points.set(id, known)
      for (const one of seen) known.set(one.mac, { ...one, firstSeenAt: known.get(one.mac)?.firstSeenAt ?? at, lastSeenAt: at })
      return [...known.values()].filter(({ lastSeenAt }) => lastSeenAt > at - KEPT_MS).map(({ mac }) => mac)
    },
    accessPoints: async ({ id }) => [...(points.get(id)?.values() ?? [])],
    outages: async () => [],
    peers: async () => [],
    openSessions: async (_router, _address, limit) => sessions.slice(0, limit),
    countedAt: async ({ id }) => countedAt.get(id) ?? null,
  }
}
