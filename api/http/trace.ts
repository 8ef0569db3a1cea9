/** The trace a request belongs to: the caller's (W3C `traceparent`) or a new one. It is the id of the request, too. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/
const NO_TRACE = '0'.repeat(32)

/** The trace id of a valid `traceparent`. */
export function traceIdOf(headers: IncomingMessage['headers']): string | undefined {
  const header = headers['traceparent']
  const id = typeof header === 'string' ? TRACEPARENT.exec(header)?.[1] : undefined
  return id === NO_TRACE ? undefined : id
}

export function requestId(request: { headers: IncomingMessage['headers'] }): string {
  return traceIdOf(request.headers) ?? randomUUID().replaceAll('-', '')
}
