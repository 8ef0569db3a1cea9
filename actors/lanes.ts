/**
 * The lanes of outside calls. Each has its own line, so that a slow system holds up nobody else's calls; what runs at once over all of
 * them is bounded, and then they take turns by weight: a lane of weight 8 gets eight turns for each of a lane of weight 1, and none
 * waits for ever. `queues` names the work queues that people know from job systems, and which lane does their work here.
 */
import type { LaneOptions } from '../runtime/index.ts'

interface LaneRow extends LaneOptions {
  queues: readonly string[]
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** Somebody waits in front of a screen: soon, and not for long. */
const IMPATIENT = { attempts: 5, initialMs: SECOND_MS, factor: 2, maxMs: 30 * SECOND_MS }
/** Must happen, whenever the other side is back. */
const STUBBORN = { attempts: Number.POSITIVE_INFINITY, initialMs: 2 * SECOND_MS, factor: 2, maxMs: 5 * MINUTE_MS }
/** Comes again by itself: not worth insisting. */
const CASUAL = { attempts: 3, initialMs: 10 * SECOND_MS, factor: 3, maxMs: 5 * MINUTE_MS }

export const LANES = {
  radius: { concurrency: 32, weight: 8, retry: STUBBORN, queues: ['hotspot-provisioning', 'subscription-reconnection', 'session-management'] },
  mpesa: { concurrency: 64, weight: 8, retry: IMPATIENT, queues: ['payments'] },
  sms: { concurrency: 32, weight: 4, retry: IMPATIENT, queues: ['hotspot-sms'] },
  routeros: { concurrency: 24, weight: 3, retry: STUBBORN, queues: ['router-provisioning', 'router-monitoring'] },
  subscriptions: { concurrency: 16, weight: 2, retry: STUBBORN, queues: ['subscription-management'] },
  notifications: { concurrency: 16, weight: 2, queues: ['notifications'] },
  dashboard: { concurrency: 4, weight: 1, retry: CASUAL, queues: ['dashboard'] },
  metrics: { concurrency: 4, weight: 1, retry: CASUAL, queues: ['metrics'] },
  maintenance: { concurrency: 4, weight: 1, retry: CASUAL, queues: ['maintenance'] },
  default: { concurrency: 32, weight: 2, queues: [] },
} as const satisfies Record<string, LaneRow>

/** Of all lanes, at once: what two cores carry beside their own work. */
export const EFFECTS_AT_ONCE = 128
