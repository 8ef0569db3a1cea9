/** Folds the steps that one batch takes of one actor into a single commit entry. */
import type { EffectRow, ParkedRow, TimerRow, Hold, RowSet } from '../model/records.ts'
import type { ActorCommit } from '../ports/store.ts'
import { toStored } from '../step/actor-state.ts'
import type { ActorState } from '../step/actor-state.ts'
import { migrationStep } from '../gate/migration-step.ts'
import type { StepContext, Stepped } from '../step/stepped.ts'

export class ActorWrite {
  state: ActorState
  readonly steps: Stepped[] = []
  readonly timersSet = new Map<string, TimerRow>()
  readonly effectsAdded = new Map<string, EffectRow>()
  readonly effectsRemoved: string[] = []
  readonly parked: ParkedRow[] = []
  readonly unparked: string[] = []

  readonly #before: ActorState
  readonly #expectedSeq: number
  readonly #timersCleared = new Set<string>()
  readonly #rows = new Map<string, RowSet>()
  #identifiers: ActorCommit['identifiers']
  #held = false
  /** The first step is the engine's own: senders still know the actor by the seq before it. */
  #migrated = false

  /** A write of this actor, beginning with the migration it still owes (R12). */
  static of(context: StepContext, state: ActorState): ActorWrite {
    const write = new ActorWrite(state, state.seq)
    if (state.migrated !== undefined) {
      write.add(migrationStep(context, state, state.migrated))
      write.#migrated = true
    }
    return write
  }

  constructor(before: ActorState, expectedSeq: number) {
    this.state = before
    this.#before = before
    this.#expectedSeq = expectedSeq
  }

  get isEmpty(): boolean {
    return this.steps.length === 0 && this.parked.length === 0 && this.unparked.length === 0 && this.effectsRemoved.length === 0 && !this.#held
  }

  /** True when this write lets a held actor go on. */
  get isRelease(): boolean {
    return this.#before.hold !== null && this.state.hold === null
  }

  /** Whether a sender who has seen this seq has seen the actor as it is. */
  isAt(seq: number): boolean {
    return seq === this.state.seq || (this.#migrated && this.steps.length === 1 && seq === this.#expectedSeq)
  }

  add(step: Stepped): void {
    this.steps.push(step)
    this.state = step.next
    for (const id of step.timersCleared) {
      this.timersSet.delete(id)
      this.#timersCleared.add(id)
    }
    for (const timer of step.timersSet) {
      this.#timersCleared.delete(timer.id)
      this.timersSet.set(timer.id, timer)
    }
    for (const effect of step.effectsAdded) this.effectsAdded.set(effect.key, effect)
    for (const key of step.effectsRemoved) {
      if (!this.effectsAdded.delete(key)) this.effectsRemoved.push(key)
    }
    if (step.identifiers !== undefined) this.#identifiers = step.identifiers
    // A later step's rows of the same key replace the earlier ones.
    for (const set of step.rows) this.#rows.set(`${set.table} ${JSON.stringify(set.key)}`, set)
  }

  /** R7: the actor takes no more events until staff decide; its seq stays. */
  hold(hold: Hold): void {
    this.#held = true
    this.state = { ...this.state, hold }
  }

  /** Without a step: the timer's event is being parked instead. */
  clearTimer(id: string): void {
    const timers = new Map(this.state.timers)
    timers.delete(id)
    this.state = { ...this.state, timers }
    this.timersSet.delete(id)
    this.#timersCleared.add(id)
  }

  toCommit(): ActorCommit {
    return {
      expectedSeq: this.#expectedSeq,
      next: toStored(this.state),
      journal: this.steps.map((step) => step.journal),
      timersSet: [...this.timersSet.values()],
      timersCleared: [...this.#timersCleared],
      effectsAdded: [...this.effectsAdded.values()],
      effectsRemoved: this.effectsRemoved,
      outbox: this.steps.flatMap((step) => step.outbox),
      parked: this.parked,
      unparked: this.unparked,
      identifiers: this.#identifiers,
      rows: [...this.#rows.values()],
    }
  }
}
