/** Amounts as customers read them, whichever way they are told: in a message, in a refusal at the login. */
import { fractionDigitsOf } from './gateways/money.ts'

/** What one is asked for is in whole units, upwards: M-Pesa takes no cents, and a prompt asks for as much. What is over stays credit. */
export function askText(minor: number, currency: string): string {
  const unit = 10 ** fractionDigitsOf(currency)
  return moneyText(Math.ceil(minor / unit) * unit, currency)
}

/** `KES 2,500`; with cents only where there are any. */
export function moneyText(minor: number, currency: string): string {
  const digits = fractionDigitsOf(currency)
  const whole = minor % 10 ** digits === 0
  return `${currency} ${(minor / 10 ** digits).toLocaleString('en-US', { minimumFractionDigits: whole ? 0 : digits, maximumFractionDigits: digits })}`
}
