/** Says every second that this node lives, one call at a time, and at once when somebody asks for it. */
import type { LeaseClock } from './lease-clock.ts'

export class BeatLoop {
  readonly #clock: LeaseClock
  readonly #beat: () => Promise<number>
  #cancel: (() => void) | undefined
  #beating = false
  #again = false
  #running = false

  /** @param beat one beat; resolves with the time until the next, and does not reject. */
  constructor(clock: LeaseClock, beat: () => Promise<number>) {
    this.#clock = clock
    this.#beat = beat
  }

  start(firstAfterMs: number): void {
    this.#running = true
    this.#schedule(firstAfterMs)
  }

  stop(): void {
    this.#running = false
    this.#cancel?.()
  }

  /** Something has changed elsewhere: the next beat is now. */
  soon(): void {
    if (!this.#running) return
    if (this.#beating) this.#again = true
    else this.#schedule(0)
  }

  #schedule(ms: number): void {
    this.#cancel?.()
    this.#cancel = this.#clock.after(ms, () => void this.#turn())
  }

  async #turn(): Promise<void> {
    if (this.#beating) return
    this.#beating = true
    this.#again = false
    const nextMs = await this.#beat()
    this.#beating = false
    if (this.#running) this.#schedule(this.#again ? 0 : nextMs)
  }
}
