/** What the outside calls of a router need. */
import type { RouterOsGateway } from '../gateways/routeros/port.ts'
import type { RouterLive } from './live.ts'
import type { RouterSecrets } from './secrets.ts'

export interface RouterCalls {
  routerOs: RouterOsGateway
  secrets: RouterSecrets
  live: RouterLive
}
