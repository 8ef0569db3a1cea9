/**
 * A process that runs the engine, dies by plan and is started again over the same store, and the patient client in front of it. One
 * run is deterministic: the same system, commands and faults give the same calls in the same order.
 */
import { addressKey, createRuntime, isStandingError, manualClock } from '../../../runtime/index.ts'
import type { ActorDefinition, Limits, MovableClock, Runtime } from '../../../runtime/index.ts'
import type { Store } from '../../../runtime/ports/store.ts'
import { faultyStore } from './faulty-store.ts'
import { Life } from './life.ts'
import type { FaultPlan } from './plan.ts'
import type { Turns } from './turns.ts'
import type { OutsideCall, World } from './world.ts'

export interface ProcessOptions {
  /** The definitions anew for each life, with effects that call the given outside. */
  definitions(call: OutsideCall): ActorDefinition[]
  store: Store
  world: World
  plan: FaultPlan
  turns: Turns
  limits?: Partial<Limits>
  /** Names the ids this process makes. */
  name?: string
  startAt?: number
  /** Who is not at rest after so many turns never will be. */
  turnsMax: number
}

export class RestlessError extends Error {
  override readonly name = 'RestlessError'
}

const LIVES_MAX = 60
const SWEEP_MS = 1_000
/** The store is asked again after this many turns. */
const COME_AGAIN_TURNS = 5
const ROWS_MAX = 100_000

type Outcome<T> = { is: 'done'; value: T } | { is: 'failed'; error: unknown } | { is: 'dead' }

