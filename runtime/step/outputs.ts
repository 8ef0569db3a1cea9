/**
 * What one step asks of the world, gathered from XState's resolved actions as rows and messages. Nothing
 * happens here; the rows are committed with the step (R1) and acted on afterwards.
 */
import type { EffectDefinition } from '../definition.ts'
import { StandingError } from '../errors.ts'
import { addressOf } from '../machine/address-ref.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { toPlain } from '../machine/plain.ts'
import type { CollectedAction } from '../machine/scope.ts'
import { addressKey, outputKey } from '../model/address.ts'
import type { Address } from '../model/address.ts'
import type { Json } from '../model/json.ts'
import type { EventObject, Fact, Mail, Trace } from '../model/messages.ts'
import type { ChildRecord, EffectRow, OutboxRow, ParentLink, TimerAction, TimerRow } from '../model/records.ts'

/** Which step is being gathered for. */
export interface StepIdentity {
  compiled: CompiledActor
  address: Address
  slice: number
  seq: number
  at: number
  eventId: string
  trace: Trace
  parent: ParentLink | null
}

export interface LogLine {
  label: string | undefined
  text: string | undefined
}

type Body<M> = M extends Mail ? Omit<M, 'key' | 'from' | 'correlationId' | 'causationId'> : never

export class Outputs {
  readonly timers: Map<string, TimerRow>
  readonly children: Record<string, ChildRecord>
  readonly timersSet = new Map<string, TimerRow>()
  readonly timersCleared = new Set<string>()
  readonly effectsAdded = new Map<string, EffectRow>()
  readonly effectsRemoved: string[] = []
  readonly facts: Fact[] = []
  readonly mails: Mail[] = []
  readonly logs: LogLine[] = []
  timersChanged = false
  childrenChanged = false

  readonly #step: StepIdentity
  /** Children started in this very step, by the reference XState made for them (pitfall 21). */
  readonly #started = new Map<unknown, string>()
  readonly #removedTimers: string[] = []
  #index = 0

  constructor(step: StepIdentity, timers: ReadonlyMap<string, TimerRow>, children: Readonly<Record<string, ChildRecord>>) {
    this.#step = step
    this.timers = timers as Map<string, TimerRow>
    this.children = children
  }

  /** Timer changes as the journal tells them. */
  timerNotes(): { id: string; dueAt?: number; cancelled?: true }[] {
    return [
      ...[...this.timersSet.values()].map(({ id, dueAt }) => ({ id, dueAt })),
      ...this.#removedTimers.filter((id) => !this.timersSet.has(id)).map((id) => ({ id, cancelled: true as const })),
    ]
  }

  take(actions: readonly CollectedAction[]): void {
    // An entry action may send to a child that its own state invokes, which starts after it.
    const toStart = new Set(actions.filter(({ type }) => type === 'xstate.spawnChild').map(({ params }) => (params as SpawnParams).actorRef))
    const early: CollectedAction[] = []
    for (const action of actions) {
      const to = action.type === 'xstate.sendTo' ? (action.params as SendToParams).to : undefined
      if (toStart.has(to) && !this.#started.has(to)) early.push(action)
      else this.#takeOne(action)
    }
    for (const action of early) this.#takeOne(action)
  }

  /** Frees everything an actor holds when it has finished. Its delayed sends die with it (pitfall 22). */
  finish(): void {
    // A reloaded actor has its timers in another order than one that has armed them itself (R11).
    for (const id of [...this.timers.keys()].sort()) this.clearTimer(id)
    for (const id of Object.keys(this.children)) this.#stopChild(id)
  }

  clearTimer(id: string): void {
    if (!this.timers.has(id)) return
    const timers = this.#ownTimers()
    timers.delete(id)
    this.timersSet.delete(id)
    this.timersCleared.add(id)
    this.#removedTimers.push(id)
  }

  setTimer(timer: TimerRow): void {
    this.#ownTimers().set(timer.id, timer)
    this.timersSet.set(timer.id, timer)
    this.timersCleared.delete(timer.id)
  }

  send(body: Body<Mail>): void {
    const { address, trace, eventId } = this.#step
    this.mails.push({ ...body, key: this.#nextKey(), from: address, correlationId: trace.correlationId, causationId: eventId })
  }

  markChildDone(id: string): void {
    const child = this.children[id]
    if (child !== undefined) this.#ownChildren()[id] = { ...child, done: true }
  }

  outbox(): OutboxRow[] {
    const { address, slice } = this.#step
    const row = (kind: 'mail' | 'fact', message: Mail | Fact): OutboxRow => ({ key: message.key, sender: address, slice, kind, body: JSON.stringify(message) })
    return [...this.facts.map((fact) => row('fact', fact)), ...this.mails.map((mail) => row('mail', mail))]
  }

  #takeOne(action: CollectedAction): void {
    switch (action.type) {
      case 'xstate.raise':
        return this.#raise(action.params as RaiseParams)
      case 'xstate.cancel':
        return this.clearTimer((action.params as { sendId: string }).sendId)
      case 'xstate.sendTo':
        return this.#sendTo(action.params as SendToParams)
      case 'xstate.spawnChild':
        return this.#startChild(action.params as SpawnParams)
      case 'xstate.stopChild':
        return this.#stopRef(action.params)
      case 'xstate.emit':
        return this.#emit((action.params as { event: EventObject }).event)
      case 'xstate.log':
        return this.#log(action.params as { label?: string; value: unknown })
      case 'xstate.assign':
      case 'xstate.enqueueActions':
        return
      default:
        return this.#custom(action)
    }
  }

  #raise({ event, id, delay }: RaiseParams): void {
    // Without a delay it was consumed inside the step already.
    if (typeof delay === 'number') this.#arm(id, delay, { do: 'raise', event: this.#plain(event, 'a raised event') })
  }

  #sendTo({ to, event, id, delay }: SendToParams): void {
    const target = this.#targetOf(to)
    if (target === undefined) return
    const plain = this.#plain(this.#escalated(event), 'a sent event')
    if (typeof delay === 'number') {
      this.#arm(id, delay, { do: 'send', to: target, event: plain })
    } else {
      this.send({ kind: 'event', to: target, event: plain })
    }
  }

