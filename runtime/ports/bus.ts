/** The bus port: carries mail between actors and facts to whoever listens. */
import type { Fact, Mail } from '../model/messages.ts'

export interface BusReceiver {
  /** Resolves when the receiving actor has committed (or the mail is durably parked); rejects to have it redelivered. */
  deliver(mail: Mail): Promise<void>
}

export interface Bus {
  start(receiver: BusReceiver): Promise<void>
  /** Takes no more deliveries and waits for those under way. */
  stop(): Promise<void>
  /**
   * Resolves when the mail is safe with the bus (or delivered). Mail of one sender to one receiver is
   * handed over in the order of the calls (R4).
   */
  sendMail(mail: Mail): Promise<void>
  publishFact(fact: Fact): Promise<void>
  /** Facts as they are published on this node; at least once, in order per actor. */
  onFact(listener: (fact: Fact) => void): () => void
}
