/**
 * Hotspot usernames and passwords, derived instead of stored: HMAC-SHA256 with the application key over
 * the address of the session and a version. Whoever needs them (the RADIUS rows, the SMS, the page that
 * shows them once) derives them anew, so they are in no context, queue, journal or log, and a retry cannot
 * make a second user. Raising the version makes new ones.
 *
 * Changing the application key changes all credentials of sessions under way; rebuild the RADIUS rows then.
 */
import { createHmac } from 'node:crypto'
import type { Address } from '../runtime/index.ts'

export interface Credentials {
  username: string
  password: string
}

export interface CredentialIssuer {
  issue(address: Address, version: number): Credentials
}

/** Easy to read aloud and to type on a phone: no 0/o, 1/i/l, no capitals, and no vowels, so no words come out. */
const ALPHABET = '23456789bcdfghjkmnpqrstvwxz'

/**
 * 27^10 = 2^47.5 each. Passwords: 40 bits is the floor for something that can only be guessed online.
 * Usernames share one table over all tenants: with 100,000 sessions open at once the chance that a new one
 * meets an open one is 5 in 10^10, so about once in 2,000 years at a million sessions a year.
 */
const LENGTH = 10

const APP_KEY_BYTES_MIN = 16

/** @throws RangeError for a key so short that credentials could be derived by guessing it. */
export function createCredentialIssuer(appKey: string | Uint8Array): CredentialIssuer {
  if (Buffer.byteLength(appKey) < APP_KEY_BYTES_MIN) throw new RangeError(`the application key must have at least ${APP_KEY_BYTES_MIN} bytes`)
  const derive = (purpose: string, { tenant, type, id }: Address, version: number): string => {
    // No part of an address can hold the separator, so different inputs give different texts.
    const text = ['hotspot-credentials', purpose, tenant, type, id, String(version)].join('|')
    return spell(createHmac('sha256', appKey).update(text).digest('hex'))
  }
  return {
    issue: (address, version) => ({ username: derive('username', address, version), password: derive('password', address, version) }),
  }
}

/** 256 bits spelled in base 27 and cut: the bias of the last digits is below 2^-200. */
function spell(hex: string): string {
  const base = BigInt(ALPHABET.length)
  let rest = BigInt(`0x${hex}`)
  let text = ''
  while (text.length < LENGTH) {
    text += ALPHABET.charAt(Number(rest % base))
    rest /= base
  }
  return text
}
