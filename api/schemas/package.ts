/** Packages as those write and read them who make the price list. Durations are ISO 8601, money integer minor units. */
import { z } from 'zod'
import { AMOUNT_MAX, graceSeconds, reminderSeconds } from '../../machines/plan.ts'
import { printable } from '../../machines/printable.ts'
import { parseSeconds, parseTerm } from '../../machines/term.ts'
import { createdId } from './common.ts'

const kbps = z.int().positive().max(AMOUNT_MAX).nullable()

const termText = z
  .string()
  .max(40)
  .refine((text) => parseTerm(text) !== undefined, 'must be a duration such as PT1H, P30D (thirty times 24 hours), P1M (a calendar month) or P1Y, without mixing the kinds')
  .describe('ISO 8601: PT1H, P30D, P1M')

const secondsText = z
  .string()
  .max(40)
  .refine((text) => parseSeconds(text) !== undefined, 'must be a duration without months, such as PT12H or P3D')

/** What may be changed later. */
const fields = {
  name: printable(100).min(1),
  description: printable(500).nullable(),
  amount_minor: z.int().positive().max(AMOUNT_MAX).describe('of one term, in minor units'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'),
  term: termText,
  data_bytes: z.int().positive().nullable().describe('null: unlimited'),
  upload_kbps: kbps,
  download_kbps: kbps,
  devices: z.int().positive().max(100),
  grace: secondsText.refine((text) => graceSeconds.safeParse(parseSeconds(text)).success, 'must be at most P90D').describe('how long access goes on, throttled, after the paid time'),
  grace_upload_kbps: kbps,
  grace_download_kbps: kbps,
  reminders: z
    .array(secondsText)
    .refine((list) => reminderSeconds.safeParse(list.map(parseSeconds)).success, 'must be at most ten durations of PT1S to P90D')
    .describe('distances before the end of the paid time'),
  position: z.int().min(0).max(100_000).describe('order among packages of one price'),
}

export const newPackage = z
  .strictObject({
    id: createdId,
    kind: z.enum(['hotspot', 'subscription']).default('hotspot'),
    ...fields,
    description: fields.description.default(null),
    data_bytes: fields.data_bytes.default(null),
    upload_kbps: fields.upload_kbps.default(null),
    download_kbps: fields.download_kbps.default(null),
    devices: fields.devices.default(1),
    grace: fields.grace.default('PT0S'),
    grace_upload_kbps: fields.grace_upload_kbps.default(null),
    grace_download_kbps: fields.grace_download_kbps.default(null),
    reminders: fields.reminders.default([]),
    position: fields.position.default(0),
  })
  .meta({ id: 'NewPackage' })

export const packageChange = z.strictObject(fields).partial().refine((change) => Object.keys(change).length > 0, 'must change something').meta({ id: 'PackageChange' })

export const packageRecord = z
  .object({ id: z.string(), kind: z.enum(['hotspot', 'subscription']), ...fields, duration_seconds: z.int().nullable(), revision: z.int(), archived_at: z.string().nullable() })
  .meta({ id: 'PackageRecord' })

export const packageListQuery = z.strictObject({
  kind: z.enum(['hotspot', 'subscription']).optional(),
  archived: z.enum(['true', 'false']).default('false').transform((text) => text === 'true'),
})
