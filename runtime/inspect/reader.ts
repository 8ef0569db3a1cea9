/** Everything that only looks: at actors as they are, were, and could become. */
import type { EngineParts } from '../engine/parts.ts'
import { checkEvent } from '../engine/ingress.ts'
import { StandingError } from '../errors.ts'
import type { CompiledActor } from '../machine/compile.ts'
import { addressKey, DEFAULT_TENANT, parseAddressKey, toAddress } from '../model/address.ts'
import type { Address, AddressInput } from '../model/address.ts'
import type { EventObject } from '../model/messages.ts'
import type { EffectRow, JournalRow } from '../model/records.ts'
import type { ActorView } from '../model/view.ts'
import type { Runtime } from '../runtime-face.ts'
import { fromStored } from '../step/actor-state.ts'
import type { ActorState } from '../step/actor-state.ts'
import { replay } from './as-of.ts'
import { dryRun } from './dry-run.ts'
import { nextView } from './next.ts'
import { storedView } from './stored-view.ts'
import { actorView, historyEntry, timerViews } from './view.ts'

const HISTORY_PAGE = 1_000
/** Steps that are replayed for the answer to a repeated event; beyond, it gets the actor as it is. */
const REPLAYED_MAX = 1_000

export interface Reader {
  /** The public calls. */
  calls: Pick<Runtime, 'get' | 'getAsOf' | 'list' | 'history' | 'saidBefore' | 'next' | 'dryRun' | 'timers'>
  /** @throws StandingError `actor-type-unknown` */
  definitionOf: (type: string) => CompiledActor
  stateOf: (to: AddressInput) => Promise<ActorState | undefined>
  /** @throws StandingError `actor-not-found` */
  existing: (to: AddressInput) => Promise<ActorState>
  /** With its effects as they are stored. */
  fullView: (state: ActorState) => Promise<ActorView>
  /** @throws StandingError `effect-not-found` */
  effectRow: (key: string) => Promise<EffectRow>
  /** The actor as it was after step `seq`. */
  stateAsOf: (address: Address, seq: number) => Promise<ActorState | undefined>
}

export function createReader({ compiled, store, clock, limits, activity, dispatcher, ownership }: Pick<EngineParts, 'compiled' | 'store' | 'clock' | 'limits' | 'activity' | 'dispatcher' | 'ownership'>): Reader {
  function definitionOf(type: string): CompiledActor {
    const found = compiled.get(type)
    if (found === undefined) throw new StandingError('actor-type-unknown', `no actor type '${type}' is registered`)
    return found
  }

  /** Beside other nodes memory may be out of date: one may have committed for a slice of ours that it could not reach us about. */
  function hotState(address: Address): ActorState | undefined {
    const cell = dispatcher.cells.peek(addressKey(address))
    if (cell === undefined || !ownership.isAlone || !ownership.held.owns(cell.slice)) return undefined
    const { state } = cell
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
      // To replay a long life takes long, and everybody else would wait for it (R9).
      if (current === undefined || current.seq === seq || seq > REPLAYED_MAX) return current
      // A repeated event deserves its answer even when the code of then is gone (R3): with the actor as it is.
      return replayed(address, { seq }).catch(() => current)
    })
  }

  const calls: Reader['calls'] = {
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
    async saidBefore(events) {
      if (events.length === 0) return []
      const asked = events.map(({ to: { tenant = DEFAULT_TENANT, type, id }, eventId }) => ({ address: { tenant, type, id }, eventId }))
      const found = new Map((await store.findEvents(asked)).map(({ address, row }) => [eventKey(address, row.eventId), row.event]))
      return asked.map(({ address, eventId }) => {
        const event = found.get(eventKey(address, eventId))
        return event === undefined ? undefined : (JSON.parse(event) as EventObject)
      })
    },
    async next(to) {
      return nextView(definitionOf(to.type), dispatcher.scope, await existing(to), clock.now())
    },
    async dryRun(to, event) {
      const definition = definitionOf(to.type)
      return dryRun(definition, dispatcher.scope, await existing(to), checkEvent(definition, event, limits.eventBytes), clock.now(), limits)
    },
    async timers(to) {
      return timerViews((await existing(to)).timers.values())
    },
  }
  return { calls, definitionOf, stateOf, existing, fullView, effectRow, stateAsOf }
}

function eventKey(address: Address, eventId: string): string {
  return `${addressKey(address)}\0${eventId}`
}
