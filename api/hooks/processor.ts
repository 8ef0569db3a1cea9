/**
 * Brings stored web hooks to the actors they are about: at once after each was answered, and by a sweep that finds
 * again what was missed, for whatever reason (R10). Twice is harmless: the event id is the content of the hook (R3).
 */
import { takeWish } from './contact-wish.ts'
import { isSettled, judge, putOff, type Deferral, type Verdict } from './verdict.ts'
import { readHook, type HookHandler } from './handler.ts'
import { resolveHooks, type Addressed as AddressedHook } from './resolve.ts'
import { bodyBytes } from './stored-body.ts'
import type { Address, BatchItemResult, EventObject, Log, Runtime } from '../../runtime/index.ts'
import type { OptOuts } from '../ports/opt-outs.ts'
import type { HookInbox, StoredHook } from '../ports/hook-inbox.ts'
import type { ReceivedMoney } from '../../actors/payment/received-money.ts'
import type { ReceiveMoney } from '../payments/receive-money.ts'
import type { Receipts } from '../ports/receipts.ts'

const GROUP_MAX = 100
/** One may be slow. With more, groups are smaller, and each costs the database as much as a large one. */
const GROUPS_AT_ONCE = 2
/** What does not fit into memory waits in the inbox for the sweep. */
const QUEUE_MAX = 5_000
const SWEEP_LIMIT = 500

export interface HookProcessorDeps {
  inbox: Pick<HookInbox, 'unprocessed' | 'markProcessed' | 'reschedule'>
  runtime: Pick<Runtime, 'search' | 'sendMany'>
  receipts: Receipts
  handlers: readonly HookHandler[]
  receiveMoney: ReceiveMoney
  optOuts: Pick<OptOuts, 'optOut' | 'optIn'>
  /** Whose actors the hooks are about. */
  tenant: string
  log: Log
  now: () => number
  onProcessed: (provider: string, outcome: string) => void
  sweepEveryMs: number
  /** How long one that matches nobody is tried again: a callback may overtake the answer that names it. */
  unmatchedAfterMs: number
}

export interface HookProcessor {
  start(): void
  /** Resolves when nothing is in work any more; what waits stays in the inbox. */
  stop(): Promise<void>
  /** Takes hooks that were stored a moment ago, so that they need not be read again. */
  accept(hooks: readonly StoredHook[]): void
  /** Looks into the inbox now. */
  sweep(): Promise<void>
}

interface Addressed extends AddressedHook {
  hook: StoredHook
  stoppedBy: string | undefined
}

interface Deliverable {
  hook: StoredHook
  to: Address
  event: EventObject
}

