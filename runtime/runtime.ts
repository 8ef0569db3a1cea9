/** The engine as a library: `createRuntime` joins the ways in, the views and staff's actions over one set of parts. */
import { createLifecycle } from './engine/lifecycle.ts'
import { buildParts } from './engine/parts.ts'
import { answering } from './engine/peers/answering.ts'
import { forwarding } from './engine/peers/forwarding.ts'
import type { Commands } from './engine/peers/wire.ts'
import { createSender } from './engine/sender.ts'
import { waitFor } from './engine/wait-for.ts'
import { Feed } from './feed/feed.ts'
import { checkGate } from './gate/check-stored.ts'
import { clusterView } from './inspect/cluster.ts'
import { createReader } from './inspect/reader.ts'
import type { Reader } from './inspect/reader.ts'
import { DEFAULT_TENANT } from './model/address.ts'
import type { Store } from './ports/store.ts'
import type { Runtime, RuntimeOptions } from './runtime-face.ts'

/** @throws StandingError `invalid-definition` when a machine cannot be run durably. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const parts = buildParts(options, (address, seq) => reader.stateAsOf(address, seq))
  const { compiled, store, bus, dispatcher, answers, effects, relay, timers, watchers, administration, ownership, peers } = parts
  const reader: Reader = createReader(parts)
  const lifecycle = createLifecycle(parts, async () => peers?.start(ownership.node, answer))
  const sender = createSender(parts, reader, lifecycle)
  const { definitionOf, effectRow, fullView } = reader
  const { accepting } = sender
  const feed = new Feed({ ...parts, bus: bus.feed })

  /** As they are done here, whoever owns the slice (R2). */
  const local: Commands = {
    ...sender.calls,
    async moveTimer(to, timerId, dueAt, action) {
      accepting()
      definitionOf(to.type)
      return fullView(await administration.moveTimer(to, timerId, dueAt, action))
    },
    async block(to, action) {
      accepting()
      definitionOf(to.type)
      return fullView(await administration.block(to, action))
    },
    async unblock(to, action) {
      accepting()
      definitionOf(to.type)
      return fullView(await administration.unblock(to, action))
    },
    async retryParked(tenant, eventId, action) {
      accepting()
      await administration.retryParked(tenant, eventId, action)
    },
    async skipParked(tenant, eventId, action) {
      accepting()
      await administration.skipParked(tenant, eventId, action)
    },
    async discardParked(tenant, eventId, action) {
      accepting()
      await administration.discardParked(tenant, eventId, action)
    },
    async retryEffect(key, action) {
      accepting()
      const row = await effectRow(key)
      await administration.note(row.address, { type: 'standing.effectRetried', key }, action)
      await effects.retry(row)
    },
    async cancelEffect(key, action) {
      accepting()
      const row = await effectRow(key)
      await administration.note(row.address, { type: 'standing.effectCancelled', key }, action)
      await effects.giveUp(row, action.reason)
    },
  }
  const commands = peers === undefined ? local : forwarding({ ...parts, peers, commands: local, reader, accepting })
  const answer = answering({ ...parts, commands: local, isRunning: () => lifecycle.state === 'running' })

  return {
    start: () => lifecycle.start(),
    stop: () => lifecycle.stop(),
    kill: () => lifecycle.kill(),
    settled: () => lifecycle.settled(),
    isRunning: () => lifecycle.state === 'running' && !dispatcher.unavailable,

    ...commands,
    ...reader.calls,
    search: ({ tenant, values, limit }) => store.search(tenant ?? DEFAULT_TENANT, values, limit ?? 50),
    waitFor: (to, predicate, waitOptions) => waitFor({ watchers, stateOf: reader.stateOf, view: (state) => (ownership.held.holds(state.slice) ? answers.view(state) : answers.viewAnywhere(state)) }, to, predicate, waitOptions),

    listParked: (query) => store.listParked(query),
    listEffects: (query) => store.listEffects(query),
    onFact: (listener) =>
      bus.onFact((fact) => {
        try {
          listener(fact)
        } catch (error) {
          // The bus would take it for a refusal and bring the fact again for ever.
          parts.log.error({ fact: fact.key, err: error }, 'a listener of facts failed')
        }
      }),
    follow: (followOptions) => feed.follow(followOptions),
    factPosition: () => feed.position,
    factsBegun: (signal) => bus.feed.window.begun(signal),
    journaledFacts: (query) => store.journaledFacts(query),
    unsentFacts: () => unsentFacts(store),
    definitions: () => [...compiled.values()].map(({ definition }) => definition),
    definition: (type) => compiled.get(type)?.definition,
    machines: () => store.listMachines(),
    stateCounts: (tenant) => store.stateCounts(tenant),
    cluster: () => clusterView(parts),
    checkStored: () => checkGate(compiled, store),
    stats: () => ({
      waiting: dispatcher.waiting,
      hotActors: dispatcher.cells.size,
      commitsInFlight: dispatcher.inFlight,
      outbox: relay.pending,
      effects: effects.stats(),
      timersNear: timers.near,
      slices: ownership.held.count,
    }),
  }
}


const OUTBOX_PAGE = 1_000

async function unsentFacts(store: Store): Promise<Set<string>> {
  const keys = new Set<string>()
  for (let position = 0; ; ) {
    const page = await store.unsentOutbox({ afterPosition: position, limit: OUTBOX_PAGE })
    for (const { kind, key } of page) if (kind === 'fact') keys.add(key)
    if (page.length < OUTBOX_PAGE) return keys
    position = page.at(-1)?.position ?? position
  }
}
