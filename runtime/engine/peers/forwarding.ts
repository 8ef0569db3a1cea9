/**
 * Commands for slices of other nodes go to their owners. When the owner cannot be reached they are committed here (R2); when it was
 * asked and says nothing, here too, under the same event id, so that the journal decides which of the two counts (R3).
 */
import type { Reader } from '../../inspect/reader.ts'
import { parseAddressKey, sliceOf, toAddress, toNewAddress } from '../../model/address.ts'
import type { AddressInput } from '../../model/address.ts'
import type { Json } from '../../model/json.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { PeerSilentError, PeerUnreachableError } from '../../ports/peers.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Store } from '../../ports/store.ts'
import type { BatchItem, BatchItemResult, Limits, StaffAction } from '../../runtime-face.ts'
import { checkEvent, checkInput } from '../ingress.ts'
import type { Ownership } from '../ownership/ownership.ts'
import { fromWireError, fromWireItem } from './wire.ts'
import type { CommandName, Commands, PeerAnswer, PeerRequest } from './wire.ts'

export interface ForwardingParts {
  peers: Peers
  ownership: Ownership
  commands: Commands
  reader: Pick<Reader, 'definitionOf'>
  store: Store
  limits: Limits
  log: Log
  metrics: Metrics
  newId: () => string
  /** @throws StandingError when no work is taken now. */
  accepting: () => void
}

const ANSWER_MS = 2_000
/** Who was silent is not asked again for this long: every command would wait for it. */
const SILENCE_MS = 3_000

