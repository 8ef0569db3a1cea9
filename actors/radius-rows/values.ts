/** How limits are written as RADIUS attributes, the same for whoever has access: a session, a subscription. */

/** How often routers are asked to tell what was used (Acct-Interim-Interval). */
export const ACCOUNT_EVERY_SECONDS = 300

/** A row of `radius.radcheck` or `radius.radreply`. A type alias, so that it fits the rows of a projection. */
export type RadiusRow = { username: string; attribute: string; op: string; value: string }

export function radiusRow(username: string, attribute: string, value: string): RadiusRow {
  return { username, attribute, op: ':=', value }
}

/**
 * Seconds since the epoch. FreeRADIUS also reads `23 Nov 2025 12:00:00`, but in the time zone of its own
 * machine (fr_get_time: mktime), so a server in Nairobi would end every access three hours early. Its
 * `expiration` module refuses logins from then on and gives the router the time left as Session-Timeout,
 * which a fixed row could not.
 */
export function expirationValue(expiresAt: number): string {
  return String(Math.ceil(expiresAt / 1_000))
}

/** `rx/tx` from the router's side, so the customer's upload comes first. 0 is RouterOS's word for unlimited. */
export function rateLimitValue(uploadKbps: number | null, downloadKbps: number | null): string {
  return `${rate(uploadKbps)}/${rate(downloadKbps)}`
}

function rate(kbps: number | null): string {
  if (kbps === null) return '0'
  return kbps % 1_000 === 0 ? `${kbps / 1_000}M` : `${kbps}k`
}

const GIGAWORD = 2 ** 32

/** Mikrotik-Total-Limit has 32 bits; from 4 GiB on a second attribute counts the multiples of 2^32. Per login, not in all. */
export function dataLimit(bytes: number): [attribute: string, value: string][] {
  const gigawords = Math.floor(bytes / GIGAWORD)
  return [
    ['Mikrotik-Total-Limit', String(bytes % GIGAWORD)],
    ...(gigawords === 0 ? [] : [['Mikrotik-Total-Limit-Gigawords', String(gigawords)] as [string, string]]),
  ]
}
