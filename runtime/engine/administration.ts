/** What staff do to one actor: each with a reason, each a row in its journal. */
import type { ActorDefinition } from '../definition.ts'
import { StandingError } from '../errors.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { toAddress } from '../model/address.ts'
import type { Address, AddressInput } from '../model/address.ts'
import type { Delivery, EventObject } from '../model/messages.ts'
import type { Hold, JournalOutcome, ParkedRow, PositionedParkedRow, TimerRow } from '../model/records.ts'
import { ConflictError, DuplicateEventError } from '../ports/store.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Limits, StaffAction } from '../runtime-face.ts'
import type { ActorState } from '../step/actor-state.ts'
import { recordStep } from '../step/step.ts'
import { ActorWrite } from './actor-write.ts'
import type { Cell, Item } from './cell.ts'
import type { Dispatcher } from './dispatcher.ts'

export interface AdministrationParts {
  compiled: ReadonlyMap<string, CompiledActor>
  store: Store
  clock: Clock
  limits: Limits
  newId: () => string
  dispatcher: Dispatcher
  committed: (cell: Cell, write: ActorWrite) => void
}

interface Changes {
  hold?: Hold | null
  timer?: TimerRow
}

/** An attempt lost against a concurrent commit elsewhere is made again on the reloaded actor (R2). */
const ATTEMPTS = 5
const PAGE = 1_000

export class Administration {
  readonly #parts: AdministrationParts

  constructor(parts: AdministrationParts) {
    this.#parts = parts
  }

