/**
 * The 11 fields of `POST /mpesa/stkpush/v1/processrequest`, checked against Daraja's limits before
 * anything is sent, so that a mistake of ours is named here and not as a generic 400.
 */
import { GatewayError } from '../errors.ts'
import { maskPhone } from '../redact.ts'
import { toWholeShillings } from './amount.ts'
import type { StkPushRequest } from './port.ts'
import { signRequest } from './timestamp.ts'

export type StkTransactionType = 'CustomerPayBillOnline' | 'CustomerBuyGoodsOnline'

export interface StkMerchant {
  /** The paybill, or for a till its head-office or store number; 5-7 digits. */
  shortcode: string
  passkey: string
  transactionType: StkTransactionType
  /** The till for buy goods; the shortcode itself for a paybill. */
  partyB: string
  callbackUrl: string
  shillingsMax: number
}

const ACCOUNT_REFERENCE_CHARS_MAX = 12
const TRANSACTION_DESC_CHARS_MAX = 13
const PAYER = /^254(7|1)\d{8}$/

/** Thrown: `GatewayError` `invalid-phone`, `invalid-field` or those of amount.ts; none is retryable, nothing was sent. */
export function stkPushFields(request: StkPushRequest, merchant: StkMerchant, atMs: number) {
  if (!PAYER.test(request.phone)) {
    throw new GatewayError('invalid-phone', 'the payer is not a Kenyan mobile number', { detail: { phone: maskPhone(request.phone) } })
  }
  return {
    BusinessShortCode: merchant.shortcode,
    ...signRequest(merchant.shortcode, merchant.passkey, atMs),
    TransactionType: merchant.transactionType,
    Amount: toWholeShillings(request, merchant.shillingsMax),
    PartyA: request.phone,
    PartyB: merchant.partyB,
    PhoneNumber: request.phone,
    CallBackURL: checkUrl(request.callbackUrl ?? merchant.callbackUrl),
    AccountReference: checkLength('AccountReference', request.accountReference, ACCOUNT_REFERENCE_CHARS_MAX),
    TransactionDesc: checkLength('TransactionDesc', request.description, TRANSACTION_DESC_CHARS_MAX),
  }
}

function checkLength(field: string, value: string, charsMax: number): string {
  // Refused rather than cut: a reference that lost its end may name another account.
  if (value.trim() === '' || value.length > charsMax) {
    throw new GatewayError('invalid-field', `${field} must have 1 to ${charsMax} characters`, { detail: { field, length: value.length } })
  }
  return value
}

function checkUrl(url: string): string {
  if (!URL.canParse(url)) throw new GatewayError('invalid-field', 'CallBackURL is not a URL', { detail: { field: 'CallBackURL' } })
  return url
}
