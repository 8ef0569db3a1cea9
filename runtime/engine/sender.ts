/** The ways in for whoever waits for an answer: create an actor, send it events. */
import { StandingError } from '../errors.ts'
import type { Reader } from '../inspect/reader.ts'
import { addressKey, assertEventId, assertNewAddress, toAddress } from '../model/address.ts'
import type { Address, AddressInput } from '../model/address.ts'
import type { Delivery, EventObject } from '../model/messages.ts'
import type { ActorView, SendResult } from '../model/view.ts'
import type { BatchItemResult, CreateOptions, Runtime, SendOptions } from '../runtime-face.ts'
import { checkEvent, checkInput } from './ingress.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { EngineParts } from './parts.ts'

export interface Sender {
  /** @throws StandingError `invalid-state` or `overloaded` when no work is taken now (R9). */
  accepting: () => void
  /** The public calls. */
  calls: Pick<Runtime, 'send' | 'create' | 'sendMany' | 'fireTimer'>
}

export function createSender({ dispatcher, limits, newId }: Pick<EngineParts, 'dispatcher' | 'limits' | 'newId'>, { definitionOf, existing }: Reader, lifecycle: Lifecycle): Sender {
  function accepting(): void {
    if (lifecycle.state !== 'running') throw new StandingError('invalid-state', `the runtime is ${lifecycle.state}`)
    if (dispatcher.unavailable) throw new StandingError('overloaded', 'the database is out of reach', { retryAfterMs: 2_000 })
    if (dispatcher.waiting >= limits.waiting) throw new StandingError('overloaded', 'too many events are waiting', { retryAfterMs: 1_000 })
  }

  /** Into the mailbox, with somebody waiting for the answer. */
  function ask(address: Address, delivery: Delivery, options: SendOptions): Promise<SendResult> {
    const queued = dispatcher.cells.peek(addressKey(address))?.queue.length ?? 0
    if (queued >= limits.mailbox) throw new StandingError('overloaded', 'too many events wait for this actor', { retryAfterMs: 500 })
    return new Promise((resolve, reject) => {
      dispatcher.submit(address, {
        delivery,
        reply: { mode: 'sync', ifSeq: options.ifSeq, checkBody: options.checkBody ?? false, resolve, reject },
        parked: undefined,
        maybeCommitted: false,
        failure: undefined,
      })
    })
  }

  function trace(eventId: string, options: SendOptions): Delivery['trace'] {
    return { source: options.source ?? 'library', correlationId: options.correlationId ?? eventId, causationId: options.causationId ?? null }
  }

  async function send(to: AddressInput, event: EventObject, options: SendOptions = {}): Promise<SendResult> {
    accepting()
    const address = toAddress(to)
    const checked = checkEvent(definitionOf(address.type), event, limits.eventBytes)
    if (options.eventId !== undefined) assertEventId(options.eventId)
    const eventId = options.eventId ?? newId()
    return ask(address, { kind: 'event', eventId, fresh: options.eventId === undefined, trace: trace(eventId, options), event: checked }, options)
  }

  async function create(to: Omit<AddressInput, 'id'> & { id?: string }, input?: unknown, options: CreateOptions = {}): Promise<ActorView> {
    accepting()
    const definition = definitionOf(to.type)
    const address = toAddress({ ...to, id: to.id ?? `${definition.definition.idPrefix ?? to.type}_${newId()}` })
    assertNewAddress(address)
    if (options.eventId !== undefined) assertEventId(options.eventId)
    const checked = checkInput(definition, input, limits.eventBytes)
    const eventId = options.eventId ?? newId()
    const result = await ask(address, { kind: 'start', eventId, fresh: options.eventId === undefined, trace: trace(eventId, options), input: checked }, options)
    return result.actor
  }

  const calls: Sender['calls'] = {
    send,
    create,
    async sendMany(items, options = {}) {
      const answers = await Promise.allSettled(items.map((item) => send(item.to, item.event, { ...options, ...(item.eventId === undefined ? {} : { eventId: item.eventId }) })))
      return answers.map((answer): BatchItemResult => (answer.status === 'fulfilled' ? { ok: true, result: answer.value } : { ok: false, error: answer.reason as Error }))
    },
    async fireTimer(to, timerId, action) {
      accepting()
      const state = await existing(to)
      const timer = state.timers.get(timerId)
      // Under an id of the caller's it may have been fired already: the journal tells (R3).
      if (timer === undefined && action.eventId === undefined) throw new StandingError('timer-not-found', `no timer '${timerId}' is armed`)
      const eventId = action.eventId ?? `staff-${newId()}`
      const source = `staff:${action.by}`
      return ask(state.address, { kind: 'timer', eventId, fresh: action.eventId === undefined, trace: { source, correlationId: eventId, causationId: null }, timerId, armedSeq: timer?.armedSeq ?? -1, dueAt: timer?.dueAt ?? 0, by: action.by, reason: action.reason }, {})
    },
  }
  return { accepting, calls }
}
