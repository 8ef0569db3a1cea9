/**
 * Twilio's status callback: a form with MessageSid, MessageStatus, To, From, ErrorCode, ... It may come repeated and out of order.
 * It is signed: `X-Twilio-Signature` is base64 of HMAC-SHA1 with the auth token over the full address that was called, followed by each
 * parameter's name and value, by name. Source: twilio.com/docs/usage/security.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { SmsDeliveryReportResult } from './delivery-report.ts'
import type { SmsDeliveryStatus } from './port.ts'

const STATUSES: ReadonlyMap<string, SmsDeliveryStatus> = new Map([
  ['accepted', 'buffered'],
  ['scheduled', 'buffered'],
  ['queued', 'buffered'],
  ['sending', 'buffered'],
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'delivered'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
])

const form = z.object({ MessageSid: z.string().trim().min(1), MessageStatus: z.string().trim().min(1), To: z.string().default(''), ErrorCode: z.string().default('') })

/** Takes the parsed form. Never throws: the body comes from the open internet. */
export function parseTwilioReport(body: unknown): SmsDeliveryReportResult {
  const parsed = form.safeParse(body)
  if (!parsed.success) return { ok: false, problem: `not a status callback: ${parsed.error.issues[0]?.path.join('.') ?? 'body'} is missing or malformed` }
  const { MessageSid, MessageStatus: providerStatus, To, ErrorCode } = parsed.data
  const status = STATUSES.get(providerStatus.toLowerCase())
  if (status === undefined) return { ok: false, problem: `unknown message status ${JSON.stringify(providerStatus.slice(0, 40))}` }
  return {
    ok: true,
    report: {
      providerId: MessageSid,
      status,
      isFinal: status === 'delivered' || status === 'failed',
      providerStatus,
      ...(ErrorCode === '' ? {} : { failureReason: ErrorCode }),
      ...(To === '' ? {} : { phone: To.replace(/\D/g, '') }),
    },
  }
}

export function twilioSignature(authToken: string, url: string, params: URLSearchParams): string {
  const sorted = [...params].sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
  return createHmac('sha1', authToken).update(url + sorted.map(([name, value]) => name + value).join('')).digest('base64')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function isSignedByTwilio({ authToken, url, body, signature }: { authToken: string; url: string; body: Buffer; signature: string | undefined }): boolean {
  const expected = Buffer.from(twilioSignature(authToken, url, new URLSearchParams(body.toString('utf8'))))
  const given = Buffer.from(signature ?? '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}
