/**
 * Twilio: `POST <base>/2010-04-01/Accounts/<sid>/Messages.json` with a form (To, From or MessagingServiceSid, Body, StatusCallback), Basic
 * authentication; answered by HTTP 201 and {"sid":"SM…","status":"queued","num_segments":"1","price":null,"price_unit":"USD"}, or by
 * {"code":21211,"message":"…","status":400}. The price is told later, in the account's own reports, and then negative.
 * Sources: twilio.com/docs/messaging/api/message-resource, twilio.com/docs/api/errors, twilio-openapi.
 */
import { z } from 'zod'
import { createCallLedger } from '../call-ledger.ts'
import { GatewayError } from '../errors.ts'
import { endpointUrl, retryAfterMs, sendHttp, type HttpAnswer } from '../http.ts'
import { fractionDigitsOf, parseMinorUnitsRounded } from '../money.ts'
import { maskPhone, redact } from '../redact.ts'
import type { SmsGateway, SmsMessage, SmsSent } from './port.ts'
import { measureSms } from './segments.ts'

export interface TwilioOptions {
  /** `https://api.twilio.com`, or a stand-in. */
  baseUrl: string
  accountSid: string
  authToken: string
  /** A number with plus, an alphanumeric sender, or the SID of a messaging service (`MG…`). */
  sender: string
  /** Where delivery is reported; asked for with each message, as the address may not be known before the system listens. */
  statusCallback: () => string | undefined
  /** Per call. Default 15 s. */
  timeoutMs?: number
  /** Longest text in segments. Default 6. */
  segmentsMax?: number
}

const taken = z.object({
  sid: z.string().min(1),
  status: z.string().default('queued'),
  num_segments: z.union([z.string(), z.number()]).transform(Number).optional(),
  price: z.string().nullable().default(null),
  price_unit: z.string().nullable().default(null),
})
const refusal = z.object({ code: z.number(), message: z.string().default('') })

const E164_DIGITS = /^\+?[1-9]\d{6,14}$/

/** Twilio's codes that say something of the recipient; all others are about us, our account or the moment. */
const RECIPIENT_CODES: ReadonlyMap<number, string> = new Map([
  [21211, 'invalid-phone'],
  [21217, 'invalid-phone'],
  [21408, 'unsupported-number'],
  [21610, 'blocked-by-recipient'],
  [21612, 'could-not-route'],
  [21614, 'unsupported-number'],
])

export function createTwilioClient(options: TwilioOptions): SmsGateway {
  const { accountSid, authToken, sender, timeoutMs = 15_000, segmentsMax = 6 } = options
  const ledger = createCallLedger<SmsSent>()
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`

  async function send(message: SmsMessage, segments: number, signal: AbortSignal | undefined): Promise<SmsSent> {
    const callback = options.statusCallback()
    const answer = await sendHttp({
      method: 'POST',
      url: endpointUrl(options.baseUrl, `/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`),
      label: 'Twilio send',
      headers: { authorization, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        To: message.to.startsWith('+') ? message.to : `+${message.to}`,
        ...(/^MG[0-9a-f]{32}$/i.test(sender) ? { MessagingServiceSid: sender } : { From: sender }),
        Body: message.text,
        ...(callback === undefined ? {} : { StatusCallback: callback }),
      }).toString(),
      timeoutMs,
      signal,
      isRepeatable: false,
    })
    return readSent(answer, segments, [authToken, message.text])
  }

  return {
    async send(message, { signal } = {}) {
      const { segments } = measureSms(message.text)
      if (!E164_DIGITS.test(message.to)) {
        throw new GatewayError('invalid-phone', 'the SMS number is not digits with country code', { detail: { to: maskPhone(message.to) } })
      }
      if (message.text.trim() === '' || segments > segmentsMax) {
        throw new GatewayError('invalid-text', `an SMS has 1 to ${segmentsMax} segments`, { detail: { segments, length: message.text.length } })
      }
      return await ledger.run(message.key, () => send(message, segments, signal))
    },
  }
}

function readSent(answer: HttpAnswer, segments: number, secrets: readonly string[]): SmsSent {
  const parsed = answer.status >= 200 && answer.status <= 299 ? taken.safeParse(answer.json) : undefined
  if (parsed?.success !== true) throw refusalOf(answer, secrets)
  const { sid, status, num_segments, price, price_unit } = parsed.data
  const cost = price === null || price_unit === null ? undefined : costOf(price, price_unit)
  return { provider: 'twilio', providerId: sid, status: status === 'sent' ? 'sent' : 'queued', segments: num_segments ?? segments, ...(cost === undefined ? {} : { cost }) }
}

/** `-0.00750` `USD` -> 1 cent, exactly 0.00750. */
function costOf(price: string, currency: string): SmsSent['cost'] {
  const decimal = price.replace(/^-/, '')
  const amount = parseMinorUnitsRounded(decimal, fractionDigitsOf(currency.toUpperCase()))
  return amount === undefined ? undefined : { amount, currency: currency.toUpperCase(), decimal }
}

function refusalOf(answer: HttpAnswer, secrets: readonly string[]): GatewayError {
  const { status } = answer
  const told = refusal.safeParse(answer.json).data
  const message = `Twilio send was answered with HTTP ${status}: ${redact(told?.message ?? answer.text, secrets)}`
  const detail = { httpStatus: status }
  const known = { detail, ...(told === undefined ? {} : { providerCode: String(told.code) }) }
  if (status === 401 || status === 403) return new GatewayError('wrong-credentials', message, known)
  // Twilio's own words for both: nothing was taken.
  if (status === 429 || (status === 503 && told !== undefined)) {
    return new GatewayError('rate-limited', message, { retryable: true, retryAfterMs: retryAfterMs(answer.headers) ?? 10_000, ...known })
  }
  if (status >= 400 && status < 500) return new GatewayError(RECIPIENT_CODES.get(told?.code ?? 0) ?? 'refused', message, known)
  return new GatewayError(status >= 500 ? 'provider-failed' : 'answer-not-understood', message, { uncertain: true, ...known })
}
