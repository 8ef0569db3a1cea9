/** A real engine over the memory store and a clock that is moved by hand, which can be crashed and started anew on the same data. */
import type { AnyStateMachine } from 'xstate'
import { afterEach, expect } from 'vitest'
import {
  createRuntime,
  defineActor,
  isStandingError,
  manualClock,
  memoryStore,
  type ActorDefinition,
  type ErrorCode,
  type EventObject,
  type MovableClock,
  type Runtime,
  type RuntimeOptions,
  type StandingError,
  type Store,
} from '../../../runtime/index.ts'
import type { MemoryStore } from '../../../runtime/store/memory.ts'

export type RigOptions = Partial<Omit<RuntimeOptions, 'actors' | 'clock'>> & { clock?: MovableClock }

export const STAFF = { reason: 'a test', by: 'key:tester' }

const alive = new Set<Runtime>()

afterEach(() => {
  for (const runtime of alive) runtime.kill()
  alive.clear()
})

export class Rig {
  readonly store: MemoryStore
  readonly clock: MovableClock
  runtime: Runtime
  actors: ActorDefinition[]
  options: RigOptions

  constructor(actors: ActorDefinition[], options: RigOptions) {
    this.actors = actors
    this.options = options
    this.store = (options.store as MemoryStore | undefined) ?? memoryStore()
    this.clock = options.clock ?? manualClock(0)
    this.runtime = this.#make()
  }

  #make(): Runtime {
    // The middle of the jitter: exact waits, unless a test asks for chance.
    const runtime = createRuntime({ sweepEveryMs: 0, random: () => 0.5, ...this.options, actors: this.actors, store: this.options.store ?? this.store, clock: this.clock })
    alive.add(runtime)
    return runtime
  }

  /** Dies as by `kill -9` and starts again on the same store, with other code if given. */
  async crash(actors: ActorDefinition[] = this.actors, options: RigOptions = this.options): Promise<void> {
    this.runtime.kill()
    this.actors = actors
    this.options = options
    this.runtime = this.#make()
    await this.runtime.start()
    await this.runtime.settled()
  }

  /** The one definition's actor `a`, unless said otherwise. */
  get type(): string {
    return this.actors[0]?.type ?? ''
  }

  async create(input?: unknown, id = 'a', type = this.type) {
    const view = await this.runtime.create({ type, id }, input)
    await this.runtime.settled()
    return view
  }

  /** Sends, and waits for everything that follows from it. */
  async send(event: EventObject | string, id = 'a', type = this.type) {
    const result = await this.runtime.send({ type, id }, typeof event === 'string' ? { type: event } : event)
    await this.runtime.settled()
    return result
  }

  async view(id = 'a', type = this.type) {
    const view = await this.runtime.get({ type, id })
    if (view === undefined) throw new Error(`no actor ${type}/${id}`)
    return view
  }

  async value(id = 'a', type = this.type): Promise<unknown> {
    return (await this.view(id, type)).value
  }

  async context<T = Record<string, unknown>>(id = 'a', type = this.type): Promise<T> {
    return (await this.view(id, type)).context as T
  }

  async history(id = 'a', type = this.type) {
    return this.runtime.history({ type, id })
  }

  /** Event types of the journal, in order, with what became of them. */
  async outcomes(id = 'a', type = this.type): Promise<string[]> {
    return (await this.history(id, type)).map(({ event, outcome }) => `${event.type} ${outcome}`)
  }
}

export async function rig(actors: ActorDefinition | ActorDefinition[], options: RigOptions = {}): Promise<Rig> {
  const made = new Rig(Array.isArray(actors) ? actors : [actors], options)
  await made.runtime.start()
  return made
}

/** A definition of this machine alone, under the type `thing`. XState's machine types do not fit one another; the engine takes any. */
export function thing(machine: object, more: Partial<ActorDefinition> = {}): ActorDefinition {
  return defineActor({ type: 'thing', version: '1', machine: machine as AnyStateMachine, ...more })
}

/** The error that the promise is refused with; its code is checked. */
export async function refusal(promise: Promise<unknown>, code: ErrorCode): Promise<StandingError> {
  const error: unknown = await promise.then(
    () => new Error(`expected ${code}, but it went through`),
    (reason: unknown) => reason,
  )
  if (!isStandingError(error)) throw error
  expect(error.code).toBe(code)
  return error
}

/** What registration says about a definition. */
export function registration(define: () => unknown): string {
  try {
    define()
  } catch (error) {
    if (isStandingError(error, 'invalid-definition')) return error.message
    throw error
  }
  return 'accepted'
}

/** A promise with its handles outside. */
export function deferred<T = void>() {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** The same store with some of its calls answered otherwise. */
export function decorated(store: MemoryStore, overrides: Partial<Store>): MemoryStore {
  return Object.assign(Object.create(store) as MemoryStore, overrides)
}

/** Lets everything that is ready run, without waiting for anything. */
export async function turn(times = 5): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** For `types` of a machine, where XState only looks at the type. */
export function typed<T>(): T {
  return {} as T
}
