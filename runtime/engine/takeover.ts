/** What it means for the engine that slices become this node's, and that they are so no more. */
import type { Bus } from '../ports/bus.ts'
import type { Log } from '../ports/log.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { EffectRunner } from './effect-runner.ts'
import type { OutboxRelay } from './outbox-relay.ts'
import type { OwnershipHooks } from './ownership/ownership.ts'
import type { TimerLoop } from './timer-loop.ts'

export interface TakeoverParts {
  bus: Bus
  log: Log
  dispatcher: Dispatcher
  effects: EffectRunner
  relay: OutboxRelay
  timers: TimerLoop
  /** Looks for everything that nobody works on. */
  recover: () => Promise<void>
  wake: OwnershipHooks['wake']
  looked: OwnershipHooks['looked']
}

export class Takeover implements OwnershipHooks {
  readonly #parts: TakeoverParts
  #hasBegun = false
  #isLooking = false
  #again = false

  constructor(parts: TakeoverParts) {
    this.#parts = parts
  }

  /** From now on what is gained is looked through at once; until now the start does it. */
  begin(): void {
    this.#hasBegun = true
  }

  bringMail(held: ReadonlyMap<number, number>): Promise<void> {
    return this.#parts.bus.own(held)
  }

  gaining(): void {
    this.#parts.relay.readAnew()
  }

  gained(): void {
    if (this.#hasBegun) this.#look()
  }

  lost(slices: readonly number[]): void {
    const { effects, dispatcher } = this.#parts
    effects.letGo(new Set(slices))
    this.#parts.looked()
    dispatcher.cells.forget(new Set(slices))
  }

  isQuiet(slices: readonly number[]): boolean {
    const set = new Set(slices)
    return !this.#parts.effects.isRunningIn(set) && !this.#parts.relay.isCarrying(set) && !this.#parts.dispatcher.cells.isBusyIn(set)
  }

  /** Another node has written what is ours to work on. */
  touched(actors: readonly string[], effectsGone: readonly string[]): void {
    const { dispatcher, effects, relay } = this.#parts
    for (const key of actors) dispatcher.cells.distrust(key)
    if (effectsGone.length > 0) effects.cancel(effectsGone)
    relay.readAnew()
    this.#look()
  }

  wake(nodes: readonly string[]): void {
    this.#parts.wake(nodes)
  }

  looked(): void {
    this.#parts.looked()
  }

  /** One after another: whatever comes meanwhile is looked for together. */
  #look(): void {
    if (this.#isLooking) {
      this.#again = true
      return
    }
    this.#isLooking = true
    this.#again = false
    const { timers, recover, log } = this.#parts
    void Promise.all([timers.regain(), recover()])
      .catch((error: unknown) => log.warn({ err: error }, 'what is ours now could not all be read; a sweep finds it'))
      .then(() => {
        this.#isLooking = false
        if (this.#again) this.#look()
      })
  }
}
