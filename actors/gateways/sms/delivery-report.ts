/**
 * Africa's Talking's delivery report: a form POST with `id` (our `providerId`), `status`, `phoneNumber`,
 * `networkCode` (63902 is Safaricom), `failureReason` (with Rejected and Failed) and `retryCount`. Unsigned,
 * so only the secret path vouches for it; repeated and out of order, so only moves forward count.
 */
import { z } from 'zod'
import type { SmsDeliveryStatus } from './port.ts'

export interface SmsDeliveryReport {
  providerId: string
  status: SmsDeliveryStatus
  /** True if no later report can change it. */
  isFinal: boolean
  /** The provider's word for the status, e.g. `AbsentSubscriber`. */
  providerStatus: string
  /** E.g. `UserInBlackList`; the full list is not published. */
  failureReason?: string
  /** Digits with country code, without plus. */
  phone?: string
  networkCode?: string
  retryCount?: number
}

/** `problem` is for the log; it quotes nothing from the body but an unknown status word. */
export type SmsDeliveryReportResult = { ok: true; report: SmsDeliveryReport } | { ok: false; problem: string }

const STATUSES: ReadonlyMap<string, SmsDeliveryStatus> = new Map([
  ['sent', 'sent'],
  ['submitted', 'sent'],
  ['buffered', 'buffered'],
  ['success', 'delivered'],
  ['rejected', 'failed'],
  ['failed', 'failed'],
  ['absentsubscriber', 'failed'],
  ['expired', 'expired'],
])

const text = z.union([z.string(), z.number()]).transform((value) => String(value).trim())
const form = z.object({
  id: text.pipe(z.string().min(1)),
  status: text.pipe(z.string().min(1)),
  phoneNumber: text.optional(),
  networkCode: text.optional(),
  failureReason: text.optional(),
  retryCount: text.optional(),
})

/** Takes the parsed form. Never throws: the body comes from the open internet. */
export function parseDeliveryReport(body: unknown): SmsDeliveryReportResult {
  const parsed = form.safeParse(body)
  if (!parsed.success) return { ok: false, problem: `not a delivery report: ${parsed.error.issues[0]?.path.join('.') ?? 'body'} is missing or malformed` }
  const { id, status: providerStatus, phoneNumber = '', networkCode = '', failureReason = '', retryCount = '' } = parsed.data
  const status = STATUSES.get(providerStatus.toLowerCase())
  if (status === undefined) return { ok: false, problem: `unknown delivery status ${JSON.stringify(providerStatus.slice(0, 40))}` }
  return {
    ok: true,
    report: {
      providerId: id,
      status,
      isFinal: status !== 'sent' && status !== 'buffered',
      providerStatus,
      ...(failureReason === '' || failureReason === 'None' ? {} : { failureReason }),
      ...(phoneNumber === '' ? {} : { phone: phoneNumber.replace(/\D/g, '') }),
      ...(networkCode === '' ? {} : { networkCode }),
      ...(/^\d{1,6}$/.test(retryCount) ? { retryCount: Number(retryCount) } : {}),
    },
  }
}
