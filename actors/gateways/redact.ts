/**
 * Keeps secrets and personal data out of messages and logs. What an outside system answers may echo what
 * we sent it, so its words pass through here before they become part of an error.
 */

/** Long enough to understand an answer, short enough that a stray HTML page does not flood the log. */
const TEXT_CHARS_MAX = 200

/** A run of 9-15 digits that stands by itself is taken for a phone number; ids such as `ws_CO_1912…` are not touched. */
const PHONE_LIKE = /(?<![\w-])\+?\d{9,15}(?![\w-])/g

/** `254708374149` -> `2547*****149`: enough for staff to recognise, too little to call. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '')
  if (digits.length < 8) return '*'.repeat(digits.length)
  return `${digits.slice(0, 4)}${'*'.repeat(digits.length - 7)}${digits.slice(-3)}`
}

/** The text on one line, cut to a bounded length, with every given secret and every phone number made unreadable. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let clean = text
  for (const secret of secrets) {
    if (secret !== '') clean = clean.replaceAll(secret, '[redacted]')
  }
  clean = clean.replace(PHONE_LIKE, (phone) => maskPhone(phone)).replace(/\s+/g, ' ').trim()
  return clean.length > TEXT_CHARS_MAX ? `${clean.slice(0, TEXT_CHARS_MAX)}…` : clean
}
