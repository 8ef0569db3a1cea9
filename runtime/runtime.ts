/** The engine as a library: `createRuntime`. Control flow of the public calls; the work is in `engine/`. */
import { Sweeper } from './engine/sweeper.ts'
import { buildParts } from './engine/parts.ts'
import { timersAfter } from './engine/timer-loop.ts'
import { waitFor } from './engine/wait-for.ts'
import { checkEvent, checkInput } from './engine/ingress.ts'
import { StandingError } from './errors.ts'
import { checkGate } from './gate/check-stored.ts'
import { machineRows } from './gate/machine-rows.ts'
import { dryRun } from './inspect/dry-run.ts'
import { nextView } from './inspect/next.ts'
import { replay } from './inspect/as-of.ts'
import { storedView } from './inspect/stored-view.ts'
import { actorView, historyEntry, timerViews } from './inspect/view.ts'
import type { CompiledActor } from './machine/compile.ts'
import { addressKey, assertEventId, assertNewAddress, DEFAULT_TENANT, parseAddressKey, toAddress } from './model/address.ts'
import type { Address, AddressInput } from './model/address.ts'
import type { Delivery, EventObject } from './model/messages.ts'
import type { EffectRow, JournalRow } from './model/records.ts'
import type { ActorView, SendResult } from './model/view.ts'
import { isMovable } from './ports/clock.ts'
import type { BatchItemResult, CreateOptions, Runtime, RuntimeOptions, SendOptions } from './runtime-face.ts'
import { fromStored } from './step/actor-state.ts'
import type { ActorState } from './step/actor-state.ts'

const SWEEP_EVERY_MS = 5_000
/** Running effects may finish for this long when the runtime stops; the edge has 10 s in all. */
const DRAIN_GRACE_MS = 5_000
/** No stop takes longer, whatever is out of reach. */
const DRAIN_MAX_MS = 8_000
const HISTORY_PAGE = 1_000
/** As far ahead as a clock is ever moved. */
const FORESEEABLE_MS = 100 * 365 * 86_400_000

type Lifecycle = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'killed'

