/** What an API key looks like, and the form in which it is stored. */
import { hash, randomBytes } from 'node:crypto'

const PREFIX = 'sk_'
const RANDOM_BYTES = 32

/** A new key; shown once, never stored. */
export function newApiKey(): string {
  return PREFIX + randomBytes(RANDOM_BYTES).toString('base64url')
}

/**
 * The stored form. A fast hash is right here: a key has 256 random bits, so there is nothing to guess, and
 * every request pays for it.
 */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex')
}
