/**
 * A fact as a CloudEvent 1.0 in binary mode: its attributes as headers, its data as the payload. By the NATS binding an attribute's
 * value is percent-encoded where it is a space, a double quote, a percent sign, or not printable ASCII.
 */
import { createHash } from 'node:crypto'
import { headers, type MsgHdrs } from 'nats'
import type { Fact } from '../../model/messages.ts'
import { percentEncoded } from './percent.ts'

export function cloudEvent(fact: Fact, prefix: string): { headers: MsgHdrs; data: string } {
  const { address, type, key, at, correlationId, causationId } = fact
  const id = encoded(key)
  const all = headers()
  all.append('Nats-Msg-Id', id)
  all.append('ce-specversion', '1.0')
  all.append('ce-id', id)
  // Ids are unique in their source: the system and the tenant.
  all.append('ce-source', `/${prefix}/${encoded(address.tenant)}`)
  all.append('ce-type', encoded(type))
  all.append('ce-subject', encoded(`${address.type}/${address.id}`))
  all.append('ce-time', new Date(at).toISOString())
  all.append('ce-datacontenttype', 'application/json')
  all.append('ce-correlationid', encoded(correlationId))
  all.append('ce-causationid', encoded(causationId))
  all.append('traceparent', traceparent(correlationId, causationId))
  return { headers: all, data: JSON.stringify(fact.data) }
}

/** Printable ASCII without space, double quote and percent sign. */
const PLAIN = /^[\u0021\u0023\u0024\u0026-\u007e]*$/

export function encoded(value: string): string {
  return percentEncoded(value, PLAIN)
}

/** The value of an attribute as it was; as it stands when it is not encoded rightly. */
export function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/

/** W3C trace context: all that belongs together is one trace. The edge uses a trace's id as correlation id; others are hashed to one. */
function traceparent(correlationId: string, causationId: string): string {
  const trace = TRACE_ID.test(correlationId) ? correlationId : digest(correlationId).slice(0, 32)
  return `00-${trace}-${digest(causationId).slice(0, 16)}-01`
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
