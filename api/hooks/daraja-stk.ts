/** Safaricom's STK callback -> `payment.callback`. */
import { parseStkCallback, type StkCallback } from '../../actors/gateways/mpesa/callback.ts'
import { paymentEvents } from '../../machines/payment/events.ts'
import { readJson, whyNoJson } from './body-text.ts'
import type { HookHandler } from './handler.ts'
import { madePlain } from './plain-text.ts'

const DESCRIPTION_CHARS_MAX = 1_000
const fields = paymentEvents['payment.callback'].shape

export const darajaStk: HookHandler = {
  provider: 'daraja',
  kind: 'stk',
  read(body, paymentId) {
    const unread = whyNoJson(body)
    if (unread !== undefined) return { ok: false, problem: unread }
    const parsed = parseStkCallback(readJson(body))
    if (!parsed.ok) return { ok: false, problem: parsed.problem }
    const { callback } = parsed
    return {
      ok: true,
      about: { type: 'payment', identifier: 'checkoutRequestId', value: callback.checkoutRequestId, ...(paymentId === undefined ? {} : { orId: paymentId }) },
      event: { type: 'payment.callback', checkoutRequestId: callback.checkoutRequestId, resultCode: callback.resultCode, ...optionalFields(callback) },
    }
  },
}

/**
 * Only those the payment understands: a receipt in an odd form must not cost the customer the payment. The payment
 * treats a success without amount as one for staff to look at; the whole body stays in the inbox.
 */
function optionalFields(callback: StkCallback): Record<string, unknown> {
  const { merchantRequestId, amount, currency, receipt, phone, transactionDate } = callback
  const candidates = { merchantRequestId, resultDesc: madePlain(callback.resultDesc).slice(0, DESCRIPTION_CHARS_MAX), amount, currency, receipt, phone, transactionDate }
  return Object.fromEntries(
    Object.entries(candidates).filter(([name, value]) => value !== undefined && fields[name as keyof typeof candidates].safeParse(value).success),
  )
}
