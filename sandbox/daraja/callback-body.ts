/** The body of an STK callback, in the shapes that Safaricom has been seen to send. */
import type { CallbackPlan } from './behaviours.ts'

export interface CallbackFacts {
  merchantRequestId: string
  checkoutRequestId: string
  resultCode: string
  resultDesc: string
  /** Shillings. */
  amount: number
  phone: string
  receipt: string
  /** `YYYYMMDDHHmmss` in Nairobi. */
  transactionDate: string
}

export function callbackBody(facts: CallbackFacts, dialect: CallbackPlan['dialect'] = 'plain'): Record<string, unknown> {
  const isText = dialect === 'texts'
  const isPrefixed = dialect === 'prefixed'
  // A code such as SFC_IC0003 is text in every dialect.
  const isNumeric = /^\d+$/.test(facts.resultCode)
  return {
    Body: {
      stkCallback: {
        MerchantRequestID: facts.merchantRequestId,
        CheckoutRequestID: facts.checkoutRequestId,
        ResultCode: isNumeric && !isText ? Number(facts.resultCode) : facts.resultCode,
        ResultDesc: `${isPrefixed ? '[STK_CB - ]' : ''}${facts.resultDesc}`,
        ...(facts.resultCode === '0' ? { CallbackMetadata: { Item: isText ? textItems(facts) : plainItems(facts, isPrefixed) } } : {}),
      },
    },
  }
}

function plainItems(facts: CallbackFacts, hasBalance: boolean): unknown[] {
  return [
    { Name: 'Amount', Value: facts.amount },
    { Name: 'MpesaReceiptNumber', Value: facts.receipt },
    // Really without a Value in most callbacks.
    hasBalance ? { Name: 'Balance', Value: '{Amount={BasicAmount=0.00}}' } : { Name: 'Balance' },
    { Name: 'TransactionDate', Value: Number(facts.transactionDate) },
    { Name: 'PhoneNumber', Value: Number(facts.phone) },
  ]
}

function textItems(facts: CallbackFacts): unknown[] {
  return [
    { Name: 'PhoneNumber', Value: facts.phone },
    { Name: 'Balance' },
    { Name: 'TransactionDate', Value: facts.transactionDate },
    { Name: 'MpesaReceiptNumber', Value: facts.receipt },
    { Name: 'Amount', Value: facts.amount.toFixed(2) },
  ]
}
