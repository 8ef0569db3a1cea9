/**
 * A package as a subscription has it: a copy with its price. The price list may change; what was agreed does not, until
 * a change of package is agreed in its turn.
 */
import { z } from 'zod'
import { packageSnapshot } from './package.ts'
import { term } from './term.ts'

/** What the price list's column takes. */
export const AMOUNT_MAX = 2_147_483_647
const GRACE_SECONDS_MAX = 90 * 86_400
const REMINDERS_MAX = 10
const REMINDER_SECONDS_MAX = 90 * 86_400

const kbps = z.int().positive().nullable()

export const graceSeconds = z.int().nonnegative().max(GRACE_SECONDS_MAX)

/** Distances before the end of the paid time, each once, the longest first. */
export const reminderSeconds = z
  .array(z.int().positive().max(REMINDER_SECONDS_MAX))
  .max(REMINDERS_MAX)
  .transform((distances) => [...new Set(distances)].sort((a, b) => b - a))

const { id, name, dataBytes, uploadKbps, downloadKbps, devices } = packageSnapshot.shape

export const subscriptionPlan = z.strictObject({
  id,
  name,
  term,
  /** Of one term, in minor units. */
  amount: z.int().positive().max(AMOUNT_MAX),
  currency: z.string().regex(/^[A-Z]{3}$/),
  dataBytes,
  uploadKbps,
  downloadKbps,
  devices,
  /** How long access goes on, throttled, after the paid time; 0: not at all. */
  graceSeconds: graceSeconds.default(0),
  graceUploadKbps: kbps.default(null),
  graceDownloadKbps: kbps.default(null),
  reminderSeconds: reminderSeconds.default([]),
})

export type SubscriptionPlan = z.output<typeof subscriptionPlan>