  block(to: AddressInput, action: StaffAction): Promise<ActorState> {
    return this.#act(toAddress(to), async (cell, state) => {
      const hold: Hold = { reason: action.reason, at: this.#parts.clock.now(), by: action.by }
      return this.#write(cell, state, { type: 'standing.blocked', reason: action.reason, by: action.by, hold }, { hold }, action)
    })
  }

  /** Lets the actor go on: what waited comes first, in its order; a poison event stays aside. */
  unblock(to: AddressInput, action: StaffAction): Promise<ActorState> {
    return this.#act(toAddress(to), (cell, state) => this.#release(cell, state, action, undefined))
  }

  moveTimer(to: AddressInput, timerId: string, dueAt: number, action: StaffAction): Promise<ActorState> {
    return this.#act(toAddress(to), async (cell, state) => {
      const timer = state.timers.get(timerId)
      if (timer === undefined) throw new StandingError('timer-not-found', `no timer '${timerId}' is armed`)
      const wayToMove = fixedTimer(this.#parts.compiled.get(cell.address.type)?.definition, timerId)
      if (wayToMove !== undefined) throw new StandingError('timer-fixed', wayToMove)
      // A new generation: a firing that is already on its way for the old time is stale (R6).
      const moved = { ...timer, dueAt, armedSeq: state.seq + 1 }
      return this.#write(cell, state, { type: 'standing.timerMoved', reason: action.reason, by: action.by, timer: moved }, { timer: moved }, action)
    })
  }

  /** Only the journal row: for what staff did to something that belongs to the actor. */
  note(to: AddressInput, event: EventObject, action: StaffAction): Promise<ActorState> {
    return this.#act(toAddress(to), (cell, state) => this.#write(cell, state, { ...event, reason: action.reason, by: action.by }, {}, action))
  }

  async retryParked(tenant: string, eventId: string, action: StaffAction): Promise<void> {
    const row = await this.#find(tenant, eventId)
    await this.#act(row.address, (cell, state) => this.#release(cell, state, action, row), (cell) => {
      this.#parts.dispatcher.submitFirst(cell, [parkedItem(row)])
    })
  }

  /** The event stays aside, to be retried later or discarded; the actor goes on. */
  async skipParked(tenant: string, eventId: string, action: StaffAction): Promise<void> {
    const row = await this.#find(tenant, eventId)
    // In one statement: gone for a moment, it could be gone for good.
    const move = (): Promise<void> => this.#parts.store.setParkedKind(tenant, eventId, 'skipped')
    await this.#act(
      row.address,
      async (cell, state) => {
        await move()
        return state.hold?.eventId === eventId ? this.#release(cell, state, action, undefined) : state
      },
      move,
    )
  }

  /** Gone for good; the journal says so where there is an actor. */
  async discardParked(tenant: string, eventId: string, action: StaffAction): Promise<void> {
    const row = await this.#find(tenant, eventId)
    await this.#act(
      row.address,
      async (cell, state) => {
        const delivery = JSON.parse(row.delivery) as Delivery
        const event: EventObject = delivery.kind === 'event' ? delivery.event : { type: row.eventType }
        const next = await this.#skip(cell, state, event, action, eventId)
        return next.hold?.eventId === eventId ? this.#release(cell, next, action, undefined) : next
      },
      () => this.#parts.store.removeParked(tenant, [eventId]),
    )
  }

  async #skip(cell: Cell, state: ActorState, event: EventObject, action: StaffAction, eventId: string): Promise<ActorState> {
    try {
      return await this.#write(cell, state, event, {}, action, { eventId, outcome: 'skipped', unparked: eventId })
    } catch (error) {
      if (!(error instanceof DuplicateEventError)) throw error
      // Its sender has sent it again meanwhile, and then it was taken (R3): only the parked copy is left to go.
      await this.#parts.store.removeParked(cell.address.tenant, [eventId])
      return state
    }
  }

  /** Clears the hold and puts the waiting events in front of whatever has come since. */
  async #release(cell: Cell, state: ActorState, action: StaffAction, first: PositionedParkedRow | undefined): Promise<ActorState> {
    const { dispatcher } = this.#parts
    const waiting = await this.#waiting(cell.address)
    const next = state.hold === null ? state : await this.#write(cell, state, { type: 'standing.unblocked', reason: action.reason, by: action.by, hold: null }, { hold: null }, action)
    const rows = first === undefined ? waiting : [first, ...waiting.filter((row) => row.eventId !== first.eventId)]
    dispatcher.submitFirst(cell, rows.map(parkedItem))
    return next
  }

  /** All of them: one left behind would be overtaken by what comes next (R4). */
  async #waiting(address: Address): Promise<PositionedParkedRow[]> {
    const rows: PositionedParkedRow[] = []
    for (;;) {
      const page = await this.#parts.store.listParked({ tenant: address.tenant, address, kind: 'waiting', limit: PAGE, afterPosition: rows.at(-1)?.position })
      rows.push(...page)
      if (page.length < PAGE) return rows
    }
  }

  #act(address: Address, work: (cell: Cell, state: ActorState) => Promise<ActorState>, withoutActor?: (cell: Cell) => unknown): Promise<ActorState> {
    const attempt = (left: number): Promise<ActorState> =>
      this.#parts.dispatcher
        .exclusive(address, async (cell) => {
          if (cell.state === 'unfit') throw new StandingError('actor-blocked', 'the stored actor does not fit the deployed machine (R12)')
          if (typeof cell.state === 'string') {
            if (withoutActor === undefined) throw new StandingError('actor-not-found')
            await withoutActor(cell)
            return undefined
          }
          try {
            return await work(cell, cell.state)
          } catch (error) {
            if (!(error instanceof ConflictError) || left === 0) throw error
            cell.state = 'unknown'
            return 'again' as const
          }
        })
        .then((result) => (result === 'again' ? attempt(left - 1) : (result as ActorState)))
    return attempt(ATTEMPTS)
  }

  async #write(
    cell: Cell,
    state: ActorState,
    event: EventObject,
    changes: Changes,
    action: StaffAction,
    extra: { eventId?: string; outcome?: Exclude<JournalOutcome, 'applied'>; unparked?: string } = {},
  ): Promise<ActorState> {
    const { compiled, store, clock, limits, newId, dispatcher, committed } = this.#parts
    const eventId = extra.eventId ?? action.eventId ?? `staff-${newId()}`
    const delivery: Delivery = { kind: 'event', eventId, fresh: extra.eventId === undefined && action.eventId === undefined, trace: { source: `staff:${action.by}`, correlationId: eventId, causationId: null }, event }
    const context = { compiled: compiled.get(cell.address.type) as CompiledActor, scope: dispatcher.scope, at: clock.now(), contextBytes: limits.contextBytes }
    const write = ActorWrite.of(context, state)
    write.add(recordStep(context, write.state, delivery, event, extra.outcome ?? 'administered', changes))
    if (extra.unparked !== undefined) write.unparked.push(extra.unparked)
    try {
      await store.commit({ actors: [write.toCommit()], relayed: [] })
    } catch (error) {
      // Done already, by a node that was asked first and did not answer (R3): the actor is as that has left it.
      if (error instanceof DuplicateEventError && extra.eventId === undefined && action.eventId !== undefined) return state
      throw error
    }
    cell.state = write.state
    committed(cell, write)
    return write.state
  }

  async #find(tenant: string, eventId: string): Promise<PositionedParkedRow> {
    const row = await this.#parts.store.findParked(tenant, eventId)
    if (row === undefined) throw new StandingError('parked-not-found', `no event '${eventId}' is parked`)
    return row
  }
}

/** Why it stays where it is; undefined: it may be moved. XState names a timer by its delay and its state. */
function fixedTimer(definition: ActorDefinition | undefined, timerId: string): string | undefined {
  return Object.entries(definition?.fixedTimers ?? {}).find(([delay]) => timerId.startsWith(`xstate.after.${delay}.`))?.[1]
}

/** A parked event on its way back to its actor; the commit that takes it removes the row. */
export function parkedItem(row: ParkedRow): Item {
  return { delivery: JSON.parse(row.delivery) as Delivery, reply: { mode: 'async', settle: () => undefined }, parked: row, maybeCommitted: true, failure: undefined }
}
