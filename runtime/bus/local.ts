/** The bus of a single node without NATS: mail goes straight to the mailbox, facts to the listeners here. */
import { randomUUID } from 'node:crypto'
import { FactWindow } from '../feed/fact-window.ts'
import type { Fact, Mail } from '../model/messages.ts'
import type { Bus, BusReceiver } from '../ports/bus.ts'

export function localBus(): Bus {
  let receiver: BusReceiver | undefined
  const listeners = new Set<(fact: Fact) => void>()
  const window = new FactWindow()
  // One node: its own order, which ends with the process. Older facts are in the journal.
  window.begin(randomUUID(), 0)
  let published = 0
  return {
    feed: { window },
    start(target) {
      receiver = target
      return Promise.resolve()
    },
    stop() {
      receiver = undefined
      return Promise.resolve()
    },
    // All slices' mail comes here already.
    own: () => Promise.resolve(),
    status: () => ({ isConnected: true, waitingMail: new Map() }),
    sendMail(mail: Mail) {
      // Delivered synchronously, so that the order of calls is the order in the mailbox (R4).
      return receiver === undefined ? Promise.reject(new Error('the bus is not started')) : receiver.deliver(mail)
    },
    publishFact(fact: Fact) {
      for (const listener of listeners) listener(fact)
      window.add(++published, fact)
      return Promise.resolve()
    },
    onFact(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
