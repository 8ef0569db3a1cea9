/** Facts as listeners are told them: worked out and put into text once, however many listen. */
import type { ActorDefinition, Fact } from '../../runtime/index.ts'
import { lensOf } from '../privacy/lens.ts'
import type { ChannelApps } from './app-keys.ts'
import { broadcastsOf, type Shop } from './broadcasts.ts'

export interface Told {
  readonly channel: string
  readonly event: string
  /** JSON. */
  readonly text: string
}

/** The broadcasts of one fact, by channel. */
export type ToldByChannel = ReadonlyMap<string, readonly Told[]>

export interface Telling {
  /** `mayPersonal`: personal fields unmasked. */
  of(fact: Fact, mayPersonal: boolean): ToldByChannel
}

export function createTelling(definitionOf: (type: string) => ActorDefinition | undefined, apps: Pick<ChannelApps, 'reference'>, shop: Shop = {}): Telling {
  const known = { masked: new WeakMap<Fact, ToldByChannel>(), plain: new WeakMap<Fact, ToldByChannel>() }
  return {
    of(fact, mayPersonal) {
      const cache = mayPersonal ? known.plain : known.masked
      let told = cache.get(fact)
      if (told === undefined) {
        const shown = lensOf(definitionOf(fact.address.type), mayPersonal).payload(fact.data)
        told = byChannel(broadcastsOf(fact, shown, (id) => apps.reference(fact.address.tenant, id), shop).map(({ channel, event, data }) => ({ channel, event, text: JSON.stringify(data) })))
        cache.set(fact, told)
      }
      return told
    },
  }
}

function byChannel(all: readonly Told[]): ToldByChannel {
  const found = new Map<string, Told[]>()
  for (const told of all) {
    const same = found.get(told.channel)
    if (same === undefined) found.set(told.channel, [told])
    else same.push(told)
  }
  return found
}
