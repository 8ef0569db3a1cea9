/** The bus port: carries mail between actors and facts to whoever listens. */
import type { FactWindow, PlacedFact } from '../feed/fact-window.ts'
import type { Fact, Mail } from '../model/messages.ts'

export interface BusReceiver {
  /**
   * Resolves when the receiving actor has committed (or the mail is durably parked). Rejects when it cannot be taken
   * now: it comes again. Nothing later of the same sender to the same receiver overtakes it (R4), and nothing later of the
   * same slice is begun until it is taken; mail of other senders that is in the receiver's hands already goes on.
   */
  deliver(mail: Mail): Promise<void>
}

/** How the bus stands, for readiness and the cluster's page. */
export interface BusStatus {
  /** False: mail and facts wait in the outbox until it is back. */
  isConnected: boolean
  /** Why not, in words for staff; holds no secret. */
  problem?: string
  /** Mail that the broker holds for each of our slices; empty when there is no broker. */
  waitingMail: ReadonlyMap<number, number>
}

/** All facts of all nodes in one order (docs/adr/0014). */
export interface BusFeed {
  /** The newest ones, and the way to hear the next. Reading begins with the first follower. */
  readonly window: FactWindow
  /**
   * Where the bus keeps what has left the window: facts of this order after a place, oldest first; fewer than `limit` at its end.
   * Undefined when some of them are not kept any more, or the order is another one.
   */
  older?(after: { epoch: string; order: number }, limit: number): Promise<PlacedFact[] | undefined>
}

export interface Bus {
  /** Resolves also when the broker is away: it is looked for until `stop`. */
  start(receiver: BusReceiver): Promise<void>
  /** Takes no more deliveries and waits for those under way. */
  stop(): Promise<void>
  /**
   * From now on mail for these slices comes here, and for no others. The epoch of each is its lease's: whoever takes a
   * slice over with a higher epoch gets all its mail that is not acknowledged, in order, and what an earlier owner still
   * acknowledges counts no more. Resolves when nothing is taken any more from slices that are not in the map.
   */
  own(slices: ReadonlyMap<number, number>): Promise<void>
  /**
   * Resolves when the mail is safe with the bus (or delivered). Mail of one sender to one receiver is
   * handed over in the order of the calls (R4).
   */
  sendMail(mail: Mail): Promise<void>
  publishFact(fact: Fact): Promise<void>
  /** Facts as they are published on this node; at least once, in order per actor. */
  onFact(listener: (fact: Fact) => void): () => void
  /** Facts as all nodes publish them; at least once, in order per actor. */
  readonly feed: BusFeed
  status(): BusStatus
}
