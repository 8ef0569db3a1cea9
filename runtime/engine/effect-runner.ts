/**
 * Runs effects: at least once each, with one stable key (R5), in lanes with a concurrency of their own.
 *
 * The row is the truth. It is written with the step that asked for it, and goes with the commit that takes
 * the result. In between this runner holds it in memory; whatever it loses, the sweep finds again (R10).
 */
import { StandingError, TerminalError, toErrorRecord } from '../errors.ts'
import type { Address } from '../model/address.ts'
import type { Delivery } from '../model/messages.ts'
import type { EffectRow } from '../model/records.ts'
import type { ActorState } from '../step/actor-state.ts'
import { DueHeap } from './due-heap.ts'
import { callEffect, effectOf } from './effect-call.ts'
import { EffectLedger } from './effect-ledger.ts'
import type { EffectRunnerParts } from './effect-runner-parts.ts'
import { HeldEffects } from './held-effects.ts'
import type { Held } from './held-effects.ts'
import { givenUp, rejection, resolution } from './effect-reports.ts'
import type { LaneStats } from '../runtime-face.ts'
import type { Lane } from './lane.ts'
import { Lanes } from './lanes.ts'
import { backoffMs, policyOf } from './retry.ts'

export class EffectRunner {
  readonly #parts: EffectRunnerParts
  readonly #ledger: EffectLedger
  readonly #lanes: Lanes
  /** Everything in memory: in line, running, or waiting for its next attempt. */
  readonly #held = new HeldEffects()
  readonly #waiting = new DueHeap<string>()
  /** Left memory while a sweep was reading: what it has read of them is out of date. */
  readonly #overtaken = new Set<string>()
  #sweeping: Promise<number> | undefined
  #cancelWake: (() => void) | undefined
  #state: 'stopped' | 'running' | 'draining' | 'killed' = 'stopped'

  constructor(parts: EffectRunnerParts) {
    this.#parts = parts
    this.#ledger = new EffectLedger(parts.store, parts.activity, parts.log)
    this.#lanes = new Lanes(parts.lanes, parts.limits.effectsAtOnce)
    for (const { definition } of parts.compiled.values()) {
      for (const { lane = 'default' } of Object.values(definition.effects ?? {})) if (typeof lane === 'string') this.#lanes.lane(lane)
    }
    this.#lanes.lane('default')
  }

  start(): void {
    this.#state = 'running'
    this.#fill()
  }

