/**
 * Exact conversions between decimal text and integer minor units. Nothing here uses floating point
 * arithmetic, and nothing rounds unless its name says so.
 */
import { LRUCache } from 'lru-cache'

/** Plain decimal, as systems write money: no sign, no exponent, no thousands separator. */
const DECIMAL = /^(\d{1,15})(?:\.(\d+))?$/

/**
 * A decimal number or text in major units to integer minor units: `1`, `1.00` and `"1.5"` give 100, 100 and 150.
 * Undefined if it is not such a number, or finer than a minor unit (`1.005`), or beyond exact integers.
 */
export function parseMinorUnits(value: unknown, fractionDigits = 2): number | undefined {
  const match = typeof value === 'number' || typeof value === 'string' ? DECIMAL.exec(String(value).trim()) : null
  if (match === null) return undefined
  const [, whole = '', fraction = ''] = match
  const significant = fraction.replace(/0+$/, '')
  if (significant.length > fractionDigits) return undefined
  const minor = Number(whole + significant.padEnd(fractionDigits, '0'))
  return Number.isSafeInteger(minor) ? minor : undefined
}

/** As `parseMinorUnits`, but finer values are rounded half up: for costs that are told to us, never for money that is charged. */
export function parseMinorUnitsRounded(value: string, fractionDigits = 2): number | undefined {
  const [, whole = '', fraction = ''] = DECIMAL.exec(value.trim()) ?? []
  if (whole === '') return undefined
  const kept = fraction.slice(0, fractionDigits).padEnd(fractionDigits, '0')
  const minor = Number(whole + kept) + (Number(fraction[fractionDigits] ?? '0') >= 5 ? 1 : 0)
  return Number.isSafeInteger(minor) ? minor : undefined
}

/** How many digits a currency has after the point (ISO 4217, by the platform's data): KES 2, UGX 0. 2 for an unknown code. */
export function fractionDigitsOf(currency: string): number {
  let digits = fractionDigits.get(currency)
  if (digits === undefined) {
    digits = lookUpFractionDigits(currency)
    fractionDigits.set(currency, digits)
  }
  return digits
}

/** Asking the platform costs more than the rest of reading an answer. Bounded, because what is asked for may come from outside. */
const fractionDigits = new LRUCache<string, number>({ max: 500 })

function lookUpFractionDigits(currency: string): number {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  } catch {
    return 2
  }
}
