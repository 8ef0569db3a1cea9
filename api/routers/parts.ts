/** What the edge is given to let routers in. */
import type { RouterOsGateway } from '../../actors/gateways/routeros/port.ts'
import type { RouterSurroundings } from '../../actors/router/script.ts'
import type { RouterSecrets } from '../../actors/router/secrets.ts'
import type { Routers } from '../ports/routers.ts'

export interface RouterParts {
  routers: Routers
  routerOs: RouterOsGateway
  secrets: RouterSecrets
  /** Asked when a script is made: our own address is known only once we listen. */
  surroundings: () => RouterSurroundings
  /** The moment as the actors see it; in the sandbox that clock can be moved. */
  now: () => number
}
