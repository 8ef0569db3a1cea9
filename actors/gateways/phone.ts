/**
 * Phone numbers as people type them, turned into digits with country code (E.164 without the plus).
 * M-Pesa takes Kenyan mobile numbers only; an SMS may go anywhere.
 */
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js'

/** `phone`: digits with country code, e.g. `254708374149`. `problem`: a sentence to show beside the field. */
export type PhoneResult = { ok: true; phone: string } | { ok: false; problem: string }

/** What Daraja takes as a payer (protocols: M-Pesa, "Phone"): Safaricom's 2547… and 2541… ranges. */
const KENYAN_MOBILE = /^254(7|1)\d{8}$/
const PLAUSIBLE = /^[\s\d+().\-/]+$/
const INPUT_CHARS_MAX = 40

/**
 * A Kenyan mobile number in any usual format: `+254 7…`, `2547…` (12 digits), `07…` (10) or `7…` (9).
 * Anything else is refused: a guess could prompt a stranger to pay.
 */
export function normaliseKenyanPhone(input: string): PhoneResult {
  const text = input.trim()
  if (text === '') return { ok: false, problem: 'A phone number is needed.' }
  if (text.length > INPUT_CHARS_MAX || !PLAUSIBLE.test(text)) {
    return { ok: false, problem: 'A phone number has only digits, spaces and + ( ) - . /.' }
  }
  const digits = text.replace(/\D/g, '')
  const full = withKenyanCode(digits)
  if (full === undefined) {
    return { ok: false, problem: 'A Kenyan number has 9 digits after 0 or +254, for example 0712 345 678.' }
  }
  if (!KENYAN_MOBILE.test(full)) {
    return { ok: false, problem: 'Only Kenyan mobile numbers that start with 07, 01, +2547 or +2541 can pay by M-Pesa.' }
  }
  return { ok: true, phone: full }
}

function withKenyanCode(digits: string): string | undefined {
  if (digits.length === 12 && digits.startsWith('254')) return digits
  if (digits.length === 10 && digits.startsWith('0')) return `254${digits.slice(1)}`
  if (digits.length === 9) return `254${digits}`
  return undefined
}

/** A number of any country; one without country code is read as `defaultCountry`'s. */
export function normalisePhone(input: string, defaultCountry: CountryCode = 'KE'): PhoneResult {
  const text = input.trim()
  if (text === '') return { ok: false, problem: 'A phone number is needed.' }
  const found = text.length > INPUT_CHARS_MAX ? undefined : parse(text, defaultCountry)
  if (found === undefined) return { ok: false, problem: 'This is not a phone number; write it with its country code, for example +254 712 345 678.' }
  return { ok: true, phone: found }
}

function parse(text: string, defaultCountry: CountryCode): string | undefined {
  const asTyped = parsePhoneNumberFromString(text, { defaultCountry, extract: false })
  if (asTyped?.isValid() === true) return asTyped.number.slice(1)
  // `2547…` without a plus is how M-Pesa and most operators' systems write numbers.
  const withPlus = /^\d/.test(text) ? parsePhoneNumberFromString(`+${text}`, { extract: false }) : undefined
  return withPlus?.isValid() === true ? withPlus.number.slice(1) : undefined
}
