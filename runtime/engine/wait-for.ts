/** Waits until an actor's view satisfies a predicate. */
import { addressKey, toAddress } from '../model/address.ts'
import type { AddressInput } from '../model/address.ts'
import type { ActorView } from '../model/view.ts'
import type { ActorState } from '../step/actor-state.ts'
import type { Watchers } from './watchers.ts'

export interface WaitParts {
  watchers: Watchers
  stateOf: (address: AddressInput) => Promise<ActorState | undefined>
  view: (state: ActorState) => ActorView | Promise<ActorView>
}

export function waitFor(
  { watchers, stateOf, view }: WaitParts,
  to: AddressInput,
  predicate: (view: ActorView) => boolean,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<ActorView | undefined> {
  return new Promise<ActorView | undefined>((resolve, reject) => {
    const onAbort = (): void => done(undefined)
    const cleanUp = (): void => {
      clearTimeout(timer)
      unwatch()
      signal?.removeEventListener('abort', onAbort)
    }
    const done = (found: ActorView | undefined): void => {
      cleanUp()
      resolve(found)
    }
    const fail = (error: Error): void => {
      cleanUp()
      reject(error)
    }
    // The predicate is the caller's: what it throws is the caller's to hear.
    const judge = (seen: ActorView): void => {
      try {
        if (predicate(seen)) done(seen)
      } catch (error) {
        fail(error as Error)
      }
    }
    const look = (state: ActorState): void => {
      try {
        const seen = view(state)
        if (seen instanceof Promise) seen.then(judge, fail)
        else judge(seen)
      } catch (error) {
        fail(error as Error)
      }
    }
    const timer = setTimeout(() => done(undefined), timeoutMs)
    const unwatch = watchers.watch(addressKey(toAddress(to)), look)
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    // Watching began first, so a change in between is not missed.
    stateOf(to).then((state) => state !== undefined && look(state), fail)
  })
}
