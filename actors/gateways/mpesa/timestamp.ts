/**
 * Daraja's clock: Nairobi local time as 14 digits, without a zone. Kenya keeps UTC+3 all year, so plain
 * arithmetic is exact and no time-zone data is needed.
 */
const NAIROBI_OFFSET_MS = 3 * 60 * 60 * 1000

/** UTC milliseconds -> `YYYYMMDDHHmmss` in Nairobi. */
export function formatNairobi(atMs: number): string {
  return new Date(atMs + NAIROBI_OFFSET_MS).toISOString().replace(/\D/g, '').slice(0, 14)
}

/** `YYYYMMDDHHmmss` in Nairobi -> RFC 3339 UTC, or undefined if it is not a real moment (a 30 February). */
export function parseNairobi(digits: string): string | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(digits)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match.map(Number)
  const atMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second) - NAIROBI_OFFSET_MS
  // Date.UTC carries impossible parts over (month 13, hour 25); the way back shows it.
  return Number.isFinite(atMs) && formatNairobi(atMs) === digits ? new Date(atMs).toISOString() : undefined
}

/**
 * The two fields that prove who we are. Made together from one moment: two readings of a clock that
 * straddle a second are answered with `500.001.1001 [MerchantValidate] - Wrong credentials`.
 */
export function signRequest(shortcode: string, passkey: string, atMs: number): { Timestamp: string; Password: string } {
  const timestamp = formatNairobi(atMs)
  return { Timestamp: timestamp, Password: Buffer.from(`${shortcode}${passkey}${timestamp}`).toString('base64') }
}
