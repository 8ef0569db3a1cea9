/** Builds the engine's parts and joins them: what a commit sets off, and how each part reaches a mailbox. */
import { compileActors } from '../machine/compile.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { localBus } from '../bus/local.ts'
import { systemClock } from '../clock/system-clock.ts'
import { addressKey } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import type { Delivery, Mail } from '../model/messages.ts'
import type { Bus } from '../ports/bus.ts'
import type { Clock } from '../ports/clock.ts'
import { silentLog } from '../ports/log.ts'
import type { Log } from '../ports/log.ts'
import { noMetrics } from '../ports/metrics.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Peers } from '../ports/peers.ts'
import type { Store } from '../ports/store.ts'
import type { Limits, RuntimeOptions } from '../runtime-face.ts'
import type { ActorState } from '../step/actor-state.ts'
import { Activity } from './activity.ts'
import type { ActorWrite } from './actor-write.ts'
import { Administration } from './administration.ts'
import { Answers } from './answers.ts'
import type { Cell } from './cell.ts'
import { Dispatcher } from './dispatcher.ts'
import { EffectRunner } from './effect-runner.ts'
import { ForeignWatch } from './foreign-watch.ts'
import { ForeignCommits } from './foreign-commits.ts'
import { sortableId } from './ids.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { OutboxRelay } from './outbox-relay.ts'
import { machineLeaseClock } from './ownership/lease-clock.ts'
import { LEASE_TIMES, Ownership } from './ownership/ownership.ts'
import { parkedRow } from './parking.ts'
import { Sweeper } from './sweeper.ts'
import { Takeover } from './takeover.ts'
import { TimerLoop } from './timer-loop.ts'
import { Watchers } from './watchers.ts'

export interface EngineParts {
  compiled: Map<string, CompiledActor>
  store: Store
  bus: Bus
  clock: Clock
  log: Log
  limits: Limits
  newId: () => string
  activity: Activity
  dispatcher: Dispatcher
  answers: Answers
  effects: EffectRunner
  relay: OutboxRelay
  timers: TimerLoop
  watchers: Watchers
  administration: Administration
  ownership: Ownership
  /** What this node commits for slices of others. */
  foreign: ForeignCommits
  foreignWatch: ForeignWatch
  takeover: Takeover
  sweeper: Sweeper
  metrics: Metrics
  peers: Peers | undefined
  /** Puts an asynchronous delivery into its mailbox; resolves when it is durably dealt with. */
  deliver(address: Address, delivery: Delivery): Promise<void>
  /** Mail from the bus. */
  receive(mail: Mail): Promise<void>
}

