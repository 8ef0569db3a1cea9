/** The public payment calls (contract.md §3). */
import { z } from 'zod'
import { printable } from '../../machines/printable.ts'

export const packageView = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    amount: z.number().describe('in major units, such as 10 for KSh 10'),
    amount_minor: z.int().describe('the same, exact'),
    currency: z.string(),
    duration_seconds: z.int(),
    data_bytes: z.int().nullable(),
    upload_kbps: z.int().nullable(),
    download_kbps: z.int().nullable(),
    devices: z.int(),
  })
  .meta({ id: 'Package' })

const SHILLINGS_MAX = 250_000

export const startBody = z
  .strictObject({
    phone_number: z.string().max(40).describe('any usual way of writing a Kenyan mobile number'),
    package_id: printable(64).min(1).optional().describe('this or `subscription_id`'),
    subscription_id: printable(64).min(1).optional(),
    amount: z.int().positive().max(SHILLINGS_MAX).optional().describe('of a subscription, in whole shillings; what is due unless said'),
    mac_address: z.string().max(40).nullish().describe('any usual way of writing a MAC address'),
  })
  .refine(({ package_id: bought, subscription_id: paid }) => (bought === undefined) !== (paid === undefined), { path: ['package_id'], message: 'name either a package or a subscription' })
  .refine(({ subscription_id: paid, amount }) => amount === undefined || paid !== undefined, { path: ['amount'], message: 'belongs to a subscription; a package has its price' })

export const claimBody = z.strictObject({ receipt: z.string().trim().toUpperCase().regex(/^[A-Z0-9]{6,20}$/, 'a receipt is 6 to 20 letters and digits').describe('from the SMS of M-Pesa') })

export const startedSchema = z
  .object({
    success: z.literal(true),
    payment_id: z.string(),
    transaction_id: z.string().nullable().describe('null while M-Pesa has not taken the prompt'),
    data: z.object({ CheckoutRequestID: z.string().nullable(), payment_id: z.string() }),
  })
  .meta({ id: 'StartedPayment' })

export const paymentSchema = z
  .object({
    payment_id: z.string(),
    status: z.string().describe('prompting, deferred, uncertain, awaiting, querying, completed, failed, cancelled, review, ...'),
    amount: z.number().describe('in major units'),
    amount_minor: z.int(),
    currency: z.string(),
    receipt: z.string().optional(),
    message: z.string().describe('for the customer'),
    credentials: z.object({ username: z.string(), password: z.string() }).optional().describe('once, to the paying browser only'),
  })
  .meta({ id: 'Payment' })

const WAIT_MS_MAX = 30_000

/** `30s`, `500ms`, or a bare number of seconds; more than 30 s counts as 30. */
const wait = z
  .string()
  .regex(/^\d{1,5}(ms|s)?$/, 'must be a duration such as 30s')
  .transform((text) => Math.min(WAIT_MS_MAX, Number.parseInt(text, 10) * (text.endsWith('ms') ? 1 : 1_000)))

export const waitQuery = z.strictObject({ wait: wait.default(0) })