/** @throws StandingError `invalid-definition` when a machine cannot be run durably. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const parts = buildParts(options, stateAsOf)
  const { compiled, store, bus, clock, limits, newId, activity, dispatcher, answers, effects, relay, timers, watchers, administration } = parts
  const sweeper = new Sweeper(parts, options.sweepEveryMs ?? SWEEP_EVERY_MS)
  let lifecycle: Lifecycle = 'new'
  let starting: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  let detach: (() => void) | undefined

  async function begin(): Promise<void> {
    lifecycle = 'starting'
    await store.start()
    const findings = await checkStored()
    assertStarting()
    for (const finding of findings) parts.log.error({ ...finding }, 'stored actors do not fit the code and are held back (R12)')
    await store.saveMachines(machineRows(compiled, clock.now()))
    assertStarting()
    await bus.start({ deliver: (mail) => parts.receive(mail) })
    assertStarting()
    if (isMovable(clock)) {
      detach = clock.attach({ settled, nextDueAt, runDue: async () => void (await Promise.all([timers.runDue(), effects.runDue()])) })
    }
    lifecycle = 'running'
    effects.start()
    timers.start()
    await sweeper.start()
  }

  /** Killed meanwhile: a start that goes on would bring the dead back to life. */
  function assertStarting(): void {
    if (lifecycle !== 'starting') throw new StandingError('invalid-state', `the runtime is ${lifecycle}`)
  }

  async function end(): Promise<void> {
    lifecycle = 'stopping'
    sweeper.stop()
    timers.stop()
    relay.drain()
    const isQuiet = await Promise.race([effects.drain(DRAIN_GRACE_MS).then(() => true), afterMs(DRAIN_MAX_MS)])
    detach?.()
    if (!isQuiet) {
      // A database or a bus out of reach: what is committed is safe, the next start goes on from there (R10).
      parts.log.warn({ underWay: activity.count }, 'not all work could be finished before the stop')
      dropAll()
    }
    await bus.stop()
    await store.stop()
    lifecycle = 'stopped'
  }

  function dropAll(): void {
    sweeper.stop()
    timers.stop()
    effects.kill()
    relay.kill()
    dispatcher.kill()
    activity.reset()
  }

  /** For the movable clock: what is overdue and cannot be taken (R12, a lane without end) must not stop it. */
  async function nextDueAt(): Promise<number | undefined> {
    const now = clock.now()
    const earliest = await store.nextDueAt()
    if (earliest === undefined || earliest > now) return earliest
    const [timer] = await store.dueTimers({ until: now + FORESEEABLE_MS, limit: 1, after: timersAfter(now) })
    return Math.min(timer?.dueAt ?? Number.POSITIVE_INFINITY, effects.nextAttemptAt ?? Number.POSITIVE_INFINITY)
  }

  async function settled(): Promise<void> {
    // What memory could not hold is taken in when there is room: quiet means that nothing is left there either.
    do {
      await activity.whenIdle()
    } while (lifecycle === 'running' && (relay.partial || effects.partial) && (await relay.sweep()) + (await effects.sweep()) > 0)
    await activity.whenIdle()
  }

  function definitionOf(type: string): CompiledActor {
    const found = compiled.get(type)
    if (found === undefined) throw new StandingError('actor-type-unknown', `no actor type '${type}' is registered`)
    return found
  }

  function accepting(): void {
    if (lifecycle !== 'running') throw new StandingError('invalid-state', `the runtime is ${lifecycle}`)
    if (dispatcher.unavailable) throw new StandingError('overloaded', 'the database is out of reach', { retryAfterMs: 2_000 })
    if (dispatcher.waiting >= limits.waiting) throw new StandingError('overloaded', 'too many events are waiting', { retryAfterMs: 1_000 })
  }

  /** Into the mailbox, with somebody waiting for the answer. */
  function ask(address: Address, delivery: Delivery, options: SendOptions): Promise<SendResult> {
    const queued = dispatcher.cells.peek(addressKey(address))?.queue.length ?? 0
    if (queued >= limits.mailbox) throw new StandingError('overloaded', 'too many events wait for this actor', { retryAfterMs: 500 })
    return new Promise((resolve, reject) => {
      dispatcher.submit(address, {
        delivery,
        reply: { mode: 'sync', ifSeq: options.ifSeq, checkBody: options.checkBody ?? false, resolve, reject },
        parked: undefined,
        maybeCommitted: false,
        failure: undefined,
      })
    })
  }

  function trace(eventId: string, options: SendOptions): Delivery['trace'] {
    return { source: options.source ?? 'library', correlationId: options.correlationId ?? eventId, causationId: options.causationId ?? null }
  }

  async function send(to: AddressInput, event: EventObject, options: SendOptions = {}): Promise<SendResult> {
    accepting()
    const address = toAddress(to)
    const checked = checkEvent(definitionOf(address.type), event, limits.eventBytes)
    if (options.eventId !== undefined) assertEventId(options.eventId)
    const eventId = options.eventId ?? newId()
    return ask(address, { kind: 'event', eventId, fresh: options.eventId === undefined, trace: trace(eventId, options), event: checked }, options)
  }

  async function create(to: Omit<AddressInput, 'id'> & { id?: string }, input?: unknown, options: CreateOptions = {}): Promise<ActorView> {
    accepting()
    const definition = definitionOf(to.type)
    const address = toAddress({ ...to, id: to.id ?? `${definition.definition.idPrefix ?? to.type}_${newId()}` })
    assertNewAddress(address)
    if (options.eventId !== undefined) assertEventId(options.eventId)
    const checked = checkInput(definition, input, limits.eventBytes)
    const eventId = options.eventId ?? newId()
    const result = await ask(address, { kind: 'start', eventId, fresh: options.eventId === undefined, trace: trace(eventId, options), input: checked }, options)
    return result.actor
  }

  function hotState(address: Address): ActorState | undefined {
    const state = dispatcher.cells.peek(addressKey(address))?.state
    return typeof state === 'object' ? state : undefined
  }

  /** The state in memory, or loaded; undefined when there is no such actor. */
  async function stateOf(to: AddressInput): Promise<ActorState | undefined> {
    const address = toAddress(to)
    const definition = definitionOf(address.type)
    const hot = hotState(address)
    if (hot !== undefined) return hot
    const loaded = (await store.load([address])).get(addressKey(address))
    return loaded === undefined ? undefined : fromStored(definition, dispatcher.scope, loaded)
  }

  async function existing(to: AddressInput): Promise<ActorState> {
    const state = await stateOf(to)
    if (state === undefined) throw new StandingError('actor-not-found', `no actor '${to.type}/${to.id}'`)
    return state
  }

  function effectsOf(address: Address): Promise<EffectRow[]> {
    return store.listEffects({ address, tenant: address.tenant, limit: 100 })
  }

  async function fullView(state: ActorState): Promise<ActorView> {
    return actorView(state, await effectsOf(state.address), clock.now())
  }

  async function effectRow(key: string): Promise<EffectRow> {
    const address = parseAddressKey(key)
    const rows = await store.listEffects({ address, tenant: address.tenant, limit: 1_000 })
    const row = rows.find((one) => one.key === key)
    if (row === undefined) throw new StandingError('effect-not-found', `no effect '${key}' is stored`)
    return row
  }

  async function journalOf(address: Address, until: { seq: number } | { at: number }): Promise<JournalRow[]> {
    const rows: JournalRow[] = []
    for (;;) {
      const page = await store.history(address, { limit: HISTORY_PAGE, afterSeq: rows.at(-1)?.seq, order: 'asc' })
      for (const row of page) {
        if ('seq' in until ? row.seq > until.seq : row.at > until.at) return rows
        rows.push(row)
      }
      if (page.length < HISTORY_PAGE) return rows
    }
  }

  async function replayed(address: Address, until: { seq: number } | { at: number }): Promise<ActorState | undefined> {
    const parent = (await stateOf(address))?.parent ?? null
    return replay(definitionOf(address.type), dispatcher.scope, address, parent, await journalOf(address, until), limits)
  }

  async function stateAsOf(address: Address, seq: number): Promise<ActorState | undefined> {
    return activity.during(async () => {
      const current = await stateOf(address)
      if (current === undefined || current.seq === seq) return current
      // A repeated event deserves its answer even when the code of then is gone (R3): with the actor as it is.
      return replayed(address, { seq }).catch(() => current)
    })
  }

  function checkStored() {
    return checkGate(compiled, store)
  }

  return {
    start() {
      if (lifecycle !== 'new' && lifecycle !== 'starting' && lifecycle !== 'running') return Promise.reject(new StandingError('invalid-state', `the runtime is ${lifecycle}`))
      return (starting ??= begin())
    },
    stop() {
      if (lifecycle === 'killed' || lifecycle === 'new') return Promise.resolve()
      // Whoever waits for the start hears why it failed; what it began is put away all the same.
      return (stopping ??= (starting ?? Promise.resolve()).catch(() => undefined).then(end))
    },
    kill() {
      lifecycle = 'killed'
      detach?.()
      dropAll()
    },
    create,
    send,
    async sendMany(items, options = {}) {
      const answers = await Promise.allSettled(items.map((item) => send(item.to, item.event, { ...options, ...(item.eventId === undefined ? {} : { eventId: item.eventId }) })))
      return answers.map((answer): BatchItemResult => (answer.status === 'fulfilled' ? { ok: true, result: answer.value } : { ok: false, error: answer.reason as Error }))
    },
    async get(to) {
      const definition = definitionOf(to.type)
      const address = toAddress(to)
      const hot = hotState(address)
      if (hot !== undefined) return fullView(hot)
      const loaded = (await store.load([address])).get(addressKey(address))
      return loaded === undefined ? undefined : storedView(definition, dispatcher.scope, loaded, await effectsOf(address), clock.now())
    },
    async getAsOf(to, point) {
      const state = await replayed(toAddress(to), point)
      return state === undefined ? undefined : actorView(state, [], clock.now())
    },
    async list(query) {
      const tenant = query.tenant ?? DEFAULT_TENANT
      const definition = definitionOf(query.type)
      const rows = await store.list({ ...query, tenant, limit: query.limit + 1 })
      const page = rows.slice(0, query.limit)
      const data = page.map((actor) => storedView(definition, dispatcher.scope, { actor, timers: [] }, [], clock.now()))
      return { data, nextCursor: rows.length > query.limit ? (page.at(-1)?.address.id ?? null) : null }
    },
    async history(to, query = {}) {
      definitionOf(to.type)
      const rows = await store.history(toAddress(to), { limit: query.limit ?? 100, afterSeq: query.afterSeq, order: query.order ?? 'asc' })
      if (rows.length === 0) await existing(to)
      return rows.map(historyEntry)
    },
    async next(to) {
      return nextView(definitionOf(to.type), dispatcher.scope, await existing(to), clock.now())
    },
    async dryRun(to, event) {
      const definition = definitionOf(to.type)
      return dryRun(definition, dispatcher.scope, await existing(to), checkEvent(definition, event, limits.eventBytes), clock.now(), limits)
    },
    search: ({ tenant, values, limit }) => store.search(tenant ?? DEFAULT_TENANT, values, limit ?? 50),
    waitFor: (to, predicate, waitOptions) => waitFor({ watchers, stateOf, view: (state) => answers.view(state) }, to, predicate, waitOptions),
    async timers(to) {
      return timerViews((await existing(to)).timers.values())
    },
    async moveTimer(to, timerId, dueAt, action) {
      accepting()
      definitionOf(to.type)
      return fullView(await administration.moveTimer(to, timerId, dueAt, action))
    },
    async fireTimer(to, timerId, action) {
      accepting()
      const state = await existing(to)
      const timer = state.timers.get(timerId)
      if (timer === undefined) throw new StandingError('timer-not-found', `no timer '${timerId}' is armed`)
      const eventId = `staff-${newId()}`
      const source = `staff:${action.by}`
      return ask(state.address, { kind: 'timer', eventId, fresh: true, trace: { source, correlationId: eventId, causationId: null }, timerId, armedSeq: timer.armedSeq, dueAt: timer.dueAt, by: action.by, reason: action.reason }, {})
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
    listParked: (query) => store.listParked(query),
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
    listEffects: (query) => store.listEffects(query),
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
    isRunning: () => lifecycle === 'running' && !dispatcher.unavailable,
    onFact: (listener) =>
      bus.onFact((fact) => {
        try {
          listener(fact)
        } catch (error) {
          // The bus would take it for a refusal and bring the fact again for ever.
          parts.log.error({ fact: fact.key, err: error }, 'a listener of facts failed')
        }
      }),
    definitions: () => [...compiled.values()].map(({ definition }) => definition),
    definition: (type) => compiled.get(type)?.definition,
    machines: () => store.listMachines(),
    stateCounts: (tenant) => store.stateCounts(tenant),
    checkStored,
    settled,
    stats: () => ({
      waiting: dispatcher.waiting,
      hotActors: dispatcher.cells.size,
      commitsInFlight: dispatcher.inFlight,
      outbox: relay.pending,
      effects: effects.stats(),
      timersNear: timers.near,
    }),
  }
}

/** Resolves with false, and keeps no process alive for it. */
function afterMs(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms).unref())
}
