/** How routers find us, from the settings. */
import { parseNetwork, serverAddress, tunnelKeys } from '../../actors/router/tunnel.ts'
import type { RouterSurroundings } from '../../actors/router/script.ts'
import type { Settings } from '../settings-schema.ts'

/** WireGuard's usual one. */
const TUNNEL_PORT = 51_820

type RouterSettings = Pick<Settings, 'ROUTER_CALL_URL' | 'ROUTER_RADIUS_ADDRESS' | 'ROUTER_TUNNEL_NETWORK' | 'ROUTER_TUNNEL_ENDPOINT' | 'ROUTER_TUNNEL_PUBLIC_KEY' | 'ROUTER_WALLED_GARDEN'>

/** @param address our own, where routers call unless the settings say otherwise */
export function surroundingsOf(settings: RouterSettings, address: string, appKey: string): RouterSurroundings {
  const callUrl = settings.ROUTER_CALL_URL ?? address
  const { hostname } = new URL(callUrl)
  const network = parseNetwork(settings.ROUTER_TUNNEL_NETWORK)
  if (network === undefined) throw new RangeError('ROUTER_TUNNEL_NETWORK is no network')
  const [endpointHost = hostname, endpointPort = String(TUNNEL_PORT)] = settings.ROUTER_TUNNEL_ENDPOINT?.split(':') ?? []
  return {
    callUrl,
    radiusAddress: settings.ROUTER_RADIUS_ADDRESS ?? serverAddress(network),
    tunnel: { network, endpointHost, endpointPort: Number(endpointPort), publicKey: settings.ROUTER_TUNNEL_PUBLIC_KEY ?? tunnelKeys(appKey).publicKey },
    walledGarden: [...new Set([hostname, ...settings.ROUTER_WALLED_GARDEN])],
  }
}
