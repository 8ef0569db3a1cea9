/**
 * The lanes of outside calls. Each has its own line, so that a slow system, or work that can wait, holds up nobody else's calls; what runs at
 * once over all of them is bounded, and then they take turns by weight: a lane of weight 8 gets eight turns for each of a lane of weight 1, and
 * none waits for ever. A lane says how its calls are tried again, too; a call says so itself only where it must not be repeated as its neighbours are.
 */
import type { LaneOptions } from '../runtime/index.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** What may be done again, and when, is the machine's decision. */
export const ONCE = { attempts: 1 }
/** Must happen, whenever the router is back: docs/adr/0018. */
const UNTIL_IT_IS_BACK = { attempts: Number.POSITIVE_INFINITY, initialMs: 2 * SECOND_MS, factor: 2, maxMs: HOUR_MS, jitter: 0.2 }
/** Somebody waits for it, and a table of ours answers. */
const UNTIL_ANSWERED = { attempts: Number.POSITIVE_INFINITY, initialMs: SECOND_MS, factor: 2, maxMs: MINUTE_MS, jitter: 0.2 }
/** A question, which the machine asks anew after its own gap. */
const A_FEW_TIMES = { attempts: 3, initialMs: 2 * SECOND_MS, factor: 3, maxMs: 30 * SECOND_MS, jitter: 0.2 }

export const LANES = {
  /** Speed for who has paid, or less of it in grace. */
  radius: { concurrency: 32, weight: 8, retry: UNTIL_IT_IS_BACK },
  /** Prompts, payouts, and what became of them. */
  mpesa: { concurrency: 64, weight: 8, retry: A_FEW_TIMES },
  /** Logins and receipts: somebody waits for them. */
  sms: { concurrency: 32, weight: 4, retry: ONCE },
  /** Whose time is over. Many at once, at the end of a month, keep no payer slow. */
  disconnects: { concurrency: 32, weight: 4, retry: UNTIL_IT_IS_BACK },
  /** Their configuration. */
  routeros: { concurrency: 12, weight: 3, retry: ONCE },
  /** Whether a message may go now. */
  clearance: { concurrency: 16, weight: 2, retry: UNTIL_ANSWERED },
  /** Reminders and notices: thousands, when the quiet hours end. */
  notifications: { concurrency: 16, weight: 2, retry: ONCE },
  /** Looks at routers, most of them at such as are well. */
  monitoring: { concurrency: 24, weight: 2, retry: ONCE },
  /** M-Pesa's list of what came, and the match with it. */
  reconciliation: { concurrency: 4, weight: 1, retry: A_FEW_TIMES },
} as const satisfies Record<string, LaneOptions>

export type LaneName = keyof typeof LANES

/** Of all lanes, at once: what two cores carry beside their own work. */
export const EFFECTS_AT_ONCE = 128

/**
 * The work queues that people know from job systems, and what does their work here: lanes, or, where nobody outside is called, what needs no
 * queue at all, for it is done in the commit, by a timer of the actor, or by a sweep.
 */
export const QUEUES = {
  'hotspot-provisioning': { by: 'rows of RADIUS in the commit of the step that begins the access (actors/*/radius-rows.ts)', lanes: [] },
  'subscription-reconnection': { by: 'the same rows, and whoever is online is told', lanes: ['radius'] },
  payments: { by: 'calls of the provider', lanes: ['mpesa', 'reconciliation'] },
  'hotspot-sms': { by: 'logins and receipts', lanes: ['sms'] },
  'router-provisioning': { by: 'configuring', lanes: ['routeros'] },
  dashboard: { by: 'sums that follow the facts (api/dashboard)', lanes: [] },
  'session-management': { by: 'timers of each session (machines/hotspot-session), and logins that are ended', lanes: ['disconnects'] },
  'subscription-management': { by: 'timers of each subscription (machines/subscription)', lanes: [] },
  'router-monitoring': { by: 'a timer of each router, and looks', lanes: ['monitoring'] },
  metrics: { by: 'counted where things happen, and read by whoever asks (api/metrics.ts)', lanes: [] },
  notifications: { by: 'reminders and notices', lanes: ['clearance', 'notifications'] },
  maintenance: { by: 'sweeps (db/tidying.ts, api/radius/accounting-feed.ts)', lanes: [] },
} as const satisfies Record<string, { by: string; lanes: readonly LaneName[] }>
