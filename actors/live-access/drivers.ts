/**
 * The ways to end a login on its router, in the order in which they are tried: RADIUS (RFC 5176), which every NAS speaks, and RouterOS's
 * REST, for a MikroTik router that does not answer there.
 */
import { hotspotOf } from '../gateways/routeros/hotspot.ts'
import { isGatewayError } from '../gateways/errors.ts'
import type { NasAnswer, RadiusGateway } from '../gateways/radius/port.ts'
import type { RouterOsGateway } from '../gateways/routeros/port.ts'
import type { RouterSecrets } from '../router/secrets.ts'
import type { LiveLogin } from './port.ts'

export interface AccessDriver {
  /** Before a login is ended: the router forgets the device, which would else log itself in again. Never fails: the end matters more. */
  forget?(username: string, login: LiveLogin, signal: AbortSignal): Promise<void>
  /** Undefined: this way leads to no such router. */
  disconnect(username: string, login: LiveLogin, signal: AbortSignal): Promise<NasAnswer | undefined>
}

export function radiusDriver(radius: RadiusGateway): AccessDriver {
  return {
    async disconnect(username, { nas, acctSessionId, framedIp }, signal) {
      return nas === null ? undefined : radius.disconnect(nas, { username, acctSessionId, framedIp }, { signal })
    },
  }
}

export function restDriver({ routerOs, secrets }: { routerOs: RouterOsGateway; secrets: RouterSecrets }): AccessDriver {
  const hotspot = ({ router, apiUrl, secretVersion }: NonNullable<LiveLogin['rest']>) => hotspotOf(routerOs.connect({ url: apiUrl, ...secrets.api(router, secretVersion) }))
  return {
    async forget(username, { rest }, signal) {
      if (rest === null) return
      await hotspot(rest).forget(username, { signal }).catch((error: unknown) => {
        if (!isGatewayError(error)) throw error
      })
    },
    async disconnect(username, { rest, framedIp }, signal) {
      if (rest === null) return undefined
      try {
        return { outcome: (await hotspot(rest).end(username, framedIp, { signal })) > 0 ? 'done' : 'gone' }
      } catch (error) {
        if (!isGatewayError(error)) throw error
        return { outcome: error.code === 'refused' ? 'refused' : 'unreachable' }
      }
    },
  }
}
