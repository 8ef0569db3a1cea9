/**
 * Reads an STK callback, the POST by which Safaricom tells what became of a prompt. It is unsigned and
 * comes zero to many times; this file only says what it contains, belief is for the caller.
 *
 * Shape (public documents and recorded callbacks; the last item's Value is really missing):
 *   {"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"ws_CO_…","ResultCode":0,
 *    "ResultDesc":"…","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},
 *    {"Name":"TransactionDate","Value":20191219102115},{"Name":"PhoneNumber","Value":254708374149},{"Name":"Balance"}]}}}}
 * A failure has no CallbackMetadata. Items come in any order.
 */
import { z } from 'zod'
import { parseMinorUnits } from '../money.ts'
import { parseNairobi } from './timestamp.ts'

export interface StkCallback {
  /** Empty if it was left out; only the CheckoutRequestID is a key. */
  merchantRequestId: string
  checkoutRequestId: string
  /** As text, whether it came as number or text. `"0"` is the only success. */
  resultCode: string
  /** Without the `[STK_CB - ]` prefix. */
  resultDesc: string
  /** Minor units, exact. Missing on failure, and if the amount is no exact number of cents: then `raw` has it. */
  amount?: number
  currency: 'KES'
  /** M-Pesa's receipt, e.g. `NLJ7RT61SV`. */
  receipt?: string
  /** RFC 3339 UTC. */
  transactionDate?: string
  /** Digits as given, normally `2547…`; may be masked. */
  phone?: string
  /** The whole body as it came, unknown fields and all. */
  raw: unknown
}

/** `problem` is for the log and for staff; it quotes nothing from the body. */
export type StkCallbackResult = { ok: true; callback: StkCallback } | { ok: false; problem: string; raw: unknown }

const scalar = z.union([z.string(), z.number()])
const item = z.object({ Name: z.string(), Value: z.unknown().optional() })
/** One item alone instead of a list, or things that are no items, must not cost us a payment. */
const items = z.preprocess(
  (value) => (Array.isArray(value) ? (value as unknown[]) : [value]).filter((entry) => item.safeParse(entry).success),
  z.array(item),
)
const envelope = z.object({
  Body: z.object({
    stkCallback: z.object({
      MerchantRequestID: scalar.nullish(),
      CheckoutRequestID: z.string().trim().min(1),
      ResultCode: scalar,
      ResultDesc: z.string().nullish(),
      CallbackMetadata: z.object({ Item: items.optional() }).nullish().catch(undefined),
    }),
  }),
})

/** Never throws: the body comes from the open internet. */
export function parseStkCallback(body: unknown): StkCallbackResult {
  const parsed = envelope.safeParse(body)
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? ''
    return { ok: false, problem: `not an STK callback: ${where === '' ? 'body' : where} is missing or malformed`, raw: body }
  }
  const from = parsed.data.Body.stkCallback
  const resultCode = String(from.ResultCode).trim()
  if (resultCode === '') return { ok: false, problem: 'not an STK callback: ResultCode is empty', raw: body }
  const values = new Map((from.CallbackMetadata?.Item ?? []).map(({ Name, Value }) => [Name.trim(), Value]))
  const amount = parseMinorUnits(values.get('Amount'))
  const receipt = textOf(values.get('MpesaReceiptNumber'))
  const transactionDate = parseNairobi(textOf(values.get('TransactionDate')) ?? '')
  const phone = textOf(values.get('PhoneNumber'))?.replace(/^\+/, '')
  return {
    ok: true,
    callback: {
      merchantRequestId: textOf(from.MerchantRequestID) ?? '',
      checkoutRequestId: from.CheckoutRequestID,
      resultCode,
      resultDesc: stripPrefix(from.ResultDesc ?? ''),
      ...(amount === undefined ? {} : { amount }),
      currency: 'KES',
      ...(receipt === undefined ? {} : { receipt }),
      ...(transactionDate === undefined ? {} : { transactionDate }),
      ...(phone === undefined ? {} : { phone }),
      raw: body,
    },
  }
}

function stripPrefix(resultDesc: string): string {
  return resultDesc.trim().replace(/^\[STK_CB\s*-[^\]]*\]\s*/i, '')
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  return text === '' ? undefined : text
}
