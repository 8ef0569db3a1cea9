/** A store behind a connection that breaks, stalls, and outlives the process that uses it. */
import { StoreUnavailableError } from '../../../runtime/ports/store.ts'
import type { Store } from '../../../runtime/ports/store.ts'
import { memoryLeases } from '../../../runtime/store/memory-leases.ts'
import { never, type Life } from './life.ts'
import type { FaultPlan } from './plan.ts'
import type { Turns } from './turns.ts'

/** A stalled process is killed after this many turns. */
const HANG_TURNS = 60
const SLOW_TURNS = 7

const WRITES: ReadonlySet<PropertyKey> = new Set<keyof Store>(['commit', 'progressEffects', 'removeEffects', 'removeOutbox', 'park', 'removeParked', 'saveMachines'])

type Call = (...args: unknown[]) => Promise<unknown>

export function faultyStore(store: Store, plan: FaultPlan, life: Life, turns: Turns): Store {
  const wait = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await turns.next()
  }
  const guarded =
    (name: string, call: Call): Call =>
    async (...args) => {
      if (life.isDead) {
        // Looking is harmless; a dead process that writes is not.
        if (!WRITES.has(name)) return call(...args)
        life.zombies.push(`store.${name}`)
        return never()
      }
      const fault = plan.next('store')
      if (fault === 'crash-before') return life.crashed()
      if (fault === 'unavailable-before') throw new StoreUnavailableError('the connection was refused')
      if (fault === 'hang-before') return stall()
      if (fault === 'slow-before') await wait(SLOW_TURNS)
      const answer = await call(...args)
      if (fault === 'crash-after') life.crash()
      if (fault === 'unavailable-after') throw new StoreUnavailableError('the connection broke')
      if (fault === 'hang-after') return stall()
      if (fault === 'slow-after') await wait(SLOW_TURNS)
      // Also to the dead: `kill` must drop whatever still comes in.
      return answer
    }
  const stall = (): Promise<never> => {
    void wait(HANG_TURNS).then(() => life.crash())
    return never()
  }
  const leases = memoryLeases()
  return new Proxy(store, {
    get: (target, name) => {
      // Each process believes that everything is its own: it is R2 and R3 that are looked at.
      if (name === 'leases') return leases
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || typeof name !== 'string') return member
      const call = member.bind(target) as Call
      return name === 'start' || name === 'stop' ? call : guarded(name, call)
    },
  })
}
