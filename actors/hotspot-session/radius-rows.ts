/**
 * The RADIUS rows of a session: there exactly while it can be used, written and removed in the commit of
 * the step (R1), so access and record cannot differ.
 *
 * Why the password stands there readable: MikroTik hotspots log in by CHAP, where the server must know the
 * password itself to compare; a hash would refuse every login. It lives in one table, for the paid time only.
 */
import type { SessionContext } from '../../machines/hotspot-session/context.ts'
import type { PackageSnapshot } from '../../machines/package.ts'
import type { Projection } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'

type Row = { username: string; attribute: string; op: string; value: string }

const USABLE_STATES: ReadonlySet<string> = new Set(['ready', 'online'])

function isUsable(states: readonly string[]): boolean {
  return states.some((state) => USABLE_STATES.has(state))
}

export function radiusRows(issuer: CredentialIssuer): Projection {
  return ({ address, states, previousStates, context }) => {
    if (isUsable(states) === isUsable(previousStates)) return []
    const session = context as SessionContext
    const { username, password } = issuer.issue(address, session.credentialVersion)
    const isOpen = isUsable(states)
    return [
      { table: 'radius.radcheck', key: { username }, rows: isOpen ? checkRows(username, password, session) : [] },
      { table: 'radius.radreply', key: { username }, rows: isOpen ? replyRows(username, session.package) : [] },
    ]
  }
}

function checkRows(username: string, password: string, session: SessionContext): Row[] {
  return [
    { username, attribute: 'Cleartext-Password', op: ':=', value: password },
    { username, attribute: 'Simultaneous-Use', op: ':=', value: String(session.package.devices) },
    { username, attribute: 'Expiration', op: ':=', value: expirationValue(session.expiresAt) },
  ]
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

function replyRows(username: string, { uploadKbps, downloadKbps, dataBytes }: PackageSnapshot): Row[] {
  const reply = (attribute: string, value: string): Row => ({ username, attribute, op: ':=', value })
  return [
    ...(uploadKbps === null && downloadKbps === null ? [] : [reply('Mikrotik-Rate-Limit', rateLimitValue(uploadKbps, downloadKbps))]),
    ...(dataBytes === null ? [] : dataLimit(dataBytes).map(([attribute, value]) => reply(attribute, value))),
  ]
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
function dataLimit(bytes: number): [attribute: string, value: string][] {
  const gigawords = Math.floor(bytes / GIGAWORD)
  return [
    ['Mikrotik-Total-Limit', String(bytes % GIGAWORD)],
    ...(gigawords === 0 ? [] : [['Mikrotik-Total-Limit-Gigawords', String(gigawords)] as [string, string]]),
  ]
}
