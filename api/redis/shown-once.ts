/**
 * Secrets to be shown once, in Redis, so that any node may show them. Encrypted with a key made from the application key: who reads
 * Redis reads nothing. While Redis is away nothing is kept and nothing is shown.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { Problem } from '../http/problem.ts'
import type { ShownOnce } from '../ports/shown-once.ts'
import type { RedisLink } from './client.ts'

const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const RETRY_MS = 2_000

export function redisShownOnce({ link, appKey }: { link: RedisLink; appKey: string }): ShownOnce {
  const key = Buffer.from(hkdfSync('sha256', appKey, '', 'standing shown once', 32))
  const place = (name: string): string => `standing:once:${createHmac('sha256', key).update(name).digest('base64url')}`

  async function call<T>(work: () => Promise<T>): Promise<T> {
    if (link.problem() !== undefined) throw away()
    try {
      return await work()
    } catch {
      throw away()
    }
  }

  return {
    keep: (name, secret, ttlMs) => call(async () => void (await link.redis.set(place(name), sealed(key, name, secret), 'PX', ttlMs))),
    async take(name) {
      const found = await call(() => link.redis.getdel(place(name)))
      return found === null ? undefined : opened(key, name, found)
    },
  }
}

function away(): Problem {
  return new Problem('overloaded', 'What is shown once cannot be reached at the moment.', { retryAfterMs: RETRY_MS })
}

/** Bound to its name: a sealed text put under another name opens nothing. */
function sealed(key: Buffer, name: string, secret: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(name))
  return Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** Undefined for what was not sealed with this key and name. */
function opened(key: Buffer, name: string, text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES)).setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
