/** Everything a caller may say to find a router. */
import type { RouterContext } from '../../machines/router/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'

export function routerIdentifiers({ context }: Change): Identifier[] {
  const { name, tunnelAddress, device } = context as RouterContext
  return [
    { kind: 'name', value: name },
    { kind: 'ip', value: tunnelAddress },
    ...(device?.serial == null ? [] : [{ kind: 'serial', value: device.serial }]),
  ]
}