  /** Undefined for a child that takes no events (an effect) or is gone within this step. */
  #targetOf(to: unknown): Address | undefined {
    const address = addressOf(to)
    if (address !== undefined) return address
    const id = typeof to === 'string' ? to : (to as { id?: string } | undefined)?.id
    const child = this.#started.get(to) === undefined ? (id === undefined ? undefined : this.children[id]) : this.children[this.#started.get(to) as string]
    return child?.kind === 'actor' ? this.#childAddress(child) : undefined
  }

  #childAddress(child: ChildRecord): Address {
    return { tenant: this.#step.address.tenant, type: child.type as string, id: child.key }
  }

  /** `escalate`-like errors reach the parent under the name XState gives them there. */
  #escalated(event: EventObject): EventObject {
    const { parent, address } = this.#step
    return event.type === 'xstate.error' ? { type: `xstate.error.actor.${parent?.childId ?? address.id}`, error: event['data'] } : event
  }

  #arm(id: string | undefined, delay: number, action: TimerAction): void {
    const { seq, at } = this.#step
    // A send without an id cannot be cancelled; it still needs a name of its own (pitfall 14).
    const timerId = id ?? `${seq}.${this.#index++}`
    if (!Number.isFinite(delay)) throw new StandingError('step-failed', `timer '${timerId}' has no finite delay (R6)`)
    this.setTimer({ id: timerId, dueAt: at + Math.max(0, Math.round(delay)), armedAt: at, armedSeq: seq, action: JSON.stringify(action) })
  }

  #startChild({ id, systemId, actorRef, src, input }: SpawnParams): void {
    if (typeof src !== 'string') throw new StandingError('step-failed', 'a child of inline logic cannot be stored: name it in setup({ actors })')
    const { compiled, seq, address } = this.#step
    const logic = compiled.children.get(src)
    if (logic === undefined) throw new StandingError('step-failed', `unknown actor logic '${src}'`)
    const childId = resolvedId(id, actorRef) ?? `${seq}.${this.#index}`
    // XState puts the new child in the old one's place; a reload must list them in the same order.
    const replaced = this.children[childId]
    if (replaced !== undefined) this.#release(replaced)
    const plainInput = input === undefined ? undefined : (toPlain(input, `the input of '${src}'`).data as Json)
    const named = systemId === undefined ? {} : { systemId }
    if (logic.kind === 'effect') {
      const row = this.#effectRow(src, 'invoke', logic.effect, plainInput, childId)
      this.#ownChildren()[childId] = { kind: 'effect', src, key: row.key, ...named }
    } else {
      const key = `${address.id}~${childId.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}~${seq}.${this.#index}`
      const child: ChildRecord = { kind: 'actor', src, key, type: logic.type, ...named }
      this.#ownChildren()[childId] = child
      this.send({ kind: 'start', to: this.#childAddress(child), input: plainInput, parent: { address, childId } })
    }
    this.#started.set(actorRef, childId)
  }

  #stopRef(ref: unknown): void {
    if (ref === undefined || ref === null) return
    const id = this.#started.get(ref) ?? (ref as { id: string }).id
    this.#stopChild(id)
  }

  #stopChild(id: string): void {
    const child = this.children[id]
    if (child === undefined) return
    Reflect.deleteProperty(this.#ownChildren(), id)
    this.#release(child)
  }

  /** Ends what a child stands for. */
  #release(child: ChildRecord): void {
    if (child.kind === 'effect') {
      // Started and left within one step: it never happens at all (pitfall 21).
      if (!this.effectsAdded.delete(child.key) && child.done !== true) this.effectsRemoved.push(child.key)
      return
    }
    const started = this.mails.findIndex((mail) => mail.kind === 'start' && mail.to.id === child.key)
    if (started >= 0) {
      const gone = addressKey(this.#childAddress(child))
      this.mails.splice(0, this.mails.length, ...this.mails.filter((mail) => addressKey(mail.to) !== gone))
    } else if (child.done !== true) {
      this.send({ kind: 'stop', to: this.#childAddress(child) })
    }
  }

  #emit(event: EventObject): void {
    const { address, seq, at, trace, eventId } = this.#step
    const { type, ...data } = this.#plain(event, 'an emitted event')
    this.facts.push({ key: this.#nextKey(), address, seq, type, data, at, correlationId: trace.correlationId, causationId: eventId })
  }

  /** Only plain words: a logged context could hold anything. */
  #log({ label, value }: { label?: string; value: unknown }): void {
    this.logs.push({ label, text: typeof value === 'string' ? value : undefined })
  }

  #custom(action: CollectedAction): void {
    const logic = this.#step.compiled.actions.get(action.type)
    if (logic === undefined) throw new StandingError('step-failed', `unknown action '${action.type}': what enqueueActions enqueues must have a name, or it could not be found again after a restart`)
    const input: Record<string, unknown> = { params: action.params ?? null, event: action.info.event }
    // The machine's own function is called with the context it would have had.
    if (logic.kind === 'function') input['context'] = action.info.context
    const plain = toPlain(input, `the input of action '${action.type}'`).data as Json
    this.#effectRow(action.type, 'action', logic.kind === 'effect' ? logic.effect : undefined, plain, null, (plain as { params: Json }).params)
  }

  /** @param asked what the implementation is called with */
  #effectRow(name: string, kind: 'invoke' | 'action', effect: EffectDefinition | undefined, input: Json | undefined, childId: string | null, asked = input): EffectRow {
    const { address, slice, at, trace } = this.#step
    const row: EffectRow = {
      key: this.#nextKey(),
      address,
      slice,
      name,
      kind,
      childId,
      lane: typeof effect?.lane === 'function' ? effect.lane((asked ?? undefined) as never) : (effect?.lane ?? 'default'),
      input: JSON.stringify(input ?? null),
      status: 'pending',
      attempts: 0,
      nextAttemptAt: at,
      lastError: null,
      createdAt: at,
      correlationId: trace.correlationId,
    }
    this.effectsAdded.set(row.key, row)
    return row
  }

  #plain(event: EventObject, what: string): EventObject {
    return toPlain(event, what).data as EventObject
  }

  #nextKey(): string {
    return outputKey(this.#step.address, this.#step.seq, this.#index++)
  }

  /** Copy on first write: the state before the step must stay as it was. */
  #ownTimers(): Map<string, TimerRow> {
    if (!this.timersChanged) {
      this.timersChanged = true
      ;(this as { timers: Map<string, TimerRow> }).timers = new Map(this.timers)
    }
    return this.timers
  }

  #ownChildren(): Record<string, ChildRecord> {
    if (!this.childrenChanged) {
      this.childrenChanged = true
      ;(this as { children: Record<string, ChildRecord> }).children = { ...this.children }
    }
    return this.children
  }
}

interface RaiseParams {
  event: EventObject
  id: string | undefined
  delay: number | undefined
}

interface SendToParams extends RaiseParams {
  to: unknown
}

interface SpawnParams {
  id: unknown
  systemId: string | undefined
  actorRef: unknown
  src: unknown
  input: unknown
}

/** XState hands the id on as written, which may be a function; the reference carries the resolved one. */
function resolvedId(id: unknown, ref: unknown): string | undefined {
  return id === undefined ? undefined : (ref as { id: string }).id
}
