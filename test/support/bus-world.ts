/** What tests of buses share: mail and facts to send, a receiver that does as it is told, nodes on a broker. */
import { expect } from 'vitest'
import { jetStreamBus, type JetStreamBus, type JetStreamBusOptions } from '../../runtime/bus/jetstream/index.ts'
import { addressKey, SLICE_COUNT, sliceOf, type Address } from '../../runtime/model/address.ts'
import type { Fact, Mail } from '../../runtime/model/messages.ts'
import type { Bus, BusReceiver } from '../../runtime/ports/bus.ts'
import type { Log } from '../../runtime/ports/log.ts'

let count = 0

/** Unique in this process; fit for names of streams. */
export function unique(prefix: string): string {
  return `${prefix}${++count}`
}

export function actor(id = unique('a')): Address {
  return { tenant: 'main', type: 'lamp', id }
}

/** An actor that belongs to the slice. */
export function actorIn(slice: number): Address {
  for (;;) {
    const address = actor()
    if (sliceOf(address) === slice) return address
  }
}

export function mail(to: Address, from: Address = actor(), key = `${addressKey(from)}/1/${unique('')}`): Mail {
  return { key, to, from, correlationId: 'corr', causationId: 'cause', kind: 'event', event: { type: 'toggle', key } }
}

export function fact(address: Address, seq: number, type = 'lamp.turned-on'): Fact {
  return { key: `${addressKey(address)}/${seq}/0`, address, seq, type, data: { watts: seq }, at: Date.UTC(2026, 0, 2, 3, 4, 5, 678), correlationId: 'corr', causationId: 'cause' }
}

/** Every slice, in one hand. */
export function allSlices(epoch = 1): Map<number, number> {
  return new Map(Array.from({ length: SLICE_COUNT }, (_, slice) => [slice, epoch]))
}

export interface Receiver extends BusReceiver {
  /** What was taken, in the order in which it was. */
  readonly taken: Mail[]
  /** What was handed over, taken or not. */
  readonly offered: Mail[]
  /** What becomes of a mail that is handed over; default: it is taken. */
  answer: (mail: Mail) => Promise<void>
  readonly keys: () => string[]
}

export function receiver(): Receiver {
  const self: Receiver = {
    taken: [],
    offered: [],
    answer: () => Promise.resolve(),
    async deliver(mail) {
      self.offered.push(mail)
      await self.answer(mail)
      self.taken.push(mail)
    },
    keys: () => self.taken.map(({ key }) => key),
  }
  return self
}

/** Sends as the outbox does: the next one only when the bus has this one. */
export async function post(bus: Bus, mails: readonly Mail[]): Promise<void> {
  for (const one of mails) await insist(() => bus.sendMail(one))
}

/** Until it succeeds, as the outbox does. */
export async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

/** A promise for tests to keep work under way, and to end it. */
export function gate(): { passed: Promise<void>; open: () => void } {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open: () => open() }
}

/** Waits for a condition; at its end the assertion speaks. */
export function eventually<T>(read: () => T | Promise<T>, timeout = 15_000): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout, interval: 10 })
}

export interface RecordedLog extends Log {
  readonly lines: { level: string; message: string; fields: object }[]
}

export function recordedLog(): RecordedLog {
  const lines: RecordedLog['lines'] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A node's bus, quick to try again. */
export function natsNode(servers: string, prefix: string, options: Partial<JetStreamBusOptions> = {}): JetStreamBus {
  return jetStreamBus({
    servers,
    prefix,
    ...options,
    timing: { reconnectMs: 20, retryMs: 10, retryMaxMs: 100, countMs: 20, answerMs: 2_000, heartbeatMs: 250, ...options.timing },
  })
}

export async function connected(bus: Bus): Promise<void> {
  await eventually(() => bus.status().problem).toBeUndefined()
}
