/**
 * Plays a machine by XState's own pure functions, with a clock, timers and outside calls that the test
 * moves by hand. Every step is checked for what the engine relies on: context and facts are plain JSON, and
 * no action is left that nobody would carry out.
 */
import { expect } from 'vitest'
import { initialTransition, transition, type AnyStateMachine, type InputFrom, type SnapshotFrom, type StateValue } from 'xstate'
import { withStepTime } from '../../../runtime/step/step-time.ts'

export interface Message {
  type: string
  [field: string]: unknown
}

interface Action {
  type: string
  params: unknown
}

const CARRIED_OUT = new Set(['xstate.raise', 'xstate.cancel', 'xstate.emit', 'xstate.spawnChild', 'xstate.stopChild'])

/** 2026-01-01T00:00:00Z: not 0, so that a forgotten clock is seen. */
export const START = Date.UTC(2026, 0, 1)

export class Play<Machine extends AnyStateMachine> {
  now: number
  snapshot: SnapshotFrom<Machine>
  /** Of the newest step. */
  facts: Message[] = []
  /** Of all steps, in order. */
  history: string[] = []
  readonly timers = new Map<string, { event: Message; dueAt: number }>()
  readonly calls = new Map<string, unknown>()
  readonly machine: Machine

  constructor(machine: Machine, input: InputFrom<Machine>, start = START) {
    this.machine = machine
    this.now = start
    const [snapshot, actions] = withStepTime(this.now, () => initialTransition(machine, input as never))
    this.snapshot = snapshot
    expect((snapshot as { error?: unknown }).error).toBeUndefined()
    this.#take(actions)
  }

  /** As `cancelled.waiting`. */
  get state(): string {
    let { value } = this.snapshot as { value: StateValue | undefined }
    const path: string[] = []
    while (typeof value === 'object') {
      const [name = ''] = Object.keys(value)
      path.push(name)
      value = value[name]
    }
    return [...path, value].join('.')
  }

  get context(): SnapshotFrom<Machine>['context'] {
    return (this.snapshot as { context: SnapshotFrom<Machine>['context'] }).context
  }

  /** True if some transition took the event (R8). */
  send(event: Message, afterMs = 0): boolean {
    this.now += afterMs
    const before = this.snapshot
    const [snapshot, actions] = withStepTime(this.now, () => transition(this.machine, before as never, event as never))
    this.snapshot = snapshot
    this.#take(actions)
    return snapshot !== before
  }

  /** The answer of an outside call that is under way. */
  answer(call: string, output: unknown, afterMs = 0): this {
    expect([...this.calls.keys()]).toContain(call)
    this.calls.delete(call)
    this.send({ type: `xstate.done.actor.${call}`, output }, afterMs)
    return this
  }

  breakDown(call: string, error: { name: string; message: string; code?: string }): this {
    expect([...this.calls.keys()]).toContain(call)
    this.calls.delete(call)
    this.send({ type: `xstate.error.actor.${call}`, error })
    return this
  }

  /** Lets the time of an armed delay pass; gives how long that was. */
  elapse(delay: string): number {
    const id = `xstate.after.${delay}.${this.machine.id}.${this.state}`
    const timer = this.timers.get(id)
    if (timer === undefined) throw new Error(`no timer ${id}, only ${[...this.timers.keys()].join(', ')}`)
    this.timers.delete(id)
    const waited = timer.dueAt - this.now
    this.send(timer.event, waited)
    return waited
  }

  dueInMs(delay: string): number | undefined {
    const dueAt = this.timers.get(`xstate.after.${delay}.${this.machine.id}.${this.state}`)?.dueAt
    return dueAt === undefined ? undefined : dueAt - this.now
  }

  #take(actions: readonly Action[]): void {
    this.facts = []
    for (const { type, params } of actions) {
      expect(CARRIED_OUT, `action ${type} is neither bookkeeping nor an effect`).toContain(type)
      const fields = params as Message & { delay?: number; event: Message; id: string; sendId: string; src: string; input: unknown; actorRef: { id: string } }
      if (type === 'xstate.emit') this.facts.push(fields.event)
      if (type === 'xstate.cancel') this.timers.delete(fields.sendId)
      if (type === 'xstate.spawnChild') this.calls.set(fields.id, fields.input)
      if (type === 'xstate.stopChild') this.calls.delete((params as { id: string } | undefined)?.id ?? '')
      if (type === 'xstate.raise' && fields.delay !== undefined) {
        expect(Number.isFinite(fields.delay) && fields.delay >= 0, `delay ${fields.id} is ${fields.delay}`).toBe(true)
        this.timers.set(fields.id, { event: fields.event, dueAt: this.now + fields.delay })
      }
    }
    this.history.push(...this.facts.map(({ type }) => type))
    expect(JSON.parse(JSON.stringify(this.context))).toStrictEqual(this.context)
    expect(JSON.parse(JSON.stringify(this.facts))).toStrictEqual(this.facts)
  }
}
