/**
 * Reads what rlm_rest posts (`{"User-Name":{"type":"string","value":["alice"]},...}`), and the flat form that others send
 * (`{"User-Name":"alice"}`). Nothing is demanded that an answer does not need: routers leave fields out, send them empty, or longer
 * than anybody expects.
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { AccountingRecord, LoginAttempt } from '../ports/radius.ts'

export type RadiusBody = Readonly<Record<string, unknown>>

/** The longest value that RADIUS can carry. */
const VALUE_CHARS_MAX = 253
const BIGINT_MAX = 2n ** 63n - 1n
const GIGAWORD_BITS = 32n
/** Of a counter of seconds: RADIUS has 32 bits for it. */
const SECONDS_MAX = 2n ** 32n - 1n
/** Routers keep a packet for minutes; what claims to be older than this has a broken counter, and counts from its arrival. */
const DELAY_SECONDS_MAX = 86_400n

/** The first value of an attribute as text; empty when it is not there. */
export function textOf(body: RadiusBody, name: string): string {
  const raw = body[name]
  const held = typeof raw === 'object' && raw !== null && 'value' in raw ? raw.value : raw
  const first: unknown = Array.isArray(held) ? held[0] : held
  if (typeof first !== 'string' && typeof first !== 'number') return ''
  return String(first).trim().slice(0, VALUE_CHARS_MAX)
}

export function attemptIn(body: RadiusBody): LoginAttempt {
  return { username: textOf(body, 'User-Name'), station: textOf(body, 'Calling-Station-Id'), session: textOf(body, 'Acct-Session-Id') }
}

/** By name, as FreeRADIUS writes it, or by number. */
const KINDS: ReadonlyMap<string, AccountingRecord['kind'] | 'on'> = new Map([
  ['start', 'start'],
  ['1', 'start'],
  ['stop', 'stop'],
  ['2', 'stop'],
  ['interim-update', 'interim'],
  ['alive', 'interim'],
  ['3', 'interim'],
  ['accounting-on', 'on'],
  ['7', 'on'],
  ['accounting-off', 'on'],
  ['8', 'on'],
])

export type AccountingMessage =
  | { kind: 'record'; record: AccountingRecord }
  /** The router was switched on or off. */
  | { kind: 'router'; router: { nasAddress: string; at: number; cause: string } }
  /** Of a kind that nobody counts, or without what names a session. */
  | { kind: 'other' }

/** @param now of arrival: the clocks of routers are not to be trusted, what they say about their own delay is. */
export function accountingIn(body: RadiusBody, now: number): AccountingMessage {
  const kind = KINDS.get(textOf(body, 'Acct-Status-Type').toLowerCase())
  const nasAddress = addressOf(body, 'NAS-IPv6-Address') ?? addressOf(body, 'NAS-IP-Address') ?? '0.0.0.0'
  const at = now - delayOf(body) * 1_000
  if (kind === 'on') return { kind: 'router', router: { nasAddress, at, cause: textOf(body, 'Acct-Terminate-Cause') || 'NAS-Reboot' } }
  const sessionId = textOf(body, 'Acct-Session-Id')
  const username = textOf(body, 'User-Name')
  if (kind === undefined || sessionId === '' || username === '') return { kind: 'other' }
  const seconds = wholeOf(body, 'Acct-Session-Time')
  return {
    kind: 'record',
    record: {
      kind,
      uniqueId: textOf(body, 'Acct-Unique-Session-Id') || uniqueIdOf(body),
      sessionId,
      username,
      nasAddress,
      nasPortId: textOf(body, 'NAS-Port-Id') || textOf(body, 'NAS-Port') || null,
      nasPortType: textOf(body, 'NAS-Port-Type'),
      at,
      sessionSeconds: seconds === undefined || seconds > SECONDS_MAX ? null : Number(seconds),
      inputOctets: octetsOf(body, 'Input'),
      outputOctets: octetsOf(body, 'Output'),
      calledStationId: textOf(body, 'Called-Station-Id'),
      callingStationId: textOf(body, 'Calling-Station-Id'),
      terminateCause: textOf(body, 'Acct-Terminate-Cause'),
      framedIp: addressOf(body, 'Framed-IP-Address') ?? null,
    },
  }
}

/** As FreeRADIUS makes it (policy.d/accounting, acct_unique), for whoever has left that policy out. */
function uniqueIdOf(body: RadiusBody): string {
  const nas = textOf(body, 'NAS-IPv6-Address') || textOf(body, 'NAS-IP-Address')
  const parts = [textOf(body, 'User-Name'), textOf(body, 'Acct-Session-Id'), nas, textOf(body, 'NAS-Identifier'), textOf(body, 'NAS-Port-Id'), textOf(body, 'NAS-Port')]
  return createHash('md5').update(parts.join()).digest('hex')
}

/** Counters have 32 bits; Gigawords count how often they have begun anew. */
function octetsOf(body: RadiusBody, direction: 'Input' | 'Output'): string {
  const low = wholeOf(body, `Acct-${direction}-Octets`) ?? 0n
  const all = ((wholeOf(body, `Acct-${direction}-Gigawords`) ?? 0n) << GIGAWORD_BITS) + low
  return String(all > BIGINT_MAX ? BIGINT_MAX : all)
}

function wholeOf(body: RadiusBody, name: string): bigint | undefined {
  const text = textOf(body, name)
  return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
}

function delayOf(body: RadiusBody): number {
  const delay = wholeOf(body, 'Acct-Delay-Time') ?? 0n
  return delay > DELAY_SECONDS_MAX ? 0 : Number(delay)
}

/** Without the interface of a link-local one (`fe80::1%ether1`), which no database takes for an address. */
function addressOf(body: RadiusBody, name: string): string | undefined {
  const text = textOf(body, name).replace(/%.*$/, '')
  return isIP(text) === 0 ? undefined : text
}