export class Process {
  lives = 0
  readonly #options: ProcessOptions
  readonly #overrun: Promise<never>
  #failOverrun!: (error: Error) => void
  #life = new Life()
  #past: Life[] = []
  #runtime!: Runtime
  #clock!: MovableClock
  #now: number
  #ended = false
  #reviving: Promise<void> | undefined
  #pumping: Promise<void> | undefined

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#now = options.startAt ?? 0
    this.#overrun = new Promise<never>((_resolve, reject) => (this.#failOverrun = reject))
    this.#overrun.catch(() => undefined)
  }

  get runtime(): Runtime {
    return this.#runtime
  }

  get world(): World {
    return this.#options.world
  }

  get now(): number {
    return this.#clock.now()
  }

  async start(): Promise<void> {
    await this.#boot()
    this.#pumping = this.#pump()
  }

  /** Ends the process in order. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#pumping
    this.#life.crash()
  }

  /** What the dead did after their death: nothing, if all is well. */
  zombies(): string[] {
    return [...this.#past, this.#life].flatMap((life) => life.zombies)
  }

  crash(): void {
    this.#life.crash()
  }

  /** Asks until there is an answer, over crashes and outages; the same request each time. */
  async ask<T>(request: (runtime: Runtime) => Promise<T>, settling = true): Promise<{ value: T } | { error: unknown }> {
    for (;;) {
      if (settling) await this.settle()
      const outcome = await this.#within(request(this.#runtime))
      if (outcome.is === 'dead') {
        await this.#revive()
      } else if (outcome.is === 'done') {
        return { value: outcome.value }
      } else if (isStandingError(outcome.error, 'overloaded') || isStandingError(outcome.error, 'invalid-state')) {
        await this.#wait(COME_AGAIN_TURNS)
      } else {
        return { error: outcome.error }
      }
    }
  }

  /** Asks once; undefined when no answer came back, and nobody knows what became of it. */
  async attempt<T>(request: (runtime: Runtime) => Promise<T>): Promise<T | undefined> {
    const outcome = await this.#within(request(this.#runtime))
    if (outcome.is === 'dead') await this.#revive()
    return outcome.is === 'done' ? outcome.value : undefined
  }

  /** Resolves when nothing is left to do at the present moment, in memory and in the store. */
  async settle(): Promise<void> {
    for (;;) {
      const outcome = await this.#within(this.#runtime.settled())
      if (outcome.is === 'dead') await this.#revive()
      else if (outcome.is === 'done' && (await this.leftover()).length === 0 && this.#options.world.pendingRepeats === 0) return
      // R10: what memory has lost, a sweep finds.
      else await this.#wait(1)
    }
  }

  /** Moves the clock, from due time to due time, over crashes. */
  async advance(ms: number): Promise<void> {
    const target = this.now + ms
    for (;;) {
      await this.settle()
      if (this.now >= target) return
      const due = (await this.#options.store.nextDueAt()) ?? target
      const outcome = await this.#within(this.#clock.advance(Math.max(0, Math.min(due, target) - this.now)))
      if (outcome.is === 'dead') await this.#revive()
    }
  }

  /** What the store says is to be done now and nobody has done yet. */
  async leftover(): Promise<string[]> {
    const { store } = this.#options
    const outbox = await store.unsentOutbox({ afterPosition: 0, limit: ROWS_MAX })
    const effects = await store.dueEffects({ until: this.now, limit: ROWS_MAX })
    return [...outbox.map(({ key }) => `outbox ${key}`), ...effects.map(({ key }) => `effect ${key}`), ...(await this.#dueTimers())]
  }

  async #dueTimers(): Promise<string[]> {
    const { store } = this.#options
    const due = await store.dueTimers({ until: this.now, limit: ROWS_MAX })
    if (due.length === 0) return []
    const actors = await store.load(due.map(({ address }) => address))
    return due.filter(({ address }) => actors.get(addressKey(address))?.actor.hold === null).map(({ address, id }) => `timer ${addressKey(address)} ${id}`)
  }

  /** One new life, however many have noticed the death. */
  async #revive(): Promise<void> {
    if (!this.#life.isDead && this.#reviving === undefined) return
    this.#reviving ??= this.#boot().finally(() => (this.#reviving = undefined))
    await this.#reviving
  }

  async #boot(): Promise<void> {
    const { store, world, plan, turns, limits, name = 'p' } = this.#options
    for (;;) {
      if (this.#life.isDead) this.#past.push(this.#life)
      if (++this.lives > LIVES_MAX) throw new Error('the process dies again and again')
      const life = new Life()
      const prefix = `${name}${this.lives}`
      let ids = 0
      const clock = manualClock(this.#now)
      this.#life = life
      this.#clock = clock
      this.#runtime = createRuntime({
        actors: this.#options.definitions((effect, input, context) => world.call(life, effect, input, context)),
        store: faultyStore(store, plan, life, turns),
        bus: world.bus(life),
        clock,
        newId: () => `${prefix}-${ids++}`,
        random: () => 0.5,
        sweepEveryMs: SWEEP_MS,
        // A serial world must see every call that is pending before it chooses.
        lanes: { default: { concurrency: ROWS_MAX } },
        ...(limits === undefined ? {} : { limits }),
      })
      const runtime = this.#runtime
      life.onCrash(() => {
        this.#now = clock.now()
        runtime.kill()
        world.forgetProcess(life)
      })
      const outcome = await this.#within(runtime.start())
      if (outcome.is === 'done') return
      // A process that cannot start exits, and is started again.
      life.crash()
      await this.#wait(COME_AGAIN_TURNS)
    }
  }

  async #within<T>(work: Promise<T>): Promise<Outcome<T>> {
    const life = this.#life
    const outcome = await Promise.race([
      work.then((value): Outcome<T> => ({ is: 'done', value }), (error: unknown): Outcome<T> => ({ is: 'failed', error })),
      life.death.then((): Outcome<T> => ({ is: 'dead' })),
      this.#overrun,
    ])
    // An answer that comes at the very moment of the crash is not heard.
    return life.isDead ? { is: 'dead' } : outcome
  }

  async #wait(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) await Promise.race([this.#options.turns.next(), this.#overrun])
  }

  /** Passes the time, and lets the world go on when all else is quiet. */
  async #pump(): Promise<void> {
    const { turns, world, turnsMax } = this.#options
    for (let turn = 0; !this.#ended; turn++) {
      await turns.next()
      if (turn > turnsMax) return this.#failOverrun(new RestlessError(`does not come to rest; left over: ${(await this.leftover()).join(', ')}; ${JSON.stringify(this.#runtime.stats())}`))
      if (world.holdsSomething && (await this.#isQuiet())) world.releaseFirst()
    }
  }

  /** True when all that is left to do is in the world's hands. */
  async #isQuiet(): Promise<boolean> {
    const { store, world } = this.#options
    const life = this.#life
    if (this.#isBusy()) return false
    const outbox = await store.unsentOutbox({ afterPosition: 0, limit: ROWS_MAX })
    if (outbox.some(({ kind, key }) => kind === 'mail' && !world.knows(key) && !world.holdsEarlierMail(key))) return false
    const effects = await store.dueEffects({ until: this.now, limit: ROWS_MAX })
    if (effects.some(({ key }) => !world.knows(key))) return false
    return (await this.#dueTimers()).length === 0 && !this.#isBusy() && !life.isDead && life === this.#life
  }

  #isBusy(): boolean {
    const { waiting, commitsInFlight } = this.#runtime.stats()
    return waiting > 0 || commitsInFlight > 0
  }
}
