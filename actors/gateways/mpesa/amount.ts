/** Our money (integer minor units) to what Daraja takes (whole Kenyan shillings). */
import { GatewayError } from '../errors.ts'

const CENTS_PER_SHILLING = 100

/** Safaricom's documented ceiling per transaction; other sources state others, so it is configuration. */
export const SHILLINGS_MAX = 250_000

/** Thrown: `GatewayError` `unsupported-currency`, `fractional-amount` or `amount-out-of-range`; none is retryable. */
export function toWholeShillings(money: { amount: number; currency: string }, shillingsMax = SHILLINGS_MAX): number {
  const detail = { amount: money.amount, currency: money.currency }
  if (money.currency !== 'KES') {
    throw new GatewayError('unsupported-currency', `M-Pesa moves KES only, not ${money.currency}`, { detail })
  }
  if (!Number.isSafeInteger(money.amount) || money.amount % CENTS_PER_SHILLING !== 0) {
    throw new GatewayError('fractional-amount', `M-Pesa takes whole shillings; ${money.amount} cents is not, and is not rounded`, { detail })
  }
  const shillings = money.amount / CENTS_PER_SHILLING
  if (shillings < 1 || shillings > shillingsMax) {
    throw new GatewayError('amount-out-of-range', `M-Pesa takes 1 to ${shillingsMax} shillings, not ${shillings}`, { detail })
  }
  return shillings
}
