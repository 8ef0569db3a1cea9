/**
 * Africa's Talking: `POST <base>/version1/messaging` with a form, header `apiKey`; answered by HTTP 201 and
 *   {"SMSMessageData":{"Message":"Sent to 1/1 Total Cost: KES 0.8000","Recipients":[{"statusCode":101,
 *    "number":"+2547…","status":"Success","cost":"KES 0.8000","messageId":"ATPid_…"}]}}
 * Sources: AfricasTalkingLtd/africastalking-node.js lib/sms.js and test/mocks.js.
 */
import { z } from 'zod'
import { createCallLedger } from '../call-ledger.ts'
import { GatewayError } from '../errors.ts'
import { endpointUrl, retryAfterMs, sendHttp, type HttpAnswer } from '../http.ts'
import { fractionDigitsOf, parseMinorUnitsRounded } from '../money.ts'
import { maskPhone, redact } from '../redact.ts'
import type { SmsGateway, SmsMessage, SmsSent } from './port.ts'
import { judgeByName, judgeRecipient, type RecipientVerdict } from './recipient-status.ts'
import { measureSms } from './segments.ts'

export interface AfricasTalkingOptions {
  /** `https://api.africastalking.com`, `https://api.sandbox.africastalking.com`, or a stand-in. */
  baseUrl: string
  username: string
  apiKey: string
  /** Short code or alphanumeric sender; without it the provider's shared one is used. */
  sender?: string
  /** Per call. Default 15 s. */
  timeoutMs?: number
  /** Longest text in segments; a longer one is a mistake of ours that would cost money. Default 6. */
  segmentsMax?: number
}

const recipient = z.object({
  statusCode: z.union([z.number(), z.string()]).transform(Number),
  number: z.string().optional(),
  status: z.string().default(''),
  cost: z.string().default(''),
  messageId: z.string().default(''),
})
const answerBody = z.object({
  SMSMessageData: z.object({ Message: z.string().default(''), Recipients: z.array(recipient).default([]) }),
})

const E164_DIGITS = /^\+?[1-9]\d{6,14}$/

export function createAfricasTalkingClient(options: AfricasTalkingOptions): SmsGateway {
  const { timeoutMs = 15_000, segmentsMax = 6 } = options
  const ledger = createCallLedger<SmsSent>()

  async function send(message: SmsMessage, segments: number, signal: AbortSignal | undefined): Promise<SmsSent> {
    const answer = await sendHttp({
      method: 'POST',
      url: endpointUrl(options.baseUrl, '/version1/messaging'),
      label: 'SMS send',
      headers: { apiKey: options.apiKey, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        username: options.username,
        to: plusNumber(message.to),
        message: message.text,
        ...(options.sender === undefined ? {} : { from: options.sender }),
        bulkSMSMode: '1',
        enqueue: '1',
      }).toString(),
      timeoutMs,
      signal,
      isRepeatable: false,
    })
    // The text may hold a password or a code, so it is as secret as the key if an answer echoes it.
    return readSent(answer, segments, [options.apiKey, message.text])
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

function plusNumber(to: string): string {
  return to.startsWith('+') ? to : `+${to}`
}

/** Judged per recipient; we send to one, so the first is the one. */
function readSent(answer: HttpAnswer, segments: number, secrets: readonly string[]): SmsSent {
  const parsed = answer.status >= 200 && answer.status <= 299 ? answerBody.safeParse(answer.json) : undefined
  if (parsed?.success !== true) throw httpError(answer, secrets)
  const { Message, Recipients } = parsed.data.SMSMessageData
  const [first] = Recipients
  const verdict = first === undefined ? judgeByName(Message) : judgeRecipient(first)
  if (verdict === undefined) {
    throw new GatewayError('answer-not-understood', `SMS send: no recipient in the answer: ${redact(Message, secrets)}`, { uncertain: true })
  }
  if (verdict.kind === 'refused') throw refusal(verdict, first?.statusCode, redact(first?.status ?? Message, secrets))
  const cost = readCost(first?.cost ?? '')
  return { provider: 'africas-talking', providerId: first?.messageId ?? '', status: verdict.status, segments, ...(cost === undefined ? {} : { cost }) }
}

function refusal(verdict: RecipientVerdict & { kind: 'refused' }, statusCode: number | undefined, words: string): GatewayError {
  return new GatewayError(verdict.code, `SMS send was refused: ${words}`, {
    retryable: verdict.retryable,
    ...(verdict.retryAfterMs === undefined ? {} : { retryAfterMs: verdict.retryAfterMs }),
    ...(statusCode === undefined ? {} : { providerCode: String(statusCode), detail: { statusCode } }),
  })
}

/** `KES 0.8000` -> 80 cents. Undefined for free or unreadable. */
function readCost(text: string): SmsSent['cost'] {
  const [, currency = '', value = ''] = /^([A-Z]{3})\s+([\d.]+)$/.exec(text.trim()) ?? []
  const amount = currency === '' ? undefined : parseMinorUnitsRounded(value, fractionDigitsOf(currency))
  return amount === undefined ? undefined : { amount, currency, decimal: value }
}

function httpError(answer: HttpAnswer, secrets: readonly string[]): GatewayError {
  const { status } = answer
  const message = `SMS send was answered with HTTP ${status}: ${redact(answer.text, secrets)}`
  const detail = { httpStatus: status }
  if (status === 401 || status === 403) return new GatewayError('wrong-credentials', message, { detail })
  if (status === 429) {
    return new GatewayError('rate-limited', message, { retryable: true, retryAfterMs: retryAfterMs(answer.headers) ?? 10_000, detail })
  }
  if (status >= 400 && status < 500) return new GatewayError('refused', message, { detail })
  // A failing server, a proxy's page, a redirect: the message may have been taken.
  return new GatewayError(status >= 500 ? 'provider-failed' : 'answer-not-understood', message, { uncertain: true, detail })
}
