/**
 * One channels app per tenant: its key stands in front ends and names the tenant, its secret signs who may hear a private channel.
 * Both are made from the application key, so every node knows them and nothing is stored.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface ChannelApps {
  /** Public: `<tenant>_<20 hex digits>`. */
  keyOf(tenant: string): string
  /** Undefined for a key that is none. */
  tenantOf(key: string): string | undefined
  /**
   * What `POST /broadcasting/auth` answers; holds for this connection and this channel. Behind Pusher's own signature stands the id of the
   * staff's key that it goes by, if one does, so that it ends with the key at whichever node the connection is.
   */
  sign(tenant: string, socketId: string, channel: string, keyId: string | null): string
  /** Undefined when the signature is not ours. */
  signedFor(tenant: string, socketId: string, channel: string, auth: string): { keyId: string | null } | undefined
  /** Stands for an id where the id itself would say too much; the same one for the same id. */
  reference(tenant: string, id: string): string
}

const KEY = /^([a-z0-9][a-z0-9-]{0,62})_[0-9a-f]{20}$/

export function createChannelApps(appKey: string): ChannelApps {
  const keyed = (purpose: string, ...parts: string[]) => createHmac('sha256', appKey).update(['channels', purpose, ...parts].join('\0')).digest('hex')
  const keyOf = (tenant: string): string => `${tenant}_${keyed('key', tenant).slice(0, 20)}`
  // Pusher's own signature: HMAC-SHA256 of "<socket id>:<channel>" with the app's secret, behind the key.
  const sign = (tenant: string, socketId: string, channel: string, keyId: string | null): string => {
    const behind = keyId === null ? '' : `:${keyId}`
    return `${keyOf(tenant)}:${createHmac('sha256', keyed('secret', tenant)).update(`${socketId}:${channel}${behind}`).digest('hex')}${behind}`
  }
  return {
    keyOf,
    sign,
    tenantOf(key) {
      const tenant = KEY.exec(key)?.[1]
      return tenant !== undefined && isSame(key, keyOf(tenant)) ? tenant : undefined
    },
    signedFor(tenant, socketId, channel, auth) {
      const [, , keyId = null] = auth.split(':')
      return isSame(auth, sign(tenant, socketId, channel, keyId)) ? { keyId } : undefined
    },
    reference: (tenant, id) => `ref_${keyed('reference', tenant, id).slice(0, 16)}`,
  }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
