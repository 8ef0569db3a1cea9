/** The first API key, so that there is one to begin with. */
import type { ApiKeys } from '../ports/api-keys.ts'
import { hashApiKey, newApiKey } from './api-key.ts'

export interface FirstKeyOptions {
  apiKeys: ApiKeys
  /** From the settings. */
  given: string | undefined
  /** Makes a key once and gives the same one at every later start; absent where none may lie about in a file. */
  keep: ((make: () => string) => Promise<string>) | undefined
}

/** Registers the given or the kept key as `admin` of the tenant `main`; undefined when there is neither. */
export async function ensureFirstKey({ apiKeys, given, keep }: FirstKeyOptions): Promise<string | undefined> {
  const key = given ?? (await keep?.(newApiKey))
  if (key === undefined) return undefined
  const hash = hashApiKey(key)
  if ((await apiKeys.findByHash(hash)) === undefined) {
    await apiKeys.create({ id: `key_${hash.slice(0, 16)}`, tenant: 'main', name: 'first', roles: ['admin'], hash })
  }
  return key
}
