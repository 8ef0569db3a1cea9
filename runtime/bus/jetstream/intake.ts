/**
 * What one consumer delivers, worked on in order: of one line (a sender and a receiver; the subject of a command) one item at a
 * time, of different lines several. An item that is not taken is tried again here and is not given back to the broker, which
 * would deliver later ones meanwhile (R4). A message is acknowledged when all its items are done.
 */
import type { DeliveryInfo, JsMsg } from 'nats'
import type { Log } from '../../ports/log.ts'
import { pause, widelyHeard } from './pause.ts'

export interface Item {
  readonly line: string
  /** Resolves with undefined when done, else with the pause before it is tried again. A throw is a pause, too. */
  work(attempt: number): Promise<number | undefined>
}

export interface IntakeOptions {
  /** The items of a message, in order. */
  items(message: JsMsg, delivery: DeliveryInfo): Item[]
  /** Items begun and not done at once. */
  atOnce: number
  /** An item that was not taken holds up all later ones that are not begun yet, not only those of its line. */
  stallsAll: boolean
  /** Every delivery is counted and none may be missing: this is the consumer's only reader, from its first delivery on. */
  complete: boolean
  retryMs: number
  retryMaxMs: number
  onRedelivered: () => void
  log: Log
}

interface Held {
  /** The newest delivery: the one to acknowledge. */
  message: JsMsg
  openItems: number
}

interface Entry {
  item: Item
  sequence: number
  held: Held
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #held = new Map<number, Held>()
  #queue: Entry[] = []
  /** Per line with a running item: what waits behind it. */
  readonly #lines = new Map<string, Entry[]>()
  #running = 0
  #stalled = 0
  #delivered = 0
  readonly #closing = widelyHeard()
  #whenIdle: (() => void)[] = []
  #break: () => void = () => {}
  /** A delivery is missing: what came after it must not be taken, so the consumer has to begin again. */
  readonly broken: Promise<void> = new Promise((resolve) => (this.#break = resolve))

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  take(message: JsMsg): void {
    if (this.isClosed) return
    const { info } = message
    if (this.#options.complete && info.deliverySequence !== this.#delivered + 1) {
      this.close()
      this.#break()
      return
    }
    this.#delivered = info.deliverySequence
    if (info.redelivered) this.#options.onRedelivered()
    const known = this.#held.get(info.streamSequence)
    if (known !== undefined) {
      known.message = message
      return
    }
    const items = this.#options.items(message, info)
    if (items.length === 0) return message.ack()
    const held: Held = { message, openItems: items.length }
    this.#held.set(info.streamSequence, held)
    for (const item of items) this.#queue.push({ item, sequence: info.streamSequence, held })
    this.#pump()
  }

  /** Tells the broker that all that we hold is being worked on, however long it takes. */
  stillWorking(): void {
    for (const { message } of this.#held.values()) message.working()
  }

  /** Begins nothing more. What is not begun comes again to whoever reads next. */
  close(): void {
    this.#closing.abort()
    this.#queue = []
    this.#lines.clear()
    if (this.#running === 0) this.#becomeIdle()
  }

  /** Resolves when nothing is worked on any more, after `close`. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  #pump(): void {
    while (!this.isClosed && this.#stalled === 0 && this.#running < this.#options.atOnce) {
      const next = this.#queue.shift()
      if (next === undefined) return
      const line = this.#lines.get(next.item.line)
      if (line === undefined) {
        this.#lines.set(next.item.line, [])
        void this.#run(next)
      } else {
        line.push(next)
      }
    }
  }

  async #run(entry: Entry): Promise<void> {
    this.#running++
    const isDone = await this.#untilDone(entry)
    this.#running--
    if (isDone) this.#finish(entry)
    if (this.isClosed) {
      if (this.#running === 0) this.#becomeIdle()
      return
    }
    const behind = this.#lines.get(entry.item.line) ?? []
    const next = this.#stalled === 0 ? behind.shift() : undefined
    if (next !== undefined) {
      void this.#run(next)
    } else {
      this.#lines.delete(entry.item.line)
      if (behind.length > 0) this.#queue.unshift(...behind)
    }
    this.#pump()
  }

  /** False when it was not taken and we stop. */
  async #untilDone({ item, sequence }: Entry): Promise<boolean> {
    const { stallsAll, log } = this.#options
    let isStalling = false
    for (let attempt = 1; ; attempt++) {
      const waitMs = await this.#attempt(item, attempt)
      if (waitMs === undefined) break
      if (this.isClosed) return false
      if (attempt === 1) log.warn({ line: item.line, sequence, waitMs }, 'a message was not taken; it and those behind it wait')
      if (stallsAll && !isStalling) {
        isStalling = true
        this.#stalled++
      }
      await pause(waitMs, this.#closing.signal)
      if (this.isClosed) return false
    }
    if (isStalling) this.#stalled--
    return true
  }

  async #attempt(item: Item, attempt: number): Promise<number | undefined> {
    try {
      return await item.work(attempt)
    } catch (error) {
      const { log, retryMs, retryMaxMs } = this.#options
      log.debug({ line: item.line, attempt, err: error }, 'not taken')
      return Math.min(retryMs * 2 ** Math.min(attempt - 1, 10), retryMaxMs)
    }
  }

  #finish({ held, sequence }: Entry): void {
    if (--held.openItems > 0) return
    this.#held.delete(sequence)
    held.message.ack()
  }

  #becomeIdle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }
}
