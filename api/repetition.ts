/**
 * What comes again under its event id, after an answer that was lost. The edge adds to what people send: a price of today, a worth, whose a
 * receipt is. By now it would add something else, or refuse; but the same request has the same answer (R3), so it is told as it was first.
 */
import type { Address, EventObject, Runtime } from '../runtime/index.ts'

/** An event that may come again: under the same id it is the same one. */
export interface Repeatable {
  to: Address
  event: EventObject
  eventId?: string
}

/** Fields that the edge adds, whatever the caller wrote there. */
const ADDED = ['package', 'worth', 'receiptUsedBy'] as const

/** What was said first under each item's id; undefined for what is new, or has no id. */
export async function saidBefore(runtime: Pick<Runtime, 'saidBefore'>, items: readonly { to: Address; eventId: string | undefined }[]): Promise<(EventObject | undefined)[]> {
  const named = items.flatMap(({ to, eventId }) => (eventId === undefined ? [] : [{ to, eventId }]))
  const found = named.length === 0 ? [] : await runtime.saidBefore(named)
  return items.map(({ eventId }) => (eventId === undefined ? undefined : found.shift()))
}

/** What an actor was made from when the same request came first; undefined when it is new. */
export async function madeFrom<Input>(runtime: Pick<Runtime, 'saidBefore'>, to: Address, eventId: string | undefined): Promise<Input | undefined> {
  const [first] = eventId === undefined ? [] : await runtime.saidBefore([{ to, eventId }])
  return first?.type === 'xstate.init' ? (first['input'] as Input) : undefined
}

/** The event as it was told first, so far as the caller says the same again; what differs is left for the engine to find (`idempotency-mismatch`). */
export function toldAgain(asked: EventObject, first: EventObject): EventObject {
  return { ...asked, ...Object.fromEntries(ADDED.flatMap((name) => (first[name] === undefined ? [] : [[name, first[name]]]))) }
}
