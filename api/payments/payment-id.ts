/** Payment ids are shown to a browser and open the way to credentials, so nobody may guess one. */
import { createHmac, randomBytes } from 'node:crypto'
import { holdsRefusedWord } from '../../actors/gateways/mpesa/callback-url.ts'

const PREFIX = 'pay_'
const BYTES = 20
/** Crockford's base 32: no letter that is taken for another. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** 160 random bits. */
export function randomPaymentId(): string {
  return firstUsable(() => encode(randomBytes(BYTES)))
}

/** The same Idempotency-Key gives the same payment; without the application key nobody can tell which. */
export function paymentIdOf(appKey: string, tenant: string, idempotencyKey: string): string {
  return firstUsable((attempt) => {
    const digest = createHmac('sha256', appKey).update(`payment-id\0${tenant}\0${idempotencyKey}${attempt === 0 ? '' : `\0${attempt}`}`).digest()
    return encode(digest.subarray(0, BYTES))
  })
}

/** The id stands in the callback address, in which some words make Safaricom refuse it; about one in 300 holds one. */
function firstUsable(make: (attempt: number) => string): string {
  for (let attempt = 0; ; attempt++) {
    const text = make(attempt)
    if (!holdsRefusedWord(text)) return PREFIX + text
  }
}

/** Whether it can be one of ours; anything else needs no look at the database. */
export function looksLikePaymentId(id: string): boolean {
  return /^[A-Za-z0-9_-]{8,64}$/.test(id)
}

function encode(bytes: Buffer): string {
  let bits = 0
  let held = 0
  let text = ''
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >> bits) & 31]
      held &= (1 << bits) - 1
    }
  }
  return text
}