export function buildParts(options: RuntimeOptions, asOf: (address: Address, seq: number) => Promise<ActorState | undefined>): EngineParts {
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
  const compiled = compileActors(options.actors, { microsteps: limits.microsteps })
  const { store } = options
  const bus = options.bus ?? localBus()
  const clock = options.clock ?? systemClock()
  const log = options.log ?? silentLog
  const metrics = options.metrics ?? noMetrics
  const newId = options.newId ?? (() => sortableId())
  const activity = new Activity()
  const watchers = new Watchers()
  const { address } = options
  const ownership = new Ownership({
    leases: store.leases,
    node: options.node ?? `node-${sortableId()}`,
    address: () => (typeof address === 'function' ? address() : (address ?? null)),
    clock: options.leases?.clock ?? machineLeaseClock,
    times: { ...LEASE_TIMES, ...options.leases?.times },
    log,
    metrics,
  })
  const slices = ownership.held

  const submit = (address: Address, delivery: Delivery, settle: () => void): void =>
    dispatcher.submit(address, { delivery, reply: { mode: 'async', settle }, parked: undefined, maybeCommitted: false, failure: undefined })
  const deliver = (address: Address, delivery: Delivery): Promise<void> => new Promise((resolve) => submit(address, delivery, resolve))

  /** What a commit sets off, in this order: it is durable now (R1). */
  const committed = (cell: Cell, write: ActorWrite): void => {
    if (!slices.owns(cell.slice)) return foreignCommitted(cell, write)
    // What fell due while the actor was held has left the loop's memory.
    const armed = write.isRelease ? write.state.timers : write.timersSet
    if (armed.size > 0) timers.armed(cell.address, write.state.slice, armed.values())
    if (write.effectsRemoved.length > 0) effects.cancel(write.effectsRemoved)
    if (write.effectsAdded.size > 0) effects.add(write.effectsAdded.values())
    for (const step of write.steps) if (step.facts.length > 0 || step.mails.length > 0) relay.add(cell.slice, step.facts, step.mails)
    announce(cell, write)
  }

  /** Its rows stay in the tables, for their owner. */
  const foreignCommitted = (cell: Cell, write: ActorWrite): void => {
    foreign.add(cell, write)
    // This node may have begun it while the slice was its own.
    if (write.effectsRemoved.length > 0) effects.cancel(write.effectsRemoved)
    announce(cell, write)
  }

  const announce = (cell: Cell, write: ActorWrite): void => {
    for (const step of write.steps) {
      for (const line of step.logs) log.info({ actor: cell.key, label: line.label }, line.text ?? 'logged by the machine')
    }
    for (const row of write.parked) {
      metrics.parked(row.kind)
      log.warn({ actor: cell.key, eventId: row.eventId, event: row.eventType, kind: row.kind }, 'an event is set aside')
    }
    watchers.notify(cell.key, write.state)
  }

  const dispatcher: Dispatcher = new Dispatcher({
    compiled,
    store,
    clock,
    log,
    metrics,
    limits,
    activity,
    slices,
    hooks: {
      committed,
      answer: (answered) => answers.answer(answered),
      isDoubtful: ({ item, answer }) => answer.kind === 'refused' && item.isCurrent !== true && !(ownership.isAlone && slices.isValid),
      duplicate: (cell, item, found) => {
        // A parked event that was applied all the same is parked no longer.
        if (item.parked !== undefined) void activity.during(() => store.removeParked(cell.address.tenant, [found.row.eventId])).catch((error: unknown) => log.warn({ err: error }, 'a parked event could not be removed'))
        answers.duplicate(cell, item, found)
      },
      takeRelayed: () => relay.takeRelayed(),
      forgotten: (keys) => relay.forgotten(keys),
      returnRelayed: (keys) => relay.returnRelayed(keys),
      uncertain: () => relay.spill(),
      overtaken: () => takeover.touched([], []),
      loaded: (cells) => (ownership.isAlone ? undefined : foreign.checkLoaded(cells)),
      reloaded: (state) => effects.reconcile(state),
      recollect: () => {
        timers.reread()
        void activity.during(() => Promise.all([relay.sweep(), effects.sweep()])).catch((error: unknown) => log.warn({ err: error }, 'what an uncertain commit has stored could not be read; a sweep finds it'))
      },
    },
  })
  const effects: EffectRunner = new EffectRunner({ compiled, store, clock, log, metrics, activity, slices, limits, lanes: options.lanes ?? {}, random: options.random ?? Math.random, deliver })
  const relay: OutboxRelay = new OutboxRelay({ store, bus, activity, slices, log, queued: limits.queued })
  const timers: TimerLoop = new TimerLoop({ store, clock, log, metrics, activity, slices, deliver: submit })
  const answers = new Answers({ compiled, store, clock, activity, scope: () => dispatcher.scope, effectsOf: (address) => effects.of(address), isOwned: (slice) => slices.holds(slice), asOf })
  const sweeper = new Sweeper({ store, log, activity, slices, dispatcher, relay, effects, timers }, options.sweepEveryMs)
  const { peers } = options
  const takeover: Takeover = new Takeover({
    bus,
    log,
    dispatcher,
    effects,
    relay,
    timers,
    recover: () => sweeper.afresh(),
    wake: (nodes) => {
      for (const node of nodes) peers?.hint(node, { do: 'beat' })
    },
    looked: () => {
      foreign.flush()
      foreignWatch.update()
    },
  })
  const foreign = new ForeignCommits({ store, relay, ownership, peers, own: (actors, effectsGone) => takeover.touched(actors, effectsGone) })
  const foreignWatch = new ForeignWatch({ compiled, scope: () => dispatcher.scope, store, log, ownership, watchers })
  const administration = new Administration({ compiled, store, clock, limits, newId, dispatcher, committed })

  const receive = async (mail: Mail): Promise<void> => {
    if (compiled.has(mail.to.type)) return deliver(mail.to, mailDelivery(mail))
    // Kept for when somebody looks: handed back, it would come again for ever and hold up its sender's later mail (R7, R8).
    log.error({ mail: mail.key, to: addressKey(mail.to) }, 'mail for an actor type that is not registered is set aside')
    await store.park([parkedRow(mail.to, mailDelivery(mail), 'undeliverable', clock.now())])
  }
  return { compiled, store, bus, clock, log, metrics, limits, newId, activity, dispatcher, answers, effects, relay, timers, watchers, administration, ownership, foreign, foreignWatch, takeover, sweeper, peers, deliver, receive }
}

/** The mail's key is its event id: applied at most once at the receiver (R3). */
function mailDelivery(mail: Mail): Delivery {
  const base = { eventId: mail.key, fresh: false, trace: { source: `actor:${addressKey(mail.from)}`, correlationId: mail.correlationId, causationId: mail.causationId } }
  switch (mail.kind) {
    case 'event': {
      const child = mail.childId === undefined || mail.childKey === undefined ? {} : { childId: mail.childId, childKey: mail.childKey }
      return { ...base, kind: 'event', event: mail.event, ...child }
    }
    case 'start':
      return { ...base, kind: 'start', input: mail.input, ...(mail.parent === undefined ? {} : { parent: mail.parent }) }
    case 'stop':
      return { ...base, kind: 'stop' }
  }
}
