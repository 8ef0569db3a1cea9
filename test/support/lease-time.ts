/** The time that leases run on, in the hands of a test. Each node has a clock of its own, which can be frozen as SIGSTOP does. */
import type { LeaseClock } from '../../runtime/engine/ownership/lease-clock.ts'

interface Call {
  at: number
  callback: () => void
}

const STEP_MS = 10
const TURNS = 4

export class NodeClock implements LeaseClock {
  readonly #time: LeaseTime
  readonly #calls = new Set<Call>()
  #isFrozen = false

  constructor(time: LeaseTime) {
    this.#time = time
  }

  now(): number {
    return this.#time.now()
  }

  after(ms: number, callback: () => void): () => void {
    const call = { at: this.now() + ms, callback }
    this.#calls.add(call)
    return () => void this.#calls.delete(call)
  }

  /** Calls nobody back any more; time goes on, and whoever looks sees it. */
  freeze(): void {
    this.#isFrozen = true
  }

  thaw(): void {
    this.#isFrozen = false
  }

  runDue(): void {
    if (this.#isFrozen) return
    for (const call of this.#calls) {
      if (call.at > this.now()) continue
      this.#calls.delete(call)
      call.callback()
    }
  }
}

export class LeaseTime {
  readonly #clocks: NodeClock[] = []
  #now = 1_000

  readonly now = (): number => this.#now

  clock(): NodeClock {
    const clock = new NodeClock(this)
    this.#clocks.push(clock)
    return clock
  }

  /** In small steps, with time in each for what follows from it. */
  async advance(ms: number): Promise<void> {
    for (let rest = ms; rest > 0; rest -= STEP_MS) {
      this.#now += Math.min(STEP_MS, rest)
      for (const clock of this.#clocks) clock.runDue()
      for (let i = 0; i < TURNS; i++) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
