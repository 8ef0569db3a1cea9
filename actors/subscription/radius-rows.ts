/**
 * The RADIUS rows of a subscription, under its account number: there exactly while it grants access (S9), written in the commit of
 * the step that changes it (R1). Whoever logs in gets what they say; sessions that are open are told by `applyAccess`.
 */
import { accessOf, GRACE_ADDRESS_LIST } from '../../machines/subscription/access.ts'
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import type { Address, Projection } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { dataLimit, expirationValue, radiusRow, rateLimitValue, type RadiusRow } from '../radius-rows/values.ts'

interface Rows {
  check: RadiusRow[]
  reply: RadiusRow[]
}

export function subscriptionRadiusRows(issuer: CredentialIssuer): Projection {
  return ({ address, context, previousContext }) => {
    const now = context as SubscriptionContext
    const rows = rowsOf(now, address, issuer)
    const before = previousContext === undefined ? { check: [], reply: [] } : rowsOf(previousContext as SubscriptionContext, address, issuer)
    const key = { username: now.accountNumber }
    return [
      ...(isSame(rows.check, before.check) ? [] : [{ table: 'radius.radcheck', key, rows: rows.check }]),
      ...(isSame(rows.reply, before.reply) ? [] : [{ table: 'radius.radreply', key, rows: rows.reply }]),
    ]
  }
}

function rowsOf(context: SubscriptionContext, address: Address, issuer: CredentialIssuer): Rows {
  const { accountNumber: username, plan, credentialVersion } = context
  const access = accessOf(context)
  if (access.level === 'none') return { check: [], reply: [] }
  const { uploadKbps, downloadKbps } = access
  return {
    check: [
      // Readable for the reason given in actors/hotspot-session/radius-rows.ts.
      radiusRow(username, 'Cleartext-Password', issuer.issue(address, credentialVersion).password),
      radiusRow(username, 'Simultaneous-Use', String(plan.devices)),
      radiusRow(username, 'Expiration', expirationValue(access.until)),
    ],
    reply: [
      ...(uploadKbps === null && downloadKbps === null ? [] : [radiusRow(username, 'Mikrotik-Rate-Limit', rateLimitValue(uploadKbps, downloadKbps))]),
      ...(access.level === 'throttled' ? [radiusRow(username, 'Mikrotik-Address-List', GRACE_ADDRESS_LIST)] : []),
      ...(plan.dataBytes === null ? [] : dataLimit(plan.dataBytes).map(([attribute, value]) => radiusRow(username, attribute, value))),
    ],
  }
}

function isSame(one: readonly RadiusRow[], other: readonly RadiusRow[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
