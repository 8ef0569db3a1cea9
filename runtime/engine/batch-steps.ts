/**
 * Takes the waiting events of one actor through their steps, in order, and says what is to be written
 * and what each sender will hear. Synchronous and without I/O: the dispatcher commits and replies.
 */
import { isStandingError, StandingError } from '../errors.ts'
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import type { ParkedRow } from '../model/records.ts'
import type { Limits } from '../runtime-face.ts'
import type { ActorState } from '../step/actor-state.ts'
import { describe, recordStep, startStep, step } from '../step/step.ts'
import type { StepContext, Stepped, StepResult } from '../step/stepped.ts'
import { ActorWrite } from './actor-write.ts'
import type { Cell, Item } from './cell.ts'
import { asPlainDelivery, parkedRow } from './parking.ts'

/** Why a synchronous event was not taken. */
export type RefusedFor = 'refused' | 'finished' | 'absent' | 'exists' | 'held' | 'moved'

export interface Answered {
  item: Item
  answer:
    | { kind: 'stepped'; step: Stepped }
    /** Durably dealt with, nothing to say (asynchronous), or not to be taken now (a held timer). */
    | { kind: 'settled' }
    | { kind: 'rejected'; error: unknown }
    /** A synchronous event that nothing accepts: a duplicate, or a refusal worth explaining. */
    | { kind: 'refused'; state: ActorState | 'absent'; result: RefusedFor }
}

export interface CellBatch {
  cell: Cell
  write: ActorWrite | undefined
  answers: Answered[]
  /** Events for actors that do not exist or do not fit: parked without an actor. */
  orphans: ParkedRow[]
  /** Effects whose results are among the orphans. */
  effectsDone: string[]
  /** Left for the next batch, the first after a look into the journal. */
  unsure: Item[]
}

export interface StepSettings {
  compiled: CompiledActor
  scope: StepScope
  at: number
  limits: Limits
}

/** Steps `items` of the cell; the cell itself is not changed. */
export function stepCell(settings: StepSettings, cell: Cell, items: readonly Item[]): CellBatch {
  const context: StepContext = { compiled: settings.compiled, scope: settings.scope, at: settings.at, contextBytes: settings.limits.contextBytes }
  const batch: CellBatch = { cell, write: undefined, answers: [], orphans: [], effectsDone: [], unsure: [] }
  if (cell.state === 'unfit') {
    for (const item of items) holdBack(cell, item, context.at, batch)
    return batch
  }
  let write: ActorWrite | undefined = typeof cell.state === 'string' ? undefined : ActorWrite.of(context, cell.state)
  for (const [i, item] of items.entries()) {
    if (write === undefined) {
      write = startOrPark(context, cell, item, batch)
    } else if (!stepOne(context, write, item, batch)) {
      item.maybeCommitted = true
      batch.unsure = items.slice(i)
      break
    }
  }
  batch.write = write === undefined || write.isEmpty ? undefined : write
  return batch
}

/** R12: an actor that does not fit the code takes nothing; what comes for it waits, durably. */
function holdBack(cell: Cell, item: Item, at: number, batch: CellBatch): void {
  const { delivery, reply } = item
  if (reply.mode === 'sync') {
    batch.answers.push({ item, answer: { kind: 'rejected', error: new StandingError('actor-blocked', 'the stored actor does not fit the deployed machine (R12)') } })
    return
  }
  // A timer comes again from its own row; an effect would be called again for every result that is not kept.
  if (delivery.kind !== 'timer' && item.parked === undefined) batch.orphans.push(parkedRow(cell.address, asPlainDelivery(undefined, delivery), 'waiting', at))
  if (delivery.kind === 'result') batch.effectsDone.push(delivery.effectKey)
  batch.answers.push({ item, answer: { kind: 'settled' } })
}

/** Nobody by that name: a start makes one; anything else is kept for when somebody looks (R8). */
function startOrPark(context: StepContext, cell: Cell, item: Item, batch: CellBatch): ActorWrite | undefined {
  const { delivery, reply } = item
  const answer = (value: Answered['answer']): undefined => void batch.answers.push({ item, answer: value })
  if (delivery.kind !== 'start') {
    if (reply.mode === 'sync') return answer({ kind: 'refused', state: 'absent', result: 'absent' })
    // A stop, timer or result for nobody has nothing left to do.
    if (delivery.kind === 'event' && item.parked === undefined) batch.orphans.push(parkedRow(cell.address, { ...delivery, fresh: false }, 'undeliverable', context.at))
    return answer({ kind: 'settled' })
  }
  try {
    if (item.failure !== undefined) throw asError(item.failure)
    const stepped = startStep(context, cell.address, delivery)
    const write = new ActorWrite(stepped.next, 0)
    write.add(stepped)
    if (item.parked !== undefined) write.unparked.push(item.parked.eventId)
    answer({ kind: 'stepped', step: stepped })
    return write
  } catch (error) {
    if (reply.mode === 'sync') return answer({ kind: 'rejected', error: startFailure(error) })
    if (item.parked === undefined) batch.orphans.push(parkedRow(cell.address, { ...delivery, fresh: false }, 'poison', context.at, error))
    return answer({ kind: 'settled' })
  }
}

