/** The request headers that are stored with a web hook: an allow-list, so that no credential is stored by mistake. */
import type { IncomingHttpHeaders } from 'node:http'

const KEPT = ['content-type', 'content-length', 'user-agent', 'x-forwarded-for', 'traceparent'] as const
const CHARS_MAX = 500

export function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = headers[name]
      // Postgres takes no NUL in JSON; Node lets through bytes that are no text.
      return typeof value === 'string' ? [[name, value.replaceAll('\0', '').slice(0, CHARS_MAX)]] : []
    }),
  )
}
