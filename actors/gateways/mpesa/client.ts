/**
 * The Daraja client: Safaricom's API as published, over HTTPS, or our stand-in over loopback.
 *
 * D1. A push is sent once per idempotency key in this process; Daraja itself has no such key.
 * D2. A push is sent again only after a refusal that proves it was not taken (a refused token).
 * D3. Token, passkey, password and consumer secret never appear in an error.
 */
import { z } from 'zod'
import { createCallLedger } from '../call-ledger.ts'
import { endpointUrl, sendHttp, type HttpAnswer } from '../http.ts'
import { SHILLINGS_MAX } from './amount.ts'
import { darajaError, isRepeatable, isTokenRefused, type DarajaEndpoint } from './errors.ts'
import { createMoneyCalls, type Initiator } from './money-calls.ts'
import { createTokenSource } from './oauth.ts'
import type { MpesaGateway, StkPushAccepted, StkPushRequest } from './port.ts'
import { readStkQuery } from './query-result.ts'
import { stkPushFields, type StkMerchant, type StkTransactionType } from './stk-fields.ts'
import { signRequest } from './timestamp.ts'

export interface DarajaClientOptions {
  /** `https://api.safaricom.co.ke`, `https://sandbox.safaricom.co.ke`, or a stand-in. */
  baseUrl: string
  consumerKey: string
  consumerSecret: string
  shortcode: string
  passkey: string
  transactionType: StkTransactionType
  /** The till for buy goods. Default: the shortcode. */
  partyB?: string
  callbackUrl: string
  /** Without it no money can be sent back. */
  initiator?: Initiator | undefined
  /** Which form C2B callbacks come in: `v1` gives the payer's number hashed, `v2` masked. Default `v2`. */
  c2bVersion?: 'v1' | 'v2'
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Per HTTP call. Default 20 s: Daraja often needs more than 10 to accept a push, and giving up early makes it uncertain. */
  timeoutMs?: number
  /** Largest amount of one payment in shillings. Default 250,000. */
  shillingsMax?: number
  /** Default 5 minutes. */
  refreshTokenEarlyMs?: number
}

const PATHS = {
  'stk-push': '/mpesa/stkpush/v1/processrequest',
  'stk-query': '/mpesa/stkpushquery/v1/query',
  reversal: '/mpesa/reversal/v1/request',
  payout: '/mpesa/b2c/v3/paymentrequest',
  status: '/mpesa/transactionstatus/v1/query',
  pull: '/pulltransactions/v1/query',
} as const

const scalar = z.union([z.string(), z.number()]).transform((value) => String(value).trim())

/** Only what a push cannot do without is required: refusing a strange acceptance would lose the CheckoutRequestID of a real prompt. */
const acceptedBody = z.object({
  MerchantRequestID: scalar.optional(),
  CheckoutRequestID: z.string().trim().min(1),
  ResponseCode: scalar.pipe(z.literal('0')),
  ResponseDescription: z.string().optional(),
  CustomerMessage: z.string().optional(),
})

export function createDarajaClient(options: DarajaClientOptions): MpesaGateway {
  const { baseUrl, shortcode, passkey, clock, timeoutMs = 20_000 } = options
  const tokens = createTokenSource({
    baseUrl, clock, timeoutMs,
    consumerKey: options.consumerKey,
    consumerSecret: options.consumerSecret,
    refreshEarlyMs: options.refreshTokenEarlyMs ?? 300_000,
  })
  const merchant: StkMerchant = {
    shortcode, passkey,
    transactionType: options.transactionType,
    partyB: options.partyB ?? shortcode,
    callbackUrl: options.callbackUrl,
    shillingsMax: options.shillingsMax ?? SHILLINGS_MAX,
  }
  const pushes = createCallLedger<StkPushAccepted>()

  /** Sends with a valid token; refreshes it once and sends once more if it is refused. Secrets that were sent come back with the answer. */
  async function call(endpoint: keyof typeof PATHS | 'c2b-register', makeBody: () => { Password?: string }, signal: AbortSignal | undefined) {
    const send = async () => {
      const token = await tokens.get(signal)
      const body = makeBody()
      const answer = await sendHttp({
        method: 'POST',
        url: endpointUrl(baseUrl, endpoint === 'c2b-register' ? `/mpesa/c2b/${options.c2bVersion ?? 'v2'}/registerurl` : PATHS[endpoint]),
        label: `M-Pesa ${endpoint}`,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(body),
        timeoutMs,
        signal,
        isRepeatable: isRepeatable(endpoint),
      })
      return { token, answer, secrets: [token, body.Password ?? '', passkey, options.consumerKey, options.consumerSecret] }
    }
    const first = await send()
    if (!isTokenRefused(first.answer)) return first
    tokens.giveUp(first.token)
    const second = await send()
    // Refused again: forget it, so that a later attempt starts from a fresh one.
    if (isTokenRefused(second.answer)) tokens.giveUp(second.token)
    return second
  }

  async function push(request: StkPushRequest, signal: AbortSignal | undefined): Promise<StkPushAccepted> {
    const { answer, secrets } = await call('stk-push', () => stkPushFields(request, merchant, clock()), signal)
    return readAccepted(answer) ?? refuse('stk-push', answer, secrets)
  }

  const moneyCalls = createMoneyCalls({
    shortcode,
    initiator: options.initiator,
    shillingsMax: merchant.shillingsMax,
    async ask(endpoint, body, secrets, signal) {
      const { answer, secrets: sent } = await call(endpoint, () => body, signal)
      return { answer, refuse: () => refuse(endpoint, answer, [...sent, ...secrets]) }
    },
  })

  return {
    ...moneyCalls,
    async stkPush(request, { idempotencyKey, signal }) {
      // Checked before the ledger and the token: a mistake of ours costs no call.
      stkPushFields(request, merchant, clock())
      return await pushes.run(idempotencyKey, () => push(request, signal))
    },
    async stkQuery({ checkoutRequestId }, { signal } = {}) {
      const fields = () => ({ BusinessShortCode: shortcode, ...signRequest(shortcode, passkey, clock()), CheckoutRequestID: checkoutRequestId })
      const { answer, secrets } = await call('stk-query', fields, signal)
      return readStkQuery(answer) ?? refuse('stk-query', answer, secrets)
    },
  }
}

function readAccepted(answer: HttpAnswer): StkPushAccepted | undefined {
  const parsed = answer.status >= 200 && answer.status <= 299 ? acceptedBody.safeParse(answer.json) : undefined
  if (parsed?.success !== true) return undefined
  return {
    merchantRequestId: parsed.data.MerchantRequestID ?? '',
    checkoutRequestId: parsed.data.CheckoutRequestID,
    responseDescription: parsed.data.ResponseDescription ?? '',
    customerMessage: parsed.data.CustomerMessage ?? '',
  }
}

function refuse(endpoint: DarajaEndpoint, answer: HttpAnswer, secrets: readonly string[]): never {
  throw darajaError(endpoint, answer, secrets)
}
