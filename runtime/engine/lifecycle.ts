/** Start, stop and kill: each at most once, in an order that loses nothing. */
import { StandingError } from '../errors.ts'
import { checkGate } from '../gate/check-stored.ts'
import { machineRows } from '../gate/machine-rows.ts'
import { isMovable } from '../ports/clock.ts'
import type { EngineParts } from './parts.ts'
import { LEASE_TIMES } from './ownership/ownership.ts'
import { timersAfter } from './timer-loop.ts'

/** Running effects may finish for this long when the runtime stops; the edge has 10 s in all. */
const DRAIN_GRACE_MS = 5_000
/** No stop takes longer, whatever is out of reach. */
const DRAIN_MAX_MS = 8_000
/** As far ahead as a clock is ever moved. */
const FORESEEABLE_MS = 100 * 365 * 86_400_000

export type LifecycleState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped' | 'killed'

export interface Lifecycle {
  readonly state: LifecycleState
  start(): Promise<void>
  stop(): Promise<void>
  kill(): void
  settled(): Promise<void>
}

export function createLifecycle(parts: EngineParts, joinPeers: () => Promise<void>): Lifecycle {
  const { compiled, store, bus, clock, activity, dispatcher, effects, relay, timers, ownership, foreign, foreignWatch, takeover, sweeper, peers } = parts
  let lifecycle: LifecycleState = 'new'
  let starting: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  let detach: (() => void) | undefined

  async function begin(): Promise<void> {
    lifecycle = 'starting'
    await store.start()
    const findings = await checkGate(compiled, store)
    assertStarting()
    for (const finding of findings) parts.log.error({ ...finding }, 'stored actors do not fit the code and are held back (R12)')
    await store.saveMachines(machineRows(compiled, clock.now()))
    assertStarting()
    await ownership.claim(takeover)
    assertStarting()
    await bus.start({ deliver: (mail) => parts.receive(mail) })
    assertStarting()
    await joinPeers()
    assertStarting()
    if (isMovable(clock)) {
      detach = clock.attach({ settled, nextDueAt, runDue: async () => void (await Promise.all([timers.runDue(), effects.runDue()])) })
    }
    lifecycle = 'running'
    effects.start()
    // The mail may come before the timers: R4 asks no order between them.
    await ownership.run()
    if (isOver()) return
    timers.start()
    takeover.begin()
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
    // Others take over at once; alone there is time to finish.
    const leaving = ownership.isAlone ? undefined : leave()
    const isQuiet = await Promise.race([effects.drain(leaving === undefined ? DRAIN_GRACE_MS : LEASE_TIMES.handOverMs).then(() => true), afterMs(DRAIN_MAX_MS)])
    detach?.()
    if (!isQuiet) {
      // A database or a bus out of reach: what is committed is safe, the next start goes on from there (R10).
      parts.log.warn({ underWay: activity.count }, 'not all work could be finished before the stop')
      dropAll()
    }
    await (leaving ?? leave())
    foreign.flush()
    foreignWatch.stop()
    await peers?.stop()
    await bus.stop()
    await store.stop()
    lifecycle = 'stopped'
  }

  /** Nothing depends on it: without it the lease runs out, or the lost session is noticed. */
  async function leave(): Promise<void> {
    try {
      await ownership.leave()
    } catch (error) {
      parts.log.warn({ err: error }, 'the slices could not be given up; others take them when they notice')
      ownership.kill()
    }
  }

  function isOver(): boolean {
    return lifecycle === 'killed' || lifecycle === 'stopped'
  }

  function dropAll(): void {
    ownership.kill()
    foreign.kill()
    foreignWatch.stop()
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

  return {
    get state() {
      return lifecycle
    },
    start() {
      if (lifecycle !== 'new' && lifecycle !== 'starting' && lifecycle !== 'running') return Promise.reject(new StandingError('invalid-state', `the runtime is ${lifecycle}`))
      return (starting ??= begin())
    },
    stop() {
      if (lifecycle === 'killed' || lifecycle === 'new') return Promise.resolve()
      // At once, not when the work begins to end: what is sent after this call is refused.
      if (lifecycle === 'running') lifecycle = 'stopping'
      // Whoever waits for the start hears why it failed; what it began is put away all the same.
      return (stopping ??= (starting ?? Promise.resolve()).catch(() => undefined).then(end))
    },
    kill() {
      lifecycle = 'killed'
      detach?.()
      dropAll()
    },
    settled,
  }
}

/** Resolves with false, and keeps no process alive for it. */
function afterMs(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms).unref())
}