export function forwarding(parts: ForwardingParts): Commands {
  const { peers, ownership, commands: local, reader, store, limits, log, metrics, newId, accepting } = parts
  const silentUntil = new Map<string, number>()
  /** Owners that could not be asked last time: it is said once, and not with each command. */
  const outOfReach = new Set<string>()

  /** The node to ask, or undefined to do it here. */
  function ownerToAsk(slice: number): string | undefined {
    const owner = ownership.ownerOf(slice)
    if (owner === undefined || owner === ownership.node) return undefined
    return (silentUntil.get(owner) ?? 0) > performance.now() ? undefined : owner
  }

  /** The owner's value, or undefined when it is to be done here. @throws the owner's error. */
  async function ask(owner: string, name: CommandName, slice: number, args: unknown[]): Promise<{ value: Json } | undefined> {
    const request: PeerRequest = { do: 'command', name, slice, args: args as Json[] }
    let answer: PeerAnswer
    try {
      answer = (await peers.ask(owner, request, ANSWER_MS)) as unknown as PeerAnswer
    } catch (error) {
      if (!(error instanceof PeerUnreachableError || error instanceof PeerSilentError)) throw error
      const isSilent = error instanceof PeerSilentError
      if (isSilent) silentUntil.set(owner, performance.now() + SILENCE_MS)
      metrics.forwarded(isSilent ? 'silent' : 'unreachable')
      if (!outOfReach.has(owner)) log.warn({ owner, command: name, slice, problem: error.message }, 'the owner of slices could not be asked; committing here until it can')
      outOfReach.add(owner)
      return undefined
    }
    outOfReach.delete(owner)
    metrics.forwarded(answer.is === 'declined' ? 'declined' : 'answered')
    if (answer.is === 'failed') throw fromWireError(answer.error)
    if (answer.is === 'done') return { value: answer.value }
    // Slices are on the move.
    ownership.look()
    return undefined
  }

  async function forward<T>(name: CommandName, slice: number, args: unknown[], here: () => Promise<T>): Promise<T> {
    const owner = ownerToAsk(slice)
    const answer = owner === undefined ? undefined : await ask(owner, name, slice, args)
    return answer === undefined ? here() : (answer.value as unknown as T)
  }

  function isHere(to: AddressInput): boolean {
    return ownership.isWhole || ownerToAsk(sliceOf(toAddress(to))) === undefined
  }

  /** As {@link ownerToAsk}; here for what is no address at all, which is refused item by item. */
  function ownerOrHere(to: AddressInput): string | undefined {
    try {
      return ownerToAsk(sliceOf(toAddress(to)))
    } catch {
      return undefined
    }
  }

  const send: Commands['send'] = async (to, event, options = {}) => {
    if (isHere(to)) return local.send(to, event, options)
    accepting()
    checkEvent(reader.definitionOf(to.type), event, limits.eventBytes)
    const named = { ...options, eventId: options.eventId ?? newId() }
    const result = await forward('send', sliceOf(toAddress(to)), [toAddress(to), event, named], () => local.send(to, event, named))
    // The sender has sent it once; that two of us have tried is not its business.
    return options.eventId === undefined && result.outcome === 'duplicate' ? { ...result, outcome: 'applied' } : result
  }

  const post: Commands['post'] = async (to, event, options) => {
    if (isHere(to)) return local.post(to, event, options)
    accepting()
    checkEvent(reader.definitionOf(to.type), event, limits.eventBytes)
    await forward('post', sliceOf(toAddress(to)), [toAddress(to), event, options], () => local.post(to, event, options))
  }

  const create: Commands['create'] = async (to, input, options = {}) => {
    if (ownership.isWhole) return local.create(to, input, options)
    accepting()
    const definition = reader.definitionOf(to.type)
    const address = toNewAddress({ ...to, id: to.id ?? `${definition.definition.idPrefix ?? to.type}_${newId()}` })
    if (isHere(address)) return local.create(address, input, options)
    checkInput(definition, input, limits.eventBytes)
    const named = { ...options, eventId: options.eventId ?? newId() }
    return forward('create', sliceOf(address), [address, input, named], () => local.create(address, input, named))
  }

  const sendMany: Commands['sendMany'] = async (items, options = {}) => {
    if (ownership.isWhole) return local.sendMany(items, options)
    const groups = new Map<string | undefined, { item: BatchItem; index: number }[]>()
    for (const [index, item] of items.entries()) {
      const owner = ownerOrHere(item.to)
      groups.set(owner, [...(groups.get(owner) ?? []), { item, index }])
    }
    const answers: BatchItemResult[] = []
    await Promise.all(
      [...groups].map(async ([owner, group]) => {
        const results = await sendGroup(owner, group.map(({ item }) => item), options)
        for (const [i, { index }] of group.entries()) answers[index] = results[i] as BatchItemResult
      }),
    )
    return answers
  }

  async function sendGroup(owner: string | undefined, items: BatchItem[], options: Parameters<Commands['sendMany']>[1]): Promise<BatchItemResult[]> {
    if (owner === undefined) return local.sendMany(items, options)
    const named = items.map((item) => ({ ...item, eventId: item.eventId ?? newId() }))
    const slice = sliceOf(toAddress((named[0] as BatchItem).to))
    try {
      const answer = await ask(owner, 'sendMany', slice, [named, options])
      if (answer !== undefined) return (answer.value as Json[]).map(fromWireItem)
    } catch (error) {
      return items.map(() => ({ ok: false, error: error as Error }))
    }
    const results = await local.sendMany(named, options)
    return results.map((one, i) => (one.ok && items[i]?.eventId === undefined ? { ok: true, result: { ...one.result, outcome: 'applied' } } : one))
  }

  /** Under one id wherever it is done, so that twice is once. */
  function named(action: StaffAction): StaffAction {
    return { ...action, eventId: action.eventId ?? `staff-${newId()}` }
  }

  /** Staff's commands: the last argument is the action. */
  function staff<A extends unknown[], T>(name: CommandName, sliceOfArgs: (...args: A) => number | undefined | Promise<number | undefined>, here: (...args: [...A, StaffAction]) => Promise<T>) {
    return async (...all: [...A, StaffAction]): Promise<T> => {
      if (ownership.isWhole) return here(...all)
      accepting()
      const args = all.slice(0, -1) as A
      const slice = await sliceOfArgs(...args)
      if (slice === undefined) return here(...all)
      const same: [...A, StaffAction] = [...args, named(all.at(-1) as StaffAction)]
      return forward(name, slice, same, () => here(...same))
    }
  }

  const ofActor = (to: AddressInput): number => sliceOf(toAddress(to))
  const ofParked = async (tenant: string, eventId: string): Promise<number | undefined> => (await store.findParked(tenant, eventId))?.slice
  const ofEffect = (key: string): number => sliceOf(parseAddressKey(key))

  return {
    send,
    post,
    create,
    sendMany,
    fireTimer: staff('fireTimer', (to: AddressInput, _timerId: string) => ofActor(to), local.fireTimer),
    moveTimer: staff('moveTimer', (to: AddressInput, _timerId: string, _dueAt: number) => ofActor(to), local.moveTimer),
    block: staff('block', ofActor, local.block),
    unblock: staff('unblock', ofActor, local.unblock),
    retryParked: staff('retryParked', ofParked, local.retryParked),
    skipParked: staff('skipParked', ofParked, local.skipParked),
    discardParked: staff('discardParked', ofParked, local.discardParked),
    retryEffect: staff('retryEffect', ofEffect, local.retryEffect),
    cancelEffect: staff('cancelEffect', ofEffect, local.cancelEffect),
  }
}
