/** Everything the edge is given; main.ts puts it together. */
import type { Logger } from 'pino'
import type { ChannelLimits } from './channels/limits.ts'
import type { StkRates } from './payments/rates.ts'
import type { BusStatus, Runtime } from '../runtime/index.ts'
import type { EdgeMetrics } from './metrics.ts'
import type { ApiKeys } from './ports/api-keys.ts'
import type { DashboardDays } from './ports/dashboard-days.ts'
import type { CredentialsIssuer } from './ports/credentials.ts'
import type { HookInbox } from './ports/hook-inbox.ts'
import type { OpenPrompts } from './ports/open-prompts.ts'
import type { Packages } from './ports/packages.ts'
import type { RateLimiter } from './ports/rate-limiter.ts'
import type { Readiness } from './ports/readiness.ts'
import type { Receipts } from './ports/receipts.ts'
import type { ShownOnce } from './ports/shown-once.ts'
import type { Sandbox } from './ports/sandbox.ts'

export interface AppDeps {
  runtime: Runtime
  apiKeys: ApiKeys
  inbox: HookInbox
  packages: Packages
  openPrompts: OpenPrompts
  receipts: Receipts
  credentials: CredentialsIssuer
  readiness: Readiness
  metrics: EdgeMetrics
  /** Age of the oldest message that has not left yet, for the metrics. */
  outboxAgeMs?: () => Promise<number>
  /** With a broker. */
  busStatus?: () => BusStatus
  log: Logger
  /** Keys the hashes that prove the paying browser; at least 8 characters. */
  appKey: string
  hooks: HookSettings
  /** Present in sandbox mode only. */
  sandbox?: Sandbox
  /** Sums of days that are over. */
  dashboardDays: DashboardDays
  /** Where a day begins. Default `Africa/Nairobi`. */
  timeZone?: string
  /** In memory unless given. */
  shownOnce?: ShownOnce
  /** In memory unless given. */
  rateLimiter?: RateLimiter
  /** Of the live channels; those of production unless given. */
  channelLimits?: Partial<ChannelLimits>
  /** Those of production unless given. */
  rates?: Partial<StkRates>
  /** Tenant of the public routes and of the hooks. */
  publicTenant?: string
  /** Set when browsers reach us by HTTPS. */
  secureCookies?: boolean
  /** Addresses of our own proxies: only they are believed about X-Forwarded-For. */
  trustedProxies?: readonly string[]
  /** The moment, for rates, cookies and the hook inbox: never moved by the sandbox's clock. */
  now?: () => number
  /** Checks every answer against its schema and fails it with 500 when it does not fit. For tests: it costs. */
  strictResponses?: boolean
}

export interface HookSettings {
  /** Without a secret the hooks of that provider do not exist. */
  darajaSecret?: string | undefined
  smsSecret?: string | undefined
  /** Absent or empty: any address may call. */
  darajaAllowedIps?: readonly string[] | undefined
  /** Default 1 s. */
  sweepEveryMs?: number
  /** Default 10 min. */
  unmatchedAfterMs?: number
}
