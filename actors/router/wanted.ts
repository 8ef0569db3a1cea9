/**
 * A wanted configuration in RouterOS's words. Ours are the records whose comment begins with {@link MARK}, and nothing else is ever
 * changed or removed: what the owner of the router has set by hand stays.
 */
import type { RouterConfiguration } from '../../machines/router/configuration.ts'
import { formatDuration } from '../gateways/routeros/duration.ts'
import type { RouterRecord } from '../gateways/routeros/port.ts'

export const MARK = 'standing:'
/** The hotspot profile that the script makes. */
export const PROFILE = 'standing'

export type Wanted =
  /** Exactly these, of those whose comment begins with `mark`. The comment says which is which: all of it, or what `keyOf` takes of it. */
  | { kind: 'records'; menu: string; mark: string; keyOf?: (comment: string) => string; records: readonly { comment: string; fields: RouterRecord; onAdd?: RouterRecord }[] }
  /** This one, by its name; it is made by the script and by nobody else. */
  | { kind: 'named'; menu: string; name: string; fields: RouterRecord }
  /** A menu with one record. */
  | { kind: 'single'; menu: string; fields: RouterRecord }

export function wantedOf({ identity, walledGarden, bypass, hotspot, dnsServers }: RouterConfiguration): Wanted[] {
  return [
    ...(identity === null ? [] : [{ kind: 'single', menu: '/system/identity', fields: { name: identity } } as const]),
    ...(dnsServers.length === 0 ? [] : [{ kind: 'single', menu: '/ip/dns', fields: { servers: dnsServers.join(',') } } as const]),
    {
      kind: 'named',
      menu: '/ip/hotspot/profile',
      name: PROFILE,
      fields: { 'login-by': hotspot.loginBy.join(','), 'radius-interim-update': formatDuration(hotspot.interimUpdateSeconds), 'use-radius': 'true' },
    },
    {
      kind: 'records',
      menu: '/ip/hotspot/walled-garden',
      mark: `${MARK}garden:`,
      records: [...new Set(walledGarden)].map((host) => ({ comment: `${MARK}garden:${host}`, fields: { 'dst-host': host, action: 'allow' } })),
    },
    {
      kind: 'records',
      menu: '/ip/hotspot/ip-binding',
      mark: `${MARK}bypass:`,
      records: [...new Set(bypass)].map((mac) => ({ comment: `${MARK}bypass:${mac}`, fields: { 'mac-address': mac, type: 'bypassed' } })),
    },
  ]
}
