/** Who listens to which channel on this node. Reads the feed of a tenant only while somebody does. */
import type { PlacedFact, Runtime } from '../../runtime/index.ts'
import type { Telling, Told } from './telling.ts'

export interface Listener {
  readonly tenant: string
  /** Must not throw. */
  hear(told: Told): void
}

export interface Hub {
  join(channel: string, listener: Listener): void
  leave(channel: string, listener: Listener): void
  /** To whoever listens on this node; for what is no fact. */
  tell(tenant: string, told: Told): void
  /** Called when a channel gets its first listener on this node. */
  onFirst(callback: (tenant: string, channel: string) => void): void
}

interface Tenant {
  channels: Map<string, Set<Listener>>
  leave: () => void
}

export function createHub({ runtime, telling }: { runtime: Pick<Runtime, 'follow'>; telling: Telling }): Hub {
  const tenants = new Map<string, Tenant>()
  const onFirst: ((tenant: string, channel: string) => void)[] = []

  function tenantOf(tenant: string): Tenant {
    let found = tenants.get(tenant)
    if (found === undefined) {
      const channels = new Map<string, Set<Listener>>()
      const onFact = ({ fact }: PlacedFact): void => {
        // Over a socket nobody is known by more than the signature of a channel: personal fields stay masked.
        for (const [channel, all] of telling.of(fact, false)) for (const listener of channels.get(channel) ?? []) for (const told of all) listener.hear(told)
      }
      found = { channels, leave: runtime.follow({ tenant, onFact, onLost: () => undefined }) }
      tenants.set(tenant, found)
    }
    return found
  }

  return {
    join(channel, listener) {
      const { channels } = tenantOf(listener.tenant)
      const listeners = channels.get(channel)
      if (listeners !== undefined) return void listeners.add(listener)
      channels.set(channel, new Set([listener]))
      for (const callback of onFirst) callback(listener.tenant, channel)
    },
    leave(channel, listener) {
      const tenant = tenants.get(listener.tenant)
      const listeners = tenant?.channels.get(channel)
      if (tenant === undefined || listeners?.delete(listener) !== true) return
      if (listeners.size === 0) tenant.channels.delete(channel)
      if (tenant.channels.size > 0) return
      tenant.leave()
      tenants.delete(listener.tenant)
    },
    tell(tenant, told) {
      for (const listener of tenants.get(tenant)?.channels.get(told.channel) ?? []) listener.hear(told)
    },
    onFirst: (callback) => void onFirst.push(callback),
  }
}
