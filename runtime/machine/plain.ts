/**
 * Context as plain data. A step taken from memory and one taken after a reload must see the same
 * context (pitfalls 13, 18, 20), so what JSON would change silently is either changed at once, in the
 * same way, or refused.
 */
import { StandingError, toErrorRecord } from '../errors.ts'
import { addressOf, addressRef } from './address-ref.ts'
import type { Address } from '../model/address.ts'

/** Stands for an actor reference in stored data; the first two fields are XState's own form. */
interface RefMarker {
  xstate$$type: 1
  id: string
  address?: Address
}

export interface Plain {
  data: unknown
  /** True when actor references were replaced by markers: the live form differs from the stored one. */
  hasRefs: boolean
}

/**
 * Copies into plain data: dates become ISO strings, errors keep name, message and stack, `undefined`
 * members vanish, actor references become markers.
 * @throws StandingError `step-failed` for what JSON cannot keep (Map, Set, BigInt, functions, cycles).
 */
export function toPlain(value: unknown, what: string): Plain {
  const state = { hasRefs: false, depth: 0 }
  const data = copy(value, what, state)
  return { data: data ?? null, hasRefs: state.hasRefs }
}

function copy(value: unknown, path: string, state: { hasRefs: boolean; depth: number }): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'object':
      return value === null ? null : copyObject(value, path, state)
    case 'bigint':
    case 'function':
    case 'symbol':
      throw new StandingError('step-failed', `${path} holds a ${typeof value}, which cannot be stored: use plain JSON data`)
  }
}

function copyObject(value: object, path: string, state: { hasRefs: boolean; depth: number }): unknown {
  if (state.depth > MAX_DEPTH) throw new StandingError('step-failed', `${path} is nested too deeply or refers to itself`)
  const prototype: unknown = Object.getPrototypeOf(value)
  state.depth++
  try {
    if (Array.isArray(value)) return value.map((one, i) => copy(one, `${path}/${i}`, state) ?? null)
    const address = addressOf(value)
    if (address !== undefined || 'sessionId' in value) {
      state.hasRefs = true
      return marker(value as { id: string }, address)
    }
    if (value instanceof Error) return toErrorRecord(value, true)
    if (prototype !== Object.prototype && prototype !== null) {
      if ('toJSON' in value && typeof value.toJSON === 'function') return copy((value.toJSON as () => unknown)(), path, state)
      if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) {
        throw new StandingError('step-failed', `${path} holds a ${value.constructor.name}, which cannot be stored: use plain JSON data`)
      }
    }
    const result: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const member = copy((value as Record<string, unknown>)[key], `${path}/${key}`, state)
      if (member !== undefined) result[key] = member
    }
    return result
  } finally {
    state.depth--
  }
}

/** Deep enough for any honest record; a cycle ends here instead of in a stack overflow. */
const MAX_DEPTH = 100

function marker(ref: { id: string }, address: Address | undefined): RefMarker {
  return address === undefined ? { xstate$$type: 1, id: ref.id } : { xstate$$type: 1, id: ref.id, address }
}

/** Puts references back in place of markers; children are looked up by id, others by address. */
export function revive(data: unknown, children: Record<string, unknown>): unknown {
  if (typeof data !== 'object' || data === null) return data
  if (Array.isArray(data)) return data.map((one) => revive(one, children))
  if ('xstate$$type' in data) {
    const { id, address } = data as unknown as RefMarker
    return address === undefined ? (children[id] ?? goneRef(id)) : addressRef(address)
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, revive(value, children)]))
}

/** A child that is no more: XState sends to itself when a target is undefined, and to nobody when it has stopped. */
function goneRef(id: string): object {
  return { id, sessionId: `gone:${id}`, send: () => undefined, _send: () => undefined, getSnapshot: () => undefined }
}

/** Cheap test on stored text, so that only contexts that hold references are walked. */
export function holdsRefs(json: string): boolean {
  return json.includes('"xstate$$type"')
}
