/** One actor's place in memory: its state as last committed, and the events that wait for it in order (R4). */
import { sliceOf } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import type { Delivery } from '../model/messages.ts'
import type { ParkedRow } from '../model/records.ts'
import type { UniqueKeyError } from '../ports/store.ts'
import type { SendResult } from '../model/view.ts'
import type { ActorState } from '../step/actor-state.ts'

/** How an event came, which decides what becomes of it when it is not accepted (R8). */
export type Reply =
  /** Somebody waits for the answer. */
  | { mode: 'sync'; ifSeq: number | undefined; checkBody: boolean; resolve: (result: SendResult) => void; reject: (error: unknown) => void }
  /** Nobody waits; `settle` acknowledges to where it came from. */
  | { mode: 'async'; settle: () => void }

export interface Item {
  delivery: Delivery
  reply: Reply
  /** Set when the event comes out of the parked table: the commit that settles it removes the row. */
  parked: ParkedRow | undefined
  /** Set when a commit with this event had an unknown outcome: look in the journal before stepping again. */
  maybeCommitted: boolean
  /** Looked up: the journal does not have it. */
  isNew?: boolean
  /** Tried on the actor as it is stored, not as this node remembers it. */
  isCurrent?: boolean
  /** The database refused the commit of this event alone: to be treated as a step that threw (R7). */
  failure: unknown
  /** A unique key refused the commit of this event alone: whose the row is, is to be found out before it is stepped again. */
  contested?: UniqueKeyError
  /** It was found out, and the event told anew: once, as a second refusal is for people. */
  isRetold?: boolean
}

/** Work that needs the actor for itself (administration): runs alone, between two batches. */
export type Exclusive = () => Promise<void>

export class Cell {
  readonly key: string
  readonly address: Address
  readonly slice: number
  /** `unknown`: to be loaded; `absent`: no such actor is stored; `unfit`: stored, but not for this code (R12). */
  state: ActorState | 'unknown' | 'absent' | 'unfit' = 'unknown'
  queue: Item[] = []
  readonly exclusive: Exclusive[] = []
  /** In a batch, loading, or in exclusive use. */
  busy = false
  /** Waits in the ready line already. */
  ready = false
  /** After a failed batch: step one event in a commit of its own, so that the bad one is found. */
  solo = false
  /** A commit of this actor had an unknown outcome, or was another node's: what it may have cancelled is known after the next loading. */
  uncertain = false
  /** The database refuses even the hold of this actor: not tried again before this moment of the machine's clock. */
  restUntil = 0

  constructor(key: string, address: Address) {
    this.key = key
    this.address = address
    this.slice = sliceOf(address)
  }

  get idle(): boolean {
    return !this.busy && !this.ready && this.queue.length === 0 && this.exclusive.length === 0
  }
}

/** From the front of the queue, one event id once: only the journal can answer the second (R3). */
export function takeDistinct(queue: Item[], count: number): Item[] {
  const seen = new Set<string>()
  let taken = 0
  for (; taken < Math.min(count, queue.length); taken++) {
    const item = queue[taken] as Item
    if (item.delivery.fresh) continue
    if (seen.has(item.delivery.eventId)) {
      item.maybeCommitted = true
      break
    }
    seen.add(item.delivery.eventId)
  }
  return queue.splice(0, taken)
}
