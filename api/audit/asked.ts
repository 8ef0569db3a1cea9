/** What a request asked for, without what may name a person: for the audit, which is kept longer than most of what it is about. */
import { PRINTABLE } from '../../machines/printable.ts'
import { maskValue } from '../privacy/mask.ts'

/** These name things and moments; every other value is masked. */
const IMPERSONAL: ReadonlySet<string> = new Set([
  'type', 'id', 'timerId', 'eventId', 'key', 'version', 'limit', 'order', 'state', 'tag', 'status', 'updatedSince', 'at', 'seq', 'kind', 'lane', 'name', 'since', 'until', 'what', 'by', 'channels', 'month', 'locale',
])
const CHARS_MAX = 400

export function askedOf(params: unknown, query: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...objectOf(query), ...objectOf(params) }).flatMap(([name, value]) => (value === undefined || value === null || !isName(name) ? [] : [[name, shown(name, value)]])))
}

function shown(name: string, value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value)
  return IMPERSONAL.has(name) && PRINTABLE.test(text) ? text.slice(0, CHARS_MAX) : String(maskValue(text)).slice(0, CHARS_MAX)
}

/** Of a query that no schema knows, anything may be a name. */
function isName(name: string): boolean {
  return /^[A-Za-z_]{1,40}$/.test(name)
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

/** Routes about one actor, by the part of their pattern before `:id`. */
const TYPES: Readonly<Record<string, string>> = { payments: 'payment', routers: 'router', subscriptions: 'subscription', batches: 'voucher-batch' }

export function actorOf(pattern: string, params: unknown): { type: string; id: string } | null {
  const { type, id } = objectOf(params) as { type?: unknown; id?: unknown }
  if (typeof id !== 'string' || !isId(id)) return null
  const named = typeof type === 'string' ? type : TYPES[/([a-z-]+)\/:id/.exec(pattern)?.[1] ?? '']
  return named === undefined || !isId(named) ? null : { type: named, id }
}

function isId(text: string): boolean {
  return text.length <= CHARS_MAX && PRINTABLE.test(text)
}

const REASON_CHARS_MAX = 500

/** As the caller gave it, if it is one that a journal would take. */
export function reasonOf(body: unknown): string | null {
  const { reason } = objectOf(body) as { reason?: unknown }
  return typeof reason === 'string' && reason.length <= REASON_CHARS_MAX && PRINTABLE.test(reason.replace(/[\t\r\n]/g, ' ')) ? reason : null
}
