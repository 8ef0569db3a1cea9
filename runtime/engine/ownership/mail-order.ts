/** Tells the bus whose mail is to come here. Timers and effects must not wait for a broker: what it does not take in time is told again. */
import type { Log } from '../../ports/log.ts'
import type { LeaseClock } from './lease-clock.ts'

type Slices = ReadonlyMap<number, number>

const ANSWER_MS = 2_000

export class MailOrder {
  readonly #clock: LeaseClock
  readonly #log: Log
  /** What the bus has taken last. */
  #told: Slices = new Map()
  #telling: Promise<boolean> | undefined

  constructor(clock: LeaseClock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  isTold(slices: Slices): boolean {
    return slices.size === this.#told.size && [...slices].every(([slice, epoch]) => this.#told.get(slice) === epoch)
  }

  /** One at a time; false when the bus does not take it, or not in time. */
  async tell(slices: Slices, bringMail: (slices: Slices) => Promise<void>): Promise<boolean> {
    this.#telling ??= bringMail(slices)
      .then(() => {
        this.#told = slices
        return true
      })
      .catch((error: unknown) => {
        this.#log.warn({ err: error }, 'the bus could not be told which slices are ours; trying again')
        return false
      })
      .finally(() => {
        this.#telling = undefined
      })
    let cancel: () => void = () => undefined
    const isLate = new Promise<boolean>((resolve) => (cancel = this.#clock.after(ANSWER_MS, () => resolve(false), true)))
    const isTold = await Promise.race([this.#telling, isLate])
    cancel()
    return isTold
  }
}
