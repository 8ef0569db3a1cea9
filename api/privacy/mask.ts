/**
 * Makes personal and secret values unreadable, leaving the shape of the data as it is. Nothing is changed in
 * place: views may be shared with others.
 */
import { maskPhone } from '../../actors/gateways/redact.ts'

const MASK = '***'
const PHONE = /^\+?\d{9,15}$/
const MAIL = /^([^@\s])[^@\s]*(@[^@\s]+)$/

/** Names of fields that hold a secret, whoever asks. */
const SECRET_NAME = /^(password|passkey|pin|secret|token|api_?key|authorization)$|(password|passkey|secret|api_?key)$/i

/** Enough for staff to recognise, too little to use: `2547*****149`, `j***@example.com`, `J***`. */
export function maskValue(value: unknown): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(maskValue)
  if (typeof value === 'object') return mapFields(value as Record<string, unknown>, (_name, field) => maskValue(field))
  if (typeof value !== 'string') return MASK
  if (value === '') return value
  if (PHONE.test(value)) return maskPhone(value)
  return MAIL.test(value) ? value.replace(MAIL, `$1${MASK}$2`) : `${value.slice(0, 1)}${MASK}`
}

/** Masks what stands at the dotted paths, such as `customer.phone`. */
export function maskPaths(value: unknown, paths: readonly (readonly string[])[]): unknown {
  return paths.reduce<unknown>((masked, path) => maskPath(masked, path), value)
}

function maskPath(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined) return maskValue(value)
  if (Array.isArray(value)) return value.map((entry) => maskPath(entry, path))
  if (!isRecord(value) || !Object.hasOwn(value, name)) return value
  return { ...value, [name]: maskPath(value[name], rest) }
}

/** What is sold has names, too, and is nobody. */
const IMPERSONAL: ReadonlySet<string> = new Set(['package', 'plan', 'offer'])

/**
 * Masks every field of one of these names, at any depth: for events and facts, whose shapes no path describes. One of the `containers`
 * is looked into instead: `received` may be what was said, or a record of which only the payer is personal.
 */
export function maskNames(value: unknown, names: ReadonlySet<string>, containers: ReadonlySet<string> = new Set()): unknown {
  return transform(value, (name, field) => {
    if (isRecord(field) && IMPERSONAL.has(name)) return field
    return names.has(name) && !(isRecord(field) && containers.has(name)) ? maskValue(field) : undefined
  })
}

/** Takes out what looks like a secret. Contexts should hold none; this is the second line of defence. */
export function hideSecrets(value: unknown): unknown {
  return transform(value, (name, field) => (typeof field === 'string' && field !== '' && SECRET_NAME.test(name) ? '[hidden]' : undefined))
}

/** Replaces fields where `replace` gives something; the same value comes back when nothing was replaced. */
function transform(value: unknown, replace: (name: string, field: unknown) => unknown): unknown {
  if (Array.isArray(value)) {
    const mapped = value.map((entry) => transform(entry, replace))
    return mapped.some((entry, index) => entry !== value[index]) ? mapped : value
  }
  if (!isRecord(value)) return value
  let copy: Record<string, unknown> | undefined
  for (const name of Object.keys(value)) {
    const field = value[name]
    const replaced = replace(name, field) ?? (typeof field === 'object' ? transform(field, replace) : field)
    if (replaced === field) continue
    copy ??= { ...value }
    copy[name] = replaced
  }
  return copy ?? value
}

function mapFields(record: Record<string, unknown>, map: (name: string, field: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, field]) => [name, map(name, field)]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
