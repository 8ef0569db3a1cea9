/** A message of mail: a JSON list of mails for one slice. */
import { addressKey, sliceOf, type Address } from '../../model/address.ts'
import type { Mail } from '../../model/messages.ts'

export type Parsed = { mail: Mail } | { text: string; problem: string }

/** Each entry by itself: one that cannot be understood does not take its neighbours with it. */
export function parseMails(text: string, slice: number | undefined): Parsed[] {
  if (slice === undefined) return [{ text, problem: 'there is no slice of this number' }]
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return [{ text, problem: 'not JSON' }]
  }
  if (!Array.isArray(list)) return [{ text, problem: 'not a list of mails' }]
  return list.map((one: unknown) => {
    const problem = problemOf(one, slice)
    return problem === undefined ? { mail: one as Mail } : { text: JSON.stringify(one), problem }
  })
}

/** Mail of one line keeps its order (R4). */
export function lineOf(mail: Mail): string {
  return `${addressKey(mail.from)} ${addressKey(mail.to)}`
}

function problemOf(one: unknown, slice: number): string | undefined {
  if (!isObject(one)) return 'a mail is an object'
  const { key, to, from, correlationId, causationId, kind } = one
  if (![key, correlationId, causationId].every((text) => typeof text === 'string' && text !== '')) return 'a mail has a key, a correlationId and a causationId'
  if (!isAddress(to) || !isAddress(from)) return "a mail's `to` and `from` are addresses"
  if (sliceOf(to) !== slice) return `${addressKey(to)} does not belong to slice ${slice}`
  if (kind === 'start' || kind === 'stop') return undefined
  if (kind !== 'event') return `mail of kind '${String(kind)}' is not known`
  return isObject(one['event']) && typeof one['event']['type'] === 'string' ? undefined : 'an event has a type'
}

function isAddress(value: unknown): value is Address {
  return isObject(value) && [value['tenant'], value['type'], value['id']].every((part) => typeof part === 'string' && part !== '')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
