/** RFC 5176 as a router sees it. Signatures are checked by hand, not by the library that the system uses: its mistakes would agree. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import radius from 'radius'

export interface NasRequest {
  code: 'Disconnect-Request' | 'CoA-Request'
  attributes: Record<string, unknown>
  answer(kind: 'ACK' | 'NAK', errorCause?: string): Buffer
}

const AUTHENTICATOR_AT = 4
const ATTRIBUTES_AT = 20
const SIGNATURE_BYTES = 16
const MESSAGE_AUTHENTICATOR = 80

/** Undefined for what a router drops: broken, of another kind, not signed, or by another secret. */
export function readRequest(packet: Buffer, secret: string): NasRequest | undefined {
  if (packet.length < ATTRIBUTES_AT || packet.readUInt16BE(2) !== packet.length) return undefined
  if (!isSigned(packet, secret)) return undefined
  const parsed = radius.decode_without_secret({ packet })
  const { code } = parsed
  if (code !== 'Disconnect-Request' && code !== 'CoA-Request') return undefined
  return {
    code,
    attributes: parsed.attributes as Record<string, unknown>,
    answer: (kind, errorCause) =>
      radius.encode_response({ packet: parsed, code: code.replace('Request', kind), secret, attributes: errorCause === undefined ? [] : [['Error-Cause', errorCause]] }),
  }
}

/** Both signatures are over the packet with a Request Authenticator of zeros; the second also covers the first. */
function isSigned(packet: Buffer, secret: string): boolean {
  const at = valueAt(packet, MESSAGE_AUTHENTICATOR)
  if (at === undefined) return false
  const blank = Buffer.from(packet).fill(0, AUTHENTICATOR_AT, ATTRIBUTES_AT)
  const authenticator = createHash('md5').update(blank).update(secret).digest()
  blank.fill(0, at, at + SIGNATURE_BYTES)
  const signature = createHmac('md5', secret).update(blank).digest()
  return timingSafeEqual(authenticator, packet.subarray(AUTHENTICATOR_AT, ATTRIBUTES_AT)) && timingSafeEqual(signature, packet.subarray(at, at + SIGNATURE_BYTES))
}

function valueAt(packet: Buffer, wanted: number): number | undefined {
  for (let at = ATTRIBUTES_AT; at + 2 + SIGNATURE_BYTES <= packet.length; ) {
    const [type, length = 0] = packet.subarray(at, at + 2)
    if (type === wanted && length === SIGNATURE_BYTES + 2) return at + 2
    if (length < 2) return undefined
    at += length
  }
  return undefined
}
