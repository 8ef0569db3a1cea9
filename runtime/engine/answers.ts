/** What a sender hears, after the commit (R1), in the words of the contract. */
import { StandingError } from '../errors.ts'
import { refusedBy, acceptedTypes } from '../inspect/accepts.ts'
import { actorView, factViews } from '../inspect/view.ts'
import type { CompiledActor } from '../machine/compile.ts'
import type { StepScope } from '../machine/scope.ts'
import { describe } from '../step/step.ts'
import type { EffectRow } from '../model/records.ts'
import type { ActorView, SendResult } from '../model/view.ts'
import type { Address } from '../model/address.ts'
import type { Clock } from '../ports/clock.ts'
import { StoreUnavailableError } from '../ports/store.ts'
import type { Store } from '../ports/store.ts'
import type { ActorState } from '../step/actor-state.ts'
import type { Activity } from './activity.ts'
import type { Answered, RefusedFor } from './batch-steps.ts'
import type { Cell, Item, Reply } from './cell.ts'
import type { FoundEvent } from './dispatcher-parts.ts'

/** In one view. */
const EFFECTS_MAX = 100

export interface AnswerParts {
  compiled: ReadonlyMap<string, CompiledActor>
  scope: () => StepScope
  store: Store
  clock: Clock
  activity: Activity
  effectsOf(address: Address): EffectRow[]
  isOwned(slice: number): boolean
  asOf(address: Address, seq: number): Promise<ActorState | undefined>
}

export class Answers {
  readonly #parts: AnswerParts

  constructor(parts: AnswerParts) {
    this.#parts = parts
  }

  answer({ item, answer }: Answered): void {
    const { reply } = item
    if (reply.mode === 'async') return reply.settle()
    switch (answer.kind) {
      case 'stepped':
        return this.#applied(answer.step.next, answer.step.journal.facts, reply)
      case 'rejected':
        return reply.reject(answer.error)
      case 'refused':
        void this.#refused(item, answer.state, answer.result).then(reply.resolve, (error: unknown) => reply.reject(comeAgain(error)))
        return
      case 'settled':
        return reply.reject(new StandingError('invalid-state', 'the event was set aside'))
    }
  }

  /** R3: the journal has it already. The same body gets the first answer, another body an error. */
  duplicate(cell: Cell, item: Item, { row }: FoundEvent): void {
    const { reply } = item
    if (reply.mode === 'async') return reply.settle()
    void this.#firstAnswer(cell.address, item, row).then(reply.resolve, (error: unknown) => reply.reject(comeAgain(error)))
  }

  #applied(state: ActorState, facts: string | null, reply: Reply & { mode: 'sync' }): void {
    const result = { outcome: 'applied', seq: state.seq, facts: factViews(facts) } as const
    if (this.#parts.isOwned(state.slice)) return reply.resolve(lazyActor(result, () => this.view(state)))
    void this.viewAnywhere(state).then((actor) => reply.resolve({ ...result, actor }), (error: unknown) => reply.reject(comeAgain(error)))
  }

  /** The effects of another node's actors are known to the store alone. */
  async viewAnywhere(state: ActorState): Promise<ActorView> {
    const { address, slice } = state
    if (this.#parts.isOwned(slice)) return this.view(state)
    const { activity, store, clock } = this.#parts
    const effects = await activity.during(() => store.listEffects({ address, tenant: address.tenant, limit: EFFECTS_MAX }))
    return actorView(state, effects, clock.now())
  }

  view(state: ActorState): ActorView {
    return actorView(state, this.#parts.effectsOf(state.address), this.#parts.clock.now())
  }

  async #firstAnswer(address: Address, item: Item, row: FoundEvent['row']): Promise<SendResult> {
    if (item.reply.mode === 'sync' && item.reply.checkBody && !sameJson(JSON.parse(row.event), describe(item.delivery))) {
      throw new StandingError('idempotency-mismatch', 'this event id was used before with another body')
    }
    const state = await this.#parts.asOf(address, row.seq)
    if (state === undefined) throw new StandingError('actor-not-found')
    return lazyActor({ outcome: 'duplicate', seq: row.seq, facts: factViews(row.facts) }, () => this.view(state))
  }

  async #refused(item: Item, state: ActorState | 'absent', result: RefusedFor): Promise<SendResult> {
    const { compiled, scope, store, clock, activity } = this.#parts
    const { delivery } = item
    if (state === 'absent') throw new StandingError('actor-not-found')
    // A repeated event is often no longer accepted; it still deserves its first answer (R3).
    if (!delivery.fresh) {
      const [found] = await activity.during(() => store.findEvents([{ address: state.address, eventId: delivery.eventId }]))
      if (found !== undefined) return this.#firstAnswer(state.address, item, found.row)
    }
    if (result === 'held') throw new StandingError('actor-blocked', `the actor is held: ${state.hold?.reason ?? ''}`)
    if (result === 'moved') throw new StandingError('stale-version', `the actor is at seq ${state.seq}, not where the sender has seen it`, { extra: { seq: state.seq } })
    if (result === 'exists') throw new StandingError('actor-exists', `an actor '${state.address.type}/${state.address.id}' exists already`)
    if (result === 'finished') throw new StandingError('actor-done', `the actor has finished ('${state.encoded.status}')`)
    const event = describe(delivery)
    const definition = compiled.get(state.address.type) as CompiledActor
    throw new StandingError('event-not-accepted', `'${event.type}' is not accepted in state ${state.encoded.states.join(', ')}`, {
      accepts: acceptedTypes(state, clock.now()),
      refusedBy: refusedBy(definition, scope(), state, event, clock.now()),
    })
  }
}

/** The view is built when somebody looks at it: a caller that only wants the outcome does not pay for it. */
function lazyActor(result: Omit<SendResult, 'actor'>, build: () => ActorView): SendResult {
  let view: ActorView | undefined
  return Object.defineProperty(result, 'actor', { enumerable: true, get: () => (view ??= build()) }) as SendResult
}

/** The answer had to be looked up and the store was out of reach: the event is safe or refused, and the sender may ask again. */
function comeAgain(error: unknown): unknown {
  return error instanceof StoreUnavailableError ? new StandingError('overloaded', 'the database is out of reach', { retryAfterMs: 2_000, cause: error }) : error
}

/** Equal but for the order of keys. */
function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const keysA = Object.keys(a)
  const keysB = Object.keys(b)
  return keysA.length === keysB.length && keysA.every((key) => key in b && sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
}