  /** Begins nothing more; what runs may finish until `graceMs`, then its signal is aborted. */
  async drain(graceMs: number): Promise<void> {
    this.#state = 'draining'
    this.#cancelWake?.()
    for (const lane of this.#lanes.values()) {
      // In line but not begun: their rows stay, the next start runs them.
      for (let count = lane.queued; count > 0; count--) this.#parts.activity.end()
      lane.clear()
    }
    const grace = setTimeout(() => this.#abortAll('the runtime stops'), graceMs)
    await this.#parts.activity.whenIdle()
    clearTimeout(grace)
  }

  kill(): void {
    this.#state = 'killed'
    this.#cancelWake?.()
    this.#abortAll('killed')
    this.#held.clear()
    this.#ledger.kill()
  }

  /** Effects in memory of one actor, for its view. */
  of(address: Address): EffectRow[] {
    return this.#held.of(address)
  }

  /** True when some rows are only in the store, so that memory does not tell the whole story. */
  get partial(): boolean {
    return [...this.#lanes.values()].some((lane) => lane.spilled)
  }

  /** The soonest of the attempts that memory waits for. */
  get nextAttemptAt(): number | undefined {
    return this.#waiting.nextDueAt
  }

  /** With the age of what has waited longest since it was due. */
  stats(): Record<string, LaneStats> {
    const now = this.#parts.clock.now()
    const statsOf = ({ queued, running, oldestAt }: Lane): LaneStats => ({ queued, running, ...(oldestAt === undefined ? {} : { oldestMs: Math.max(0, now - oldestAt) }) })
    return Object.fromEntries([...this.#lanes.values()].map((lane) => [lane.name, statsOf(lane)]))
  }

  /** After the commit that stored them. */
  add(rows: Iterable<EffectRow>): void {
    for (const row of rows) this.#admit(row)
  }

  /** After the commit that removed them: the machine left the state that invoked them. */
  cancel(keys: readonly string[]): void {
    for (const key of keys) {
      const held = this.#held.get(key)
      this.#leave(key)
      // Most go because their result was taken: there is nobody left to abort.
      if (held?.isAnswered === false) held.abort?.abort(new TerminalError('the invocation is no longer active'))
    }
  }

  /** A commit of unknown outcome may have cancelled some of this actor's: those are not to be called any more. */
  reconcile({ address, children }: ActorState): void {
    const gone = this.of(address).filter(({ kind, childId, key }) => kind === 'invoke' && (childId === null || children[childId]?.key !== key))
    this.cancel(gone.map(({ key }) => key))
  }

  /** Slices that are not ours any more: what has not begun is their owner's; what runs may finish. */
  letGo(slices: ReadonlySet<number>): void {
    for (const lane of this.#lanes.values()) {
      for (let dropped = lane.drop((row) => slices.has(row.slice)); dropped > 0; dropped--) this.#parts.activity.end()
    }
    for (const { row, abort } of this.#held.values()) if (abort === undefined && slices.has(row.slice)) this.#leave(row.key)
  }

  /** Whether an attempt is under way for any of these slices. */
  isRunningIn(slices: ReadonlySet<number>): boolean {
    for (const { row, abort } of this.#held.values()) if (abort !== undefined && slices.has(row.slice)) return true
    return false
  }

  /** R10: takes in what the store has and memory has not. Resolves with how many were found. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined
      this.#overtaken.clear()
    })
    return this.#sweeping
  }

  async #sweep(): Promise<number> {
    let found = 0
    for (const lane of this.#lanes.values()) {
      if (this.#state !== 'running') return found
      const room = this.#parts.limits.queued - lane.queued
      if (room <= 0) continue
      // One page beyond what memory holds shows whether there is more.
      const limit = this.#parts.limits.queued + PAGE_EXTRA
      const slices = this.#parts.slices.filter
      const rows = slices?.length === 0 ? [] : await this.#parts.store.dueEffects({ until: this.#parts.clock.now(), limit, lane: lane.name, slices })
      lane.spilled = rows.length >= limit
      for (const row of rows) {
        if (this.#held.has(row.key) || this.#overtaken.has(row.key)) continue
        // A crash in the middle of an attempt leaves `running` behind; the attempt counts.
        if (this.#admit(row)) found++
      }
    }
    return found
  }

  /** Staff: try now, with all attempts anew, under the same key. */
  async retry(row: EffectRow): Promise<void> {
    if (this.#held.get(row.key)?.abort !== undefined) throw new StandingError('invalid-state', 'the effect is running')
    const again: EffectRow = { ...row, status: 'pending', attempts: 0, nextAttemptAt: this.#parts.clock.now() }
    await this.#parts.store.progressEffects([again])
    // Leaves its place among the waiting ones, which finds nothing under this key any more.
    this.#held.drop(row.key)
    this.#admit(again)
  }

  /** Staff: never again. An invocation is told that it failed; an action is forgotten. */
  async giveUp(row: EffectRow, reason: string): Promise<void> {
    this.cancel([row.key])
    if (row.kind === 'action') return this.#ledger.remove(row.key)
    const error = { name: 'Cancelled', message: reason, code: 'cancelled' }
    await this.#deliver(row, rejection(row, error))
  }

  /** For a clock that is moved by hand. */
  async runDue(): Promise<void> {
    this.#wakeWaiting()
    await this.sweep()
  }

  #admit(row: EffectRow): boolean {
    if (this.#held.has(row.key) || this.#state === 'killed' || this.#state === 'draining' || !this.#parts.slices.owns(row.slice)) return false
    const lane = this.#lanes.lane(row.lane)
    if (!this.#hasRoom(lane, row.address.tenant)) {
      lane.spilled = true
      return false
    }
    this.#held.add(row)
    if (row.nextAttemptAt > this.#parts.clock.now()) {
      this.#waiting.push(row.nextAttemptAt, row.key)
      this.#wake()
    } else {
      this.#enqueue(lane, row)
    }
    return true
  }

  /** R9. A tenant that has little in line gets in beside one that fills it. */
  #hasRoom(lane: Lane, tenant: string): boolean {
    const { queued } = this.#parts.limits
    return lane.queued < queued || (lane.queued < 2 * queued && lane.queuedOf(tenant) < queued / TENANT_SHARE)
  }

  #enqueue(lane: Lane, row: EffectRow): void {
    this.#parts.activity.begin()
    this.#lanes.push(lane, row)
    if (this.#state === 'running') this.#fill()
  }

  #fill(): void {
    for (let next = this.#lanes.begin(); next !== undefined; next = this.#lanes.begin()) {
      const { lane, row } = next
      void this.#attempt(lane, row).finally(() => {
        this.#lanes.end(lane)
        this.#parts.activity.end()
        if (this.#state !== 'running') return
        this.#fill()
        if (lane.spilled && lane.queued === 0) void this.#parts.activity.during(() => this.sweep().then(() => undefined, (error: unknown) => this.#parts.log.warn({ err: error }, 'effects could not be read')))
      })
    }
  }

  async #attempt(lane: Lane, row: EffectRow): Promise<void> {
    const held = this.#held.get(row.key)
    // Cancelled while it stood in line, or taken out of it (by staff, with its slice) and begun anew from another place in it.
    if (held === undefined || held.abort !== undefined || held.row !== row) return
    // Its owner runs it now.
    if (!this.#parts.slices.owns(row.slice)) return this.#leave(row.key)
    const { clock, metrics, compiled } = this.#parts
    const abort = new AbortController()
    held.abort = abort
    held.row = { ...row, status: 'running', attempts: row.attempts + 1 }
    const effect = effectOf(compiled.get(row.address.type), row)
    if (effect?.noteBeforeCall === true) {
      if (!(await this.#ledger.note(held.row))) return this.#requeueLater(held, row)
    } else {
      void this.#ledger.progress(held.row)
    }
    const began = performance.now()
    const elapsed = (): number => performance.now() - began
    try {
      const output = await callEffect(compiled.get(row.address.type), held.row, { number: held.row.attempts, at: clock.now(), interrupted: row.status === 'running' }, abort.signal)
      if (!this.#held.has(row.key)) return
      held.isAnswered = true
      metrics.effectFinished(lane.name, row.name, 'done', elapsed())
      await this.#succeed(held.row, output)
      this.#leave(row.key)
    } catch (error) {
      // Cancelled, stopped or killed: nobody waits for this any more, or the next start does.
      if (!this.#held.has(row.key) || this.#state === 'killed') return
      if (abort.signal.aborted) return this.#leave(row.key)
      await this.#fail(held, lane, error, elapsed())
    }
  }

  #requeueLater(held: Held, row: EffectRow): void {
    if (this.#state === 'killed') return
    held.row = row
    held.abort = undefined
    this.#waiting.push(this.#parts.clock.now() + NOTE_RETRY_MS, row.key)
    this.#wake()
  }

  async #succeed(row: EffectRow, output: unknown): Promise<void> {
    // Held in memory until the row is gone, so that no sweep takes it for a forgotten one.
    if (row.kind === 'action') return this.#ledger.remove(row.key)
    await this.#deliver(row, resolution(row, output))
  }

  async #fail(held: Held, lane: Lane, error: unknown, durationMs: number): Promise<void> {
    const { clock, metrics, log, compiled, random } = this.#parts
    const { row } = held
    // Whoever owns it now has begun it anew and reports for it.
    if (!this.#parts.slices.owns(row.slice)) return this.#leave(row.key)
    const effect = effectOf(compiled.get(row.address.type), row)
    const policy = policyOf(row, effect, this.#parts.lanes[lane.name]?.retry)
    const lastError = JSON.stringify(toErrorRecord(error))
    const final = error instanceof TerminalError || row.attempts >= policy.attempts
    log.warn({ effect: row.key, name: row.name, attempt: row.attempts, final, err: toErrorRecord(error) }, 'an effect failed')
    metrics.effectFinished(lane.name, row.name, final ? 'failed' : 'retry', durationMs)
    if (!final) {
      const nextAttemptAt = clock.now() + backoffMs(policy, row.attempts, random(), error)
      held.row = { ...row, status: 'retrying', nextAttemptAt, lastError }
      held.abort = undefined
      if (this.#waiting.size >= this.#parts.limits.queued) return this.#leaveToStore(held.row, lane)
      void this.#ledger.progress(held.row)
      this.#waiting.push(nextAttemptAt, row.key)
      this.#wake()
      return
    }
    const record = toErrorRecord(error)
    if (row.kind === 'invoke') {
      await this.#deliver(row, rejection(row, record))
    } else {
      // Told first: once it is marked as failed, nobody would tell the actor after a crash (R10).
      if (effect?.onGiveUp !== undefined) await this.#deliver(row, givenUp(row, effect.onGiveUp, record))
      // Stays for staff to see, retry or cancel.
      await this.#ledger.progress({ ...row, status: 'failed', lastError })
    }
    this.#leave(row.key)
  }

  /** R9: too many wait for their next attempt; a sweep brings this one back when it is due. */
  async #leaveToStore(row: EffectRow, lane: Lane): Promise<void> {
    lane.spilled = true
    await this.#ledger.progress(row)
    this.#leave(row.key)
  }

  #deliver(row: EffectRow, delivery: Delivery): Promise<void> {
    return this.#parts.deliver(row.address, delivery)
  }

  #leave(key: string): void {
    this.#held.drop(key)
    if (this.#sweeping !== undefined) this.#overtaken.add(key)
  }

  #wake(): void {
    this.#cancelWake?.()
    const at = this.#waiting.nextDueAt
    if (at !== undefined && this.#state === 'running') this.#cancelWake = this.#parts.clock.wakeAt(at, () => this.#wakeWaiting())
  }

  #wakeWaiting(): void {
    const now = this.#parts.clock.now()
    for (let key = this.#waiting.popDue(now); key !== undefined; key = this.#waiting.popDue(now)) {
      const held = this.#held.get(key)
      // Staff may have begun it anew meanwhile: its earlier place in line says nothing.
      if (held !== undefined && held.abort === undefined && held.row.nextAttemptAt <= now) this.#enqueue(this.#lanes.lane(held.row.lane), held.row)
    }
    this.#wake()
  }

  #abortAll(reason: string): void {
    for (const { abort } of this.#held.values()) abort?.abort(new TerminalError(reason))
  }
}

/** Of a full lane's memory, what each tenant is sure of. */
const TENANT_SHARE = 16
const PAGE_EXTRA = 100
const NOTE_RETRY_MS = 500
