/**
 * Carries committed messages and facts to the bus, in order per sender and receiver (R4), and forgets each row
 * only when the bus has it (R10). Memory holds a bounded part; past the bound everything waits in the table and
 * is read back in order.
 */
import { addressKey } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import type { Fact, Mail } from '../model/messages.ts'
import type { OutboxRow } from '../model/records.ts'
import type { Bus } from '../ports/bus.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import type { Activity } from './activity.ts'
import type { HeldSlices } from './ownership/held-slices.ts'

export interface OutboxRelayParts {
  store: Store
  bus: Bus
  activity: Activity
  slices: HeldSlices
  log: Log
  /** R9: rows in memory at once. */
  queued: number
}

type Outgoing = { key: string; sender: Address; slice: number } & ({ kind: 'mail'; mail: Mail } | { kind: 'fact'; fact: Fact })

const PAGE = 1_000
const RETRY_MS = 200
/** Delivered rows go with the next commit; when none comes, in a statement of their own after this. */
const FORGET_MS = 20
const FORGET_MAX = 4_000

export class OutboxRelay {
  readonly #parts: OutboxRelayParts
  /** With the slice of each. */
  readonly #inMemory = new Map<string, number>()
  /** What waits behind a message on its way: the bus may refuse one and take the next, which must not overtake. */
  readonly #lines = new Map<string, Outgoing[]>()
  /** Delivered, to be forgotten with the next commit; in order. */
  readonly #relayed = new Set<string>()
  /** Being forgotten by a statement under way. */
  readonly #leaving = new Set<string>()
  /** Forgotten while a sweep was reading: what it has read of them is out of date. */
  readonly #overtaken = new Set<string>()
  #forgetting = false
  /** Rows may be in the store alone, as at first those of an earlier life: later ones must not overtake them. */
  #spilled = true
  /** Rows have been left to the table since the sweep under way began. */
  #left = false
  /** Rows may be in the table before where the sweep under way has come to. */
  #fromStart = false
  #sweeping: Promise<number> | undefined
  #state: 'running' | 'draining' | 'killed' = 'running'

  constructor(parts: OutboxRelayParts) {
    this.#parts = parts
  }

  get pending(): number {
    return this.#inMemory.size
  }

  /** True when rows wait in the store alone. */
  get partial(): boolean {
    return this.#spilled
  }

  /** After the commit that stored them. */
  add(slice: number, facts: readonly Fact[], mails: readonly Mail[]): void {
    for (const fact of facts) this.#admit({ kind: 'fact', key: fact.key, sender: fact.address, slice, fact })
    for (const mail of mails) this.#admit({ kind: 'mail', key: mail.key, sender: mail.from, slice, mail })
  }

  /** From here to the next sweep everything goes by way of the table. */
  spill(): void {
    this.#spilled = true
    this.#left = true
  }

  /** Slices become ours, or others have written for ours: what the table holds of them goes first (R4). A sweep has to follow. */
  readAnew(): void {
    this.spill()
    this.#fromStart = true
  }

