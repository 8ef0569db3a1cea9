/** Checks the 11 fields of an STK push, and the 4 of a query, as strictly as Safaricom does. */
import { invalidField, refusal, type Answer } from './answers.ts'

export interface Merchant {
  shortcode: string
  passkey: string
}

/** A push that passed. */
export interface Push {
  phone: string
  /** Shillings. */
  amount: number
  transactionType: string
  callbackUrl: string
  accountReference: string
  transactionDesc: string
}

type Body = Readonly<Record<string, unknown>>

const AMOUNT_MAX = 250_000
const PHONE = /^254(7|1)\d{8}$/
/** Words that Safaricom refuses in a callback address; here as whole parts, so that a random secret is never hit by chance. */
const REFUSED_PART = /(^|[/.?&=_-])(mpesa|safaricom|exec?|cme|cmd|sql|query)([/.?&=_-]|$)/i

export function validatePush(body: unknown, merchant: Merchant, requestId: string): Push | Answer {
  if (!isObject(body)) return refusal('bad-payload', requestId)
  const field = firstInvalidField(body)
  if (field !== undefined) return invalidField(field, requestId)
  return checkMerchant(body, merchant, requestId) ?? {
    phone: text(body['PhoneNumber']),
    amount: Number(body['Amount']),
    transactionType: text(body['TransactionType']),
    callbackUrl: text(body['CallBackURL']),
    accountReference: text(body['AccountReference']),
    transactionDesc: text(body['TransactionDesc']),
  }
}

/** The CheckoutRequestID asked for. */
export function validateQuery(body: unknown, merchant: Merchant, requestId: string): string | Answer {
  if (!isObject(body)) return refusal('bad-payload', requestId)
  for (const [field, isValid] of MERCHANT_FIELDS) if (!isValid(body)) return invalidField(field, requestId)
  const id = text(body['CheckoutRequestID'])
  return checkMerchant(body, merchant, requestId) ?? (id.startsWith('ws_CO_') ? id : invalidField('CheckoutRequestID', requestId))
}

type FieldCheck = readonly [field: string, isValid: (body: Body) => boolean]

const MERCHANT_FIELDS: readonly FieldCheck[] = [
  ['BusinessShortCode', (body) => /^\d{5,7}$/.test(text(body['BusinessShortCode']))],
  ['Timestamp', (body) => isTimestamp(text(body['Timestamp']))],
  ['Password', (body) => text(body['Password']) !== ''],
]

const PUSH_FIELDS: readonly FieldCheck[] = [
  ...MERCHANT_FIELDS,
  ['TransactionType', (body) => ['CustomerPayBillOnline', 'CustomerBuyGoodsOnline'].includes(text(body['TransactionType']))],
  ['Amount', (body) => /^[1-9]\d{0,6}$/.test(text(body['Amount'])) && Number(body['Amount']) <= AMOUNT_MAX],
  ['PartyA', (body) => PHONE.test(text(body['PartyA']))],
  ['PartyB', (body) => /^\d{5,7}$/.test(text(body['PartyB']))],
  ['PhoneNumber', (body) => PHONE.test(text(body['PhoneNumber']))],
  ['CallBackURL', (body) => isCallbackUrl(text(body['CallBackURL']))],
  ['AccountReference', (body) => isLength(text(body['AccountReference']), 12)],
  ['TransactionDesc', (body) => isLength(text(body['TransactionDesc']), 13)],
]

function firstInvalidField(body: Body): string | undefined {
  return PUSH_FIELDS.find(([, isValid]) => !isValid(body))?.[0]
}

function checkMerchant(body: Body, merchant: Merchant, requestId: string): Answer | undefined {
  const shortcode = text(body['BusinessShortCode'])
  if (shortcode !== merchant.shortcode) return refusal('merchant-unknown', requestId)
  const password = Buffer.from(`${shortcode}${merchant.passkey}${text(body['Timestamp'])}`).toString('base64')
  return text(body['Password']) === password ? undefined : refusal('wrong-credentials', requestId)
}

function isTimestamp(digits: string): boolean {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits) ?? []
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const moment = new Date(`${iso}Z`)
  // An impossible day is either no date at all or another day, depending on the engine.
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(iso)
}

function isCallbackUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, pathname, search } = new URL(url)
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  // Safaricom takes https only; loopback is where a stand-in lives.
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && !REFUSED_PART.test(`${hostname}${pathname}${search}`)
}

function isLength(value: string, charsMax: number): boolean {
  return value.trim() !== '' && value.length <= charsMax
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Daraja takes numbers and texts alike. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