export function hookProcessor(deps: HookProcessorDeps): HookProcessor {
  let queue: StoredHook[] = []
  /** Ids in the queue or in work: the sweep leaves them alone. */
  const held = new Set<string>()
  const working = new Set<Promise<unknown>>()
  let isRunning = false
  let timer: NodeJS.Timeout | undefined
  let wakeAt = Infinity

  function enqueue(hooks: readonly StoredHook[]): void {
    for (const hook of hooks) {
      if (held.has(hook.id) || queue.length >= QUEUE_MAX) continue
      held.add(hook.id)
      queue.push(hook)
    }
    // After the current turn, so that an answer leaves first and neighbours join the group.
    setImmediate(pump)
  }

  function pump(): void {
    while (isRunning && queue.length > 0 && working.size < GROUPS_AT_ONCE) {
      const group = queue.slice(0, GROUP_MAX)
      queue = queue.slice(GROUP_MAX)
      const work = processGroup(group).finally(() => {
        working.delete(work)
        for (const { id } of group) held.delete(id)
        pump()
      })
      working.add(work)
    }
  }

  /** False when not even the inbox can be written: then the sweep comes back to what is left. */
  async function processGroup(group: readonly StoredHook[]): Promise<boolean> {
    try {
      await settle(await Promise.all([...byProvider(group).values()].map(deliver)).then((all) => all.flat()))
      return true
    } catch (error) {
      deps.log.error({ err: error, hooks: group.map(({ id }) => id) }, 'web hooks could not be processed')
    }
    if (group.length === 1) return putOffAll(group)
    // One that fails every time must not hold up its neighbours for ever.
    for (const hook of group) if (!(await processGroup([hook]))) return false
    return true
  }

  async function putOffAll(hooks: readonly StoredHook[]): Promise<boolean> {
    try {
      await settle(hooks.map((hook) => putOff(hook, deps.now())))
      return true
    } catch (error) {
      deps.log.error({ err: error }, 'the inbox of web hooks could not be written')
      return false
    }
  }

  async function deliver(group: readonly StoredHook[]): Promise<Verdict[]> {
    const [first] = group
    if (first === undefined) return []
    const verdicts: Verdict[] = []
    const addressed: Addressed[] = []
    for (const hook of group) {
      const reading = readHook(deps.handlers, hook, bodyBytes(hook.body))
      if (!reading.ok) verdicts.push({ hook, outcome: 'unreadable', note: reading.problem })
      else if ('money' in reading) verdicts.push(await receive(hook, reading.money))
      else if ('contact' in reading) verdicts.push(await takeWish(deps.optOuts, deps.tenant, hook, reading.contact))
      else addressed.push({ hook, about: reading.about, event: reading.event, stoppedBy: reading.stoppedBy })
    }
    const resolved = await resolveHooks(deps, addressed)
    const items = resolved.flatMap(({ to, event }, index) => {
      const { hook } = addressed[index] as Addressed
      if (to !== undefined) return [{ hook, to, event }]
      verdicts.push(judge.unmatched(hook, deps.now(), deps.unmatchedAfterMs))
      return []
    })
    // Written down before the report is taken: if this fails the hook comes again.
    await Promise.all(resolved.map(({ to }, index) => takeStop(addressed[index] as Addressed, to)))
    const results = items.length === 0 ? [] : await send(first.provider, items)
    return [...verdicts, ...items.map(({ hook, to }, index) => judge.sent(hook, to, results[index], deps.now(), deps.unmatchedAfterMs))]
  }

  /** What a provider says of a message of ours counts for the business that sent it. */
  async function takeStop({ hook, stoppedBy: phone }: Addressed, to: Address | undefined): Promise<void> {
    if (phone !== undefined && to !== undefined) await deps.optOuts.optOut(to.tenant, { phone, reason: 'stopped with the provider', source: hook.provider, at: hook.receivedAt })
  }

  async function receive(hook: StoredHook, money: ReceivedMoney): Promise<Verdict> {
    const { to, result } = await deps.receiveMoney(money, eventIdOf(hook))
    return judge.sent(hook, to, result, deps.now(), deps.unmatchedAfterMs)
  }

  function send(provider: string, items: readonly Deliverable[]): Promise<BatchItemResult[]> {
    return deps.runtime.sendMany(
      items.map(({ hook, event, to }) => ({ to, event, eventId: eventIdOf(hook) })),
      { source: `hook:${provider}` },
    )
  }

  async function settle(verdicts: readonly Verdict[]): Promise<void> {
    const done = verdicts.filter(isSettled)
    const deferred = verdicts.filter((verdict): verdict is Deferral => !isSettled(verdict))
    await Promise.all([
      done.length === 0 ? undefined : deps.inbox.markProcessed(done.map(({ hook, outcome, note, actor }) => ({ id: hook.id, outcome, ...(note === undefined ? {} : { note }), ...(actor === undefined ? {} : { actor }) }))),
      deferred.length === 0 ? undefined : deps.inbox.reschedule(deferred.map(({ hook, nextAttemptAt, note }) => ({ id: hook.id, nextAttemptAt, note }))),
    ])
    for (const { hook, outcome, note } of done) {
      deps.onProcessed(hook.provider, outcome)
      if (outcome !== 'applied') deps.log.warn({ hook: hook.id, provider: hook.provider, kind: hook.kind, outcome, note }, 'web hook was not applied')
    }
    for (const { nextAttemptAt } of deferred) wakeBy(nextAttemptAt)
  }

  function wakeBy(at: number): void {
    if (!isRunning || at >= wakeAt) return
    clearTimeout(timer)
    wakeAt = at
    timer = setTimeout(() => {
      wakeAt = Infinity
      void sweep().finally(() => wakeBy(deps.now() + deps.sweepEveryMs))
    }, Math.max(0, at - deps.now()))
    timer.unref()
  }

  async function sweep(): Promise<void> {
    try {
      enqueue(await deps.inbox.unprocessed({ dueBefore: deps.now(), limit: SWEEP_LIMIT }))
    } catch (error) {
      deps.log.error({ err: error }, 'the inbox of web hooks could not be read')
    }
  }

  return {
    start() {
      if (isRunning) return
      isRunning = true
      wakeBy(deps.now())
    },
    async stop() {
      isRunning = false
      clearTimeout(timer)
      wakeAt = Infinity
      await Promise.all(working)
    },
    accept: enqueue,
    sweep,
  }
}

/** The content of the hook, so that the same one again is the same event (R3). */
function eventIdOf({ provider, kind, contentHash }: StoredHook): string {
  return `${provider}:${kind.split('/', 1)[0]}:${contentHash}`
}

function byProvider(hooks: readonly StoredHook[]): Map<string, StoredHook[]> {
  const groups = new Map<string, StoredHook[]>()
  for (const hook of hooks) {
    groups.set(hook.provider, [...(groups.get(hook.provider) ?? []), hook])
  }
  return groups
}