  /** Whether anything of these slices is on its way. */
  isCarrying(slices: ReadonlySet<number>): boolean {
    for (const slice of this.#inMemory.values()) if (slices.has(slice)) return true
    return false
  }

  /** R10: rows that nobody is carrying. Resolves with how many were found. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined
      this.#overtaken.clear()
    })
    return this.#sweeping
  }

  async #sweep(): Promise<number> {
    const { store, queued, slices } = this.#parts
    let found = 0
    let position = 0
    this.#left = false
    this.#fromStart = false
    for (;;) {
      const filter = slices.filter
      const page = filter?.length === 0 ? [] : await store.unsentOutbox({ afterPosition: position, limit: PAGE, slices: filter })
      for (const row of page) {
        if (this.#state === 'killed') return found
        if (this.#inMemory.size >= queued) {
          this.#spilled = true
          return found
        }
        position = row.position
        if (this.isKnown(row.key)) continue
        if (this.#send(outgoing(row))) found++
      }
      if (page.length === PAGE) continue
      // Until the table is read to its end, whatever commits meanwhile is left there: it must not overtake (R4).
      if (!this.#left) break
      this.#left = false
      if (!this.#fromStart) continue
      this.#fromStart = false
      position = 0
    }
    this.#spilled = false
    return found
  }

  takeRelayed(): string[] {
    const keys: string[] = []
    for (const key of this.#relayed) {
      if (keys.length === FORGET_MAX) break
      keys.push(key)
      this.#relayed.delete(key)
      this.#leaving.add(key)
    }
    return keys
  }

  /** After the statement that removed them. */
  forgotten(keys: readonly string[]): void {
    for (const key of keys) {
      this.#leaving.delete(key)
      if (this.#sweeping !== undefined) this.#overtaken.add(key)
    }
  }

  /** The statement failed. */
  returnRelayed(keys: readonly string[]): void {
    for (const key of keys) {
      this.#leaving.delete(key)
      this.#relayed.add(key)
    }
    if (keys.length > 0) this.#scheduleForget()
  }

  /** The runtime stops: what the bus does not take at once stays in the table. */
  drain(): void {
    this.#state = 'draining'
  }

  kill(): void {
    this.#state = 'killed'
    this.#inMemory.clear()
    this.#relayed.clear()
  }

  #admit(out: Outgoing): void {
    if (this.#state === 'killed') return
    // Once some are only in the table, later ones must not overtake them.
    if (this.#spilled || this.#inMemory.size >= this.#parts.queued) {
      this.spill()
      return
    }
    this.#send(out)
  }

  /** False when it is carried already, or by another node. */
  #send(out: Outgoing): boolean {
    if (this.#inMemory.has(out.key) || !this.#parts.slices.owns(out.slice)) return false
    this.#inMemory.set(out.key, out.slice)
    this.#parts.activity.begin()
    const key = lineKey(out)
    const line = this.#lines.get(key)
    if (line === undefined) void this.#carryLine(key, out)
    else line.push(out)
    return true
  }

  async #carryLine(key: string, first: Outgoing): Promise<void> {
    const line: Outgoing[] = []
    this.#lines.set(key, line)
    for (let out: Outgoing | undefined = first; out !== undefined; out = line.shift()) {
      if (await this.#carry(out)) continue
      this.#leave([out, ...line])
      break
    }
    this.#lines.delete(key)
  }

  /** False when the bus has not taken it and the runtime ends, or another node carries it now. */
  async #carry(out: Outgoing): Promise<boolean> {
    const { bus, log, slices } = this.#parts
    while (!this.#isKilled() && slices.owns(out.slice)) {
      try {
        await (out.kind === 'mail' ? bus.sendMail(out.mail) : bus.publishFact(out.fact))
        this.#done(out.key)
        return true
      } catch (error) {
        if (this.#state !== 'running') return false
        log.warn({ key: out.key, err: error }, 'the bus did not take a message; trying again')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return false
  }

  /** Gives a refused message and all behind it back to the table, for the next start (R10). */
  #leave(line: readonly Outgoing[]): void {
    for (const { key } of line) if (this.#inMemory.delete(key)) this.#parts.activity.end()
  }

  /** On its way, or delivered already. */
  isKnown(key: string): boolean {
    return this.#inMemory.has(key) || this.#relayed.has(key) || this.#leaving.has(key) || this.#overtaken.has(key)
  }

  #isKilled(): boolean {
    return this.#state === 'killed'
  }

  #done(key: string): void {
    if (this.#isKilled()) return
    this.#inMemory.delete(key)
    this.#relayed.add(key)
    this.#scheduleForget()
    this.#parts.activity.end()
    if (this.#spilled && this.#inMemory.size === 0) {
      const { activity, log } = this.#parts
      void activity.during(() => this.sweep().then(() => undefined, (error: unknown) => log.warn({ err: error }, 'the outbox could not be read')))
    }
  }

  #scheduleForget(): void {
    if (this.#forgetting || this.#isKilled()) return
    this.#forgetting = true
    const { activity, store, log } = this.#parts
    void activity.during(async () => {
      await new Promise((resolve) => setTimeout(resolve, FORGET_MS))
      const keys = this.takeRelayed()
      if (keys.length === 0 || this.#isKilled()) return
      try {
        await store.removeOutbox(keys)
        this.forgotten(keys)
      } catch (error) {
        log.warn({ err: error }, 'delivered messages could not be removed; trying again')
        this.returnRelayed(keys)
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }).finally(() => {
      this.#forgetting = false
      if (this.#relayed.size > 0) this.#scheduleForget()
    })
  }
}

function outgoing(row: OutboxRow): Outgoing {
  const { key, sender, slice } = row
  return row.kind === 'mail' ? { kind: 'mail', key, sender, slice, mail: JSON.parse(row.body) as Mail } : { kind: 'fact', key, sender, slice, fact: JSON.parse(row.body) as Fact }
}

function lineKey(out: Outgoing): string {
  const sender = addressKey(out.sender)
  return out.kind === 'mail' ? `${sender} ${addressKey(out.mail.to)}` : sender
}
