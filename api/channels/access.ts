/** Who may hear which channel: the one place that decides, for sockets and for streams. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Runtime } from '../../runtime/index.ts'
import { bearerKey, unknownKey } from '../auth/authenticate.ts'
import type { KeyCache } from '../auth/key-cache.ts'
import type { Principal } from '../auth/principal.ts'
import { Problem } from '../http/problem.ts'
import type { Claims } from '../payments/claim.ts'
import { looksLikePaymentId } from '../payments/payment-id.ts'
import { claimedPayment } from '../payments/payment-view.ts'
import { parseChannel, type Channel } from './names.ts'

export interface Caller {
  headers: IncomingHttpHeaders
  ip: string
}

export interface AccessParts {
  runtime: Pick<Runtime, 'get'>
  keys: KeyCache
  claims: Claims
  /** Of callers without a key. */
  publicTenant: string
}

/** Staff hear everything of their own tenant. */
export function mayHear(principal: Principal): boolean {
  return principal.permissions.has('read')
}

/** @throws Problem `channel-unknown` */
export function demandChannel(name: string): Channel {
  const channel = parseChannel(name)
  if (channel === undefined) throw new Problem('channel-unknown', `There is no channel '${name.slice(0, 100)}'.`)
  return channel
}

export interface Admission {
  /** Whose channel it is. */
  tenant: string
  /** Whose word it goes by; null: a customer's, or nobody's. */
  keyId: string | null
}

/**
 * For a caller who may hear the channel: staff by their key, a customer by the proof of being the payer.
 * @throws Problem `unauthenticated`, `forbidden`, `channel-unknown`
 */
export async function admit({ runtime, keys, claims, publicTenant }: AccessParts, name: string, { headers, ip }: Caller): Promise<Admission> {
  const channel = demandChannel(name)
  const key = bearerKey(headers.authorization)
  if (key !== undefined) {
    const principal = await keys.lookUp(key)
    if (principal === undefined) throw unknownKey()
    if (!mayHear(principal)) throw new Problem('forbidden', 'No role of this key may listen to private channels.')
    return { tenant: principal.tenant, keyId: principal.keyId }
  }
  if (channel.kind === 'public') return { tenant: publicTenant, keyId: null }
  if (channel.kind !== 'user') throw new Problem('unauthenticated', 'Send `Authorization: Bearer <api key>`.')
  if (!looksLikePaymentId(channel.id)) throw new Problem('forbidden', 'Only the customer and staff may listen to this channel.')
  const payment = await runtime.get({ tenant: publicTenant, type: 'payment', id: channel.id })
  const isPayer = payment !== undefined && claims.isPayer({ cookieHeader: headers.cookie, ip }, claimedPayment(payment))
  if (!isPayer) throw new Problem('forbidden', 'Only the customer and staff may listen to this channel.')
  return { tenant: publicTenant, keyId: null }
}
