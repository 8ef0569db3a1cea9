/**
 * Who is who: addresses, ids and the slice an actor belongs to.
 *
 * An address is (tenant, type, id). Outside callers may create ids of `[A-Za-z0-9_-]{1,64}` and
 * types of `[a-z][a-z0-9-]*`; the engine itself makes the ids of child actors, which hold a `~`,
 * so that the two can never meet.
 */
import { StandingError } from '../errors.ts'

export interface Address {
  readonly tenant: string
  readonly type: string
  readonly id: string
}

/** What callers may leave out: the tenant is `main` unless said. */
export interface AddressInput {
  readonly tenant?: string | undefined
  readonly type: string
  readonly id: string
}

export const DEFAULT_TENANT = 'main'

/** Fixed in the database: changing it would move every actor to another slice. */
export const SLICE_COUNT = 64

const TYPE_PATTERN = /^[a-z][a-z0-9-]{0,63}$/
const NEW_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/
/** Ids of children, too. */
const KNOWN_ID_PATTERN = /^[A-Za-z0-9_~.-]{1,400}$/
const TENANT_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/
// Printable, no control characters: ids travel in separated text and in headers.
// eslint-disable-next-line no-control-regex -- the control characters are exactly what is refused
const EVENT_ID_PATTERN = /^[^\u0000-\u001f\u007f]{1,300}$/

/**
 * Fills in the tenant. Every address passes here, whether a caller names it or a machine that sends to it.
 * @throws StandingError `actor-not-found` for what no actor can be called; no store is asked about it.
 */
export function toAddress({ tenant = DEFAULT_TENANT, type, id }: AddressInput): Address {
  if (!KNOWN_ID_PATTERN.test(id) || !TENANT_PATTERN.test(tenant)) throw new StandingError('actor-not-found', 'no actor has an id or a tenant of this form')
  return { tenant, type, id }
}

/** The text key of an address: `<tenant>/<type>/<id>`. */
export function addressKey(address: Address): string {
  return `${address.tenant}/${address.type}/${address.id}`
}

/** The reverse of {@link addressKey}; the parts themselves never hold a slash. */
export function parseAddressKey(key: string): Address {
  const [tenant, type, id] = key.split('/')
  if (tenant === undefined || type === undefined || id === undefined) {
    throw new StandingError('invalid-input', `'${key}' is not an actor key of the form tenant/type/id`)
  }
  return { tenant, type, id }
}

/** The stable key of the n-th output of one step (R5): `<tenant>/<type>/<id>/<seq>/<index>`. */
export function outputKey(address: Address, seq: number, index: number): string {
  return `${addressKey(address)}/${seq}/${index}`
}

/** The slice of an address: FNV-1a over its key, mod {@link SLICE_COUNT}. */
export function sliceOf(address: Address): number {
  const key = addressKey(address)
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  }
  return (hash >>> 0) % SLICE_COUNT
}

/** Thrown when a caller gives a type name that no definition may have. */
export function assertTypeName(type: string): void {
  if (!TYPE_PATTERN.test(type)) {
    throw new StandingError('invalid-definition', `actor type '${type}' must match ${TYPE_PATTERN.source}`)
  }
}

/** @throws StandingError `invalid-input` when a new actor may not be named so. */
export function toNewAddress({ tenant = DEFAULT_TENANT, type, id }: AddressInput): Address {
  assertTenant(tenant)
  if (!NEW_ID_PATTERN.test(id)) {
    throw new StandingError('invalid-input', `an actor id must match ${NEW_ID_PATTERN.source}`, {
      errors: [{ pointer: '/id', detail: `must match ${NEW_ID_PATTERN.source}` }],
    })
  }
  return { tenant, type, id }
}

/** @throws StandingError `invalid-input` for an event id that could not be stored or sent. */
export function assertEventId(eventId: string): void {
  if (!EVENT_ID_PATTERN.test(eventId)) {
    throw new StandingError('invalid-input', 'an event id must be 1 to 300 printable characters', {
      errors: [{ pointer: '/eventId', detail: '1 to 300 printable characters' }],
    })
  }
}

/** True for what a tenant can be called. */
export function isTenant(text: string): boolean {
  return TENANT_PATTERN.test(text)
}

function assertTenant(tenant: string): void {
  if (!isTenant(tenant)) {
    throw new StandingError('invalid-input', `a tenant must match ${TENANT_PATTERN.source}`)
  }
}
