/** Several nodes over one memory store, with a network, a clock for leases and one for the engine, all in the hands of the test. */
import { afterEach } from 'vitest'
import { createRuntime, manualClock, memoryStore, sliceOf, toAddress, type ActorDefinition, type AddressInput, type Runtime, type RuntimeOptions } from '../../../runtime/index.ts'
import type { MemoryStore } from '../../../runtime/store/memory.ts'
import { FakeNetwork } from '../../support/fake-network.ts'
import { LeaseTime } from '../../support/lease-time.ts'
import type { NodeClock } from '../../support/lease-time.ts'
import { turn } from '../engine/rig.ts'

export interface Node {
  name: string
  runtime: Runtime
  clock: NodeClock
}

const alive = new Set<Runtime>()

afterEach(() => {
  for (const runtime of alive) runtime.kill()
  alive.clear()
})

export class Nodes {
  readonly time = new LeaseTime()
  readonly clock = manualClock(0)
  readonly network = new FakeNetwork()
  readonly store: MemoryStore
  readonly all = new Map<string, Node>()
  readonly #define: (node: string) => ActorDefinition[]

  /** @param define the definitions of a node; effects can tell by the name who runs them. */
  constructor(define: (node: string) => ActorDefinition[], store: MemoryStore = memoryStore({ leaseNow: this.time.now })) {
    this.#define = define
    this.store = store
  }

  /** Starts one more node, and lets the slices come to rest unless told not to. */
  async join(name: string, { isSettled = true, ...options }: Partial<RuntimeOptions> & { isSettled?: boolean } = {}): Promise<Node> {
    const clock = this.time.clock()
    const { network, store } = this
    const runtime = createRuntime({
      actors: this.#define(name),
      store,
      clock: this.clock,
      sweepEveryMs: 0,
      random: () => 0.5,
      node: name,
      address: `http://${name}`,
      peers: network.peers(name),
      bus: network.bus(name),
      leases: { clock },
      ...options,
    })
    alive.add(runtime)
    const node = { name, runtime, clock }
    this.all.set(name, node)
    await runtime.start()
    if (isSettled) await this.rest()
    return node
  }

  /** Lets leases settle down. */
  async rest(ms = 3_000): Promise<void> {
    await this.time.advance(ms)
    await turn()
  }

  /** As by `kill -9`. */
  kill(name: string): void {
    this.all.get(name)?.runtime.kill()
    this.network.remove(name)
    this.all.delete(name)
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.all].map(([name, { runtime }]) => [name, runtime.stats().slices]))
  }

  async owners(): Promise<(string | null)[]> {
    return (await this.store.leases.list()).slices.map(({ owner }) => owner)
  }

  /** An id of the given type whose slice this node owns. */
  async idOf(owner: string, type = 'thing', skip = 0): Promise<string> {
    const owners = await this.owners()
    for (let i = 0, left = skip; ; i++) {
      const id = `a${i}`
      if (owners[sliceOf(toAddress({ type, id }))] === owner && left-- === 0) return id
    }
  }

  async settled(): Promise<void> {
    await turn(10)
    for (const { runtime } of this.all.values()) await runtime.settled()
  }

  /** Event types of an actor's journal. */
  async journal(to: AddressInput): Promise<string[]> {
    return (await this.store.history(toAddress(to), { limit: 1_000, order: 'asc' })).map(({ eventType }) => eventType)
  }
}
