/**
 * The RADIUS rows of a session: there exactly while it can be used, written and removed in the commit of
 * the step (R1), so access and record cannot differ.
 *
 * Why the password stands there readable: MikroTik hotspots log in by CHAP, where the server must know the
 * password itself to compare; a hash would refuse every login. It lives in one table, for the paid time only.
 */
import type { SessionContext } from '../../machines/hotspot-session/context.ts'
import type { PackageSnapshot } from '../../machines/package.ts'
import type { Change, Projection } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { accessRows, noAccessRows } from '../radius-rows/access.ts'
import { ACCOUNT_EVERY_SECONDS, dataLimit, expirationValue, radiusRow, rateLimitValue, type RadiusRow } from '../radius-rows/values.ts'

const USABLE_STATES: ReadonlySet<string> = new Set(['ready', 'online', 'kicking'])

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

/** Outlives the access, until late accounting has had its time. */
export function radiusAccess(issuer: CredentialIssuer): Projection {
  return (change) => {
    const { address, states, previousStates } = change
    const session = change.context as SessionContext
    const { username } = issuer.issue(address, session.credentialVersion)
    if (states.includes('closed')) return previousStates.includes('closed') ? [] : noAccessRows(username)
    if (previousStates.length > 0 && !hasOtherDevices(change)) return []
    const { devices, dataBytes } = session.package
    return [accessRows(address, { username, devices, dataBytes, deviceGeneration: session.deviceGeneration })]
  }
}

function hasOtherDevices({ context, previousContext }: Change): boolean {
  return (context as SessionContext).deviceGeneration !== (previousContext as SessionContext).deviceGeneration
}

function checkRows(username: string, password: string, session: SessionContext): RadiusRow[] {
  return [
    radiusRow(username, 'Cleartext-Password', password),
    radiusRow(username, 'Simultaneous-Use', String(session.package.devices)),
    radiusRow(username, 'Expiration', expirationValue(session.expiresAt)),
  ]
}

function replyRows(username: string, { uploadKbps, downloadKbps, dataBytes }: PackageSnapshot): RadiusRow[] {
  return [
    ...(uploadKbps === null && downloadKbps === null ? [] : [radiusRow(username, 'Mikrotik-Rate-Limit', rateLimitValue(uploadKbps, downloadKbps))]),
    ...(dataBytes === null ? [] : dataLimit(dataBytes).map(([attribute, value]) => radiusRow(username, attribute, value))),
    radiusRow(username, 'Acct-Interim-Interval', String(ACCOUNT_EVERY_SECONDS)),
  ]
}
