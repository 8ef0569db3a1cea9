/**
 * Inert actor references. A step never touches a live actor: whoever a machine can name (itself, its
 * parent, a child, an actor of another type) is one of these, and what is "sent" to it is collected as
 * data.
 */
import type { ActorRef, EventObject, Snapshot } from 'xstate'
import { toAddress } from '../model/address.ts'
import type { Address, AddressInput } from '../model/address.ts'

const ADDRESS = Symbol.for('standing.address')

export type InertRef = ActorRef<Snapshot<unknown>, EventObject>

/** A reference to the actor at this address; XState's `sendTo` takes it as a target. */
export function addressRef(input: AddressInput): InertRef {
  const address = toAddress(input)
  const subscription = { unsubscribe: () => undefined }
  const ref = {
    [ADDRESS]: address,
    id: address.id,
    sessionId: `${address.tenant}/${address.type}/${address.id}`,
    src: address.type,
    send: () => undefined,
    _send: () => undefined,
    start: () => ref,
    stop: () => ref,
    subscribe: () => subscription,
    on: () => subscription,
    getSnapshot: () => undefined,
    getPersistedSnapshot: () => undefined,
    toJSON: () => ({ xstate$$type: 1, id: address.id, address }),
  }
  return Object.assign(ref, { ref }) as unknown as InertRef
}

/** The address behind a reference, if it is one of ours. */
export function addressOf(ref: unknown): Address | undefined {
  return typeof ref === 'object' && ref !== null && ADDRESS in ref ? (ref[ADDRESS] as Address) : undefined
}
