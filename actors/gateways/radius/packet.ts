/**
 * Packets of RFC 5176, by the codec library `radius`. Who sent them is checked here: in Disconnect and CoA requests the library
 * computes Message-Authenticator after the Request Authenticator, which by RFC 5176 (3.6) is then wrong; it is to be computed first,
 * over a packet whose authenticator is zero.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import radius from 'radius'
import type { AuthorizationAttributes } from './port.ts'

radius.add_dictionary(fileURLToPath(new URL('dictionary.mikrotik', import.meta.url)))

export type RequestCode = 'Disconnect-Request' | 'CoA-Request'

const AUTHENTICATOR = { start: 4, end: 20 } as const
const HEADER_BYTES = 20
const SIGNATURE_BYTES = 16
const MESSAGE_AUTHENTICATOR = 80

export interface RequestParts {
  code: RequestCode
  identifier: number
  attributes: AuthorizationAttributes
  secret: string
}

/** Signed by Message-Authenticator, and that by the Request Authenticator. */
export function requestPacket({ code, identifier, attributes, secret }: RequestParts): Buffer {
  const plain = Object.entries(attributes).map(([name, value]): [string, unknown] | [string, string, [string, unknown][]] =>
    name.startsWith('Mikrotik-') ? ['Vendor-Specific', 'Mikrotik', [[name, value]]] : [name, value],
  )
  const packet = radius.encode({ code, identifier, secret, attributes: [['Message-Authenticator', Buffer.alloc(SIGNATURE_BYTES)], ...plain] as never })
  packet.fill(0, AUTHENTICATOR.start, AUTHENTICATOR.end)
  createHmac('md5', secret).update(packet).digest().copy(packet, messageAuthenticatorAt(packet))
  createHash('md5').update(packet).update(secret).digest().copy(packet, AUTHENTICATOR.start)
  return packet
}

export interface ReplyParts {
  /** Such as `Disconnect-ACK`. */
  code: string
  errorCause: number | undefined
}

/** Undefined for what is no authentic answer to this request: noise, or somebody else's. */
export function readReply(packet: Buffer, request: Buffer, secret: string): ReplyParts | undefined {
  if (packet.length < HEADER_BYTES || packet.length !== packet.readUInt16BE(2) || packet[1] !== request[1]) return undefined
  if (!isAuthentic(packet, request, secret)) return undefined
  try {
    const { code, attributes } = radius.decode_without_secret({ packet }) as { code: string; attributes: Record<string, unknown> }
    const cause = attributes['Error-Cause']
    return { code, errorCause: ERROR_CAUSES.get(String(cause)) ?? (typeof cause === 'number' ? cause : undefined) }
  } catch {
    return undefined
  }
}

/** The library gives names for the numbers it knows. */
const ERROR_CAUSES: ReadonlyMap<string, number> = new Map([
  ['Residual-Context-Removed', 201],
  ['Invalid-EAP-Packet', 202],
  ['Unsupported-Attribute', 401],
  ['Missing-Attribute', 402],
  ['NAS-Identification-Mismatch', 403],
  ['Invalid-Request', 404],
  ['Unsupported-Service', 405],
  ['Unsupported-Extension', 406],
  ['Invalid-Attribute-Value', 407],
  ['Administratively-Prohibited', 501],
  ['Proxy-Request-Not-Routable', 502],
  ['Session-Context-Not-Found', 503],
  ['Session-Context-Not-Removable', 504],
  ['Proxy-Processing-Error', 505],
  ['Resources-Unavailable', 506],
  ['Request-Initiated', 507],
  ['Multiple-Session-Selection-Unsupported', 508],
])

function isAuthentic(packet: Buffer, request: Buffer, secret: string): boolean {
  const signed = Buffer.from(packet)
  request.copy(signed, AUTHENTICATOR.start, AUTHENTICATOR.start, AUTHENTICATOR.end)
  const expected = createHash('md5').update(signed).update(secret).digest()
  if (!timingSafeEqual(expected, packet.subarray(AUTHENTICATOR.start, AUTHENTICATOR.end))) return false
  const at = messageAuthenticatorAt(packet)
  if (at < 0) return true
  signed.fill(0, at, at + SIGNATURE_BYTES)
  const claimed = packet.subarray(at, at + SIGNATURE_BYTES)
  return claimed.length === SIGNATURE_BYTES && timingSafeEqual(createHmac('md5', secret).update(signed).digest(), claimed)
}

/** Where its value begins; -1: there is none. */
function messageAuthenticatorAt(packet: Buffer): number {
  for (let at = HEADER_BYTES; at + 1 < packet.length; ) {
    const [type, length = 0] = packet.subarray(at, at + 2)
    if (type === MESSAGE_AUTHENTICATOR) return at + 2
    if (length < 2) return -1
    at += length
  }
  return -1
}
