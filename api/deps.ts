/** Everything the edge is given; main.ts puts it together. */
import type { Logger } from 'pino'
import type { ChannelLimits } from './channels/limits.ts'
import type { StkRates } from './payments/rates.ts'
import type { Intake } from './intake/thread.ts'
import type { BusStatus, Runtime } from '../runtime/index.ts'
import type { EdgeMetrics } from './metrics.ts'
import type { AuditTrail } from './audit/trail.ts'
import type { AuditLog } from './ports/audit.ts'
import type { Accounts } from './ports/accounts.ts'
import type { ApiKeys } from './ports/api-keys.ts'
import type { DashboardDays } from './ports/dashboard-days.ts'
import type { CredentialsIssuer } from './ports/credentials.ts'
import type { HookInbox } from './ports/hook-inbox.ts'
import type { Ledger } from './ports/ledger.ts'
import type { OpenPrompts } from './ports/open-prompts.ts'
import type { OptOuts } from './ports/opt-outs.ts'
import type { PackageCatalogue } from './ports/package-catalogue.ts'
import type { Packages } from './ports/packages.ts'
import type { RadiusAccounting, RadiusLogins } from './ports/radius.ts'
import type { GuessCounts } from './ports/guess-counts.ts'
import type { RateLimiter } from './ports/rate-limiter.ts'
import type { Readiness } from './ports/readiness.ts'
import type { Receipts } from './ports/receipts.ts'
import type { ShownOnce } from './ports/shown-once.ts'
import type { Sandbox } from './ports/sandbox.ts'
import type { VoucherParts } from './vouchers/parts.ts'
import type { RouterParts } from './routers/parts.ts'
import type { Statements } from './ports/statements.ts'
import type { Traces } from './ports/traces.ts'

export interface AppDeps {
  runtime: Runtime
  apiKeys: ApiKeys
  /** Who did or read what: read from the one, written by the other. The app stops the trail when its last request is answered. */
  audit: Pick<AuditLog, 'list'>
  trail: AuditTrail
  /** From how much on a second key is needed, in minor units. Default: never. */
  secondKeyFrom?: (tenant: string) => number
  inbox: HookInbox
  packages: Packages
  packageCatalogue: PackageCatalogue
  accounts: Accounts
  optOuts: OptOuts
  /** Where the business counts its days and months. Default `Africa/Nairobi`. */
  timeZone?: string
  /** Of the shop's pages, for links to them. */
  webUrl?: string | undefined
  openPrompts: OpenPrompts
  receipts: Receipts
  ledger: Ledger
  statements: Statements
  traces: Traces
  credentials: CredentialsIssuer
  readiness: Readiness
  metrics: EdgeMetrics
  /** Age of the oldest message that has not left yet, for the metrics. */
  outboxAgeMs?: () => Promise<number>
  /** What waits for people, for the metrics. */
  setAside?: () => Promise<object>
  /** With a broker. */
  busStatus?: () => BusStatus
  log: Logger
  /** Keys the hashes that prove the paying browser; at least 8 characters. */
  appKey: string
  hooks: HookSettings
  /** Without them no router is let in. */
  routers?: RouterParts
  radius: RadiusParts
  /** Without them there are no vouchers. */
  vouchers?: VoucherParts
  /** Present in sandbox mode only. */
  sandbox?: Sandbox
  /** Sums of days that are over. */
  dashboardDays: DashboardDays
  /** In memory unless given. */
  shownOnce?: ShownOnce
  /** In memory unless given. */
  rateLimiter?: RateLimiter
  /** Default: in memory of this node. */
  guessCounts?: GuessCounts
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

export interface RadiusParts {
  logins: RadiusLogins
  accounting: RadiusAccounting
  /** What FreeRADIUS shows; without one it cannot ask us. */
  token?: string | undefined
  /** The clock of the actors. Default: the moment. */
  clock?: () => number
  /** Until when routers could report. Default: that clock. */
  reportClock?: () => number
  /** See `AccountingFeedDeps`. */
  sweepEveryMs?: number | undefined
  staleAfterMs?: number | undefined
}

export interface TwilioHook {
  secret: string
  /** Signs its callbacks. */
  authToken: string
  /** The full address that Twilio was told to call, for `status` or `inbound`: the signature is over it. */
  url: (what: 'status' | 'inbound') => string
}

export interface HookSettings {
  /** Without a secret the hooks of that provider do not exist. */
  darajaSecret?: string | undefined
  smsSecret?: string | undefined
  /** Of C2B validations; absent: any. */
  darajaShortcode?: string | undefined
  twilio?: TwilioHook | undefined
  /** Takes them on a port of its own, too. */
  intake?: Pick<Intake, 'connect'> | undefined
  /** Absent or empty: any address may call. */
  darajaAllowedIps?: readonly string[] | undefined
  /** Default 1 s. */
  sweepEveryMs?: number
  /** Default 10 min. */
  unmatchedAfterMs?: number
}