/**
 * R3: what has been taken already and comes again often has no place in the present state. Before it is set aside, the journal is asked,
 * or a repetition would hold the actor.
 */
function mayBeRepeat({ delivery, isNew }: Item): boolean {
  return !delivery.fresh && isNew !== true
}

/** False when the journal must be asked first. */
function stepOne(context: StepContext, write: ActorWrite, item: Item, batch: CellBatch): boolean {
  const { delivery, reply } = item
  const { state } = write
  const answer = (value: Answered['answer']): true => {
    batch.answers.push({ item, answer: value })
    return true
  }
  if (state.hold !== null) return reply.mode === 'async' && mayBeRepeat(item) ? false : answer(whileHeld(context, write, item))
  if (reply.mode === 'sync' && reply.ifSeq !== undefined && !write.isAt(reply.ifSeq)) return answer({ kind: 'refused', state, result: 'moved' })
  let result: StepResult
  try {
    if (item.failure !== undefined) throw asError(item.failure)
    result = step(context, state, delivery)
    if (result.kind !== 'stepped' && reply.mode === 'async' && delivery.kind !== 'timer') {
      result = recordStep(context, state, delivery, result.kind === 'finished' ? describe(delivery) : result.event, outcomeOf(result, delivery.kind))
    }
  } catch (error) {
    return mayBeRepeat(item) ? false : answer(poison(context, write, item, error))
  }
  if (result.kind === 'stepped') {
    write.add(result)
    if (item.parked !== undefined) write.unparked.push(item.parked.eventId)
    return answer({ kind: 'stepped', step: result })
  }
  // R6: a stale timer leaves no trace; its row went with the step that disarmed it.
  if (reply.mode === 'async') return answer({ kind: 'settled' })
  return answer({ kind: 'refused', state, result: delivery.kind === 'start' ? 'exists' : result.kind === 'finished' ? 'finished' : 'refused' })
}

/** R8: what nobody accepts is ignored; what belongs to something that is over is dropped (R5). */
function outcomeOf(result: Exclude<StepResult, Stepped>, kind: string): 'ignored' | 'dropped' {
  return result.kind === 'stale' || kind === 'result' ? 'dropped' : 'ignored'
}

/** R7: the events of a held actor wait, durably. */
function whileHeld(context: StepContext, write: ActorWrite, item: Item): Answered['answer'] {
  const { delivery, reply } = item
  if (reply.mode === 'sync') return { kind: 'refused', state: write.state, result: 'held' }
  // Its row stays armed and is looked at again once the actor goes on.
  if (delivery.kind === 'timer') return { kind: 'settled' }
  // The very event that failed is set aside already, with its error.
  if (item.parked === undefined && write.state.hold?.eventId !== delivery.eventId) write.parked.push(parkedRow(write.state.address, asPlainDelivery(write.state, delivery), 'waiting', context.at))
  if (delivery.kind === 'result') write.effectsRemoved.push(delivery.effectKey)
  return { kind: 'settled' }
}

/** R7: the event is set aside with its error, the actor is held, its neighbours know nothing of it. */
function poison(context: StepContext, write: ActorWrite, item: Item, error: unknown): Answered['answer'] {
  const { delivery, reply } = item
  if (reply.mode === 'sync' && isStandingError(error, 'payload-too-large')) return { kind: 'rejected', error }
  const plain = asPlainDelivery(write.state, delivery)
  write.parked.push(parkedRow(write.state.address, plain, 'poison', context.at, error))
  if (delivery.kind === 'timer') write.clearTimer(delivery.timerId)
  if (delivery.kind === 'result') write.effectsRemoved.push(delivery.effectKey)
  const message = error instanceof Error ? error.message : String(error)
  write.hold({ reason: `event '${describe(delivery).type}' failed: ${message}`, at: context.at, eventId: delivery.eventId })
  if (reply.mode === 'async') return { kind: 'settled' }
  return {
    kind: 'rejected',
    error: new StandingError('actor-blocked', 'the event failed inside the machine; it is set aside and the actor is held until staff decide', {
      extra: { eventId: delivery.eventId },
      cause: error,
    }),
  }
}

function startFailure(error: unknown): unknown {
  if (isStandingError(error) && error.code !== 'step-failed') return error
  const message = error instanceof Error ? error.message : String(error)
  return new StandingError('invalid-input', message, { cause: error })
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure))
}
