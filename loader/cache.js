/** Files without their types, by what they are made of: kept beside the packages, and made anew when anything of it changes. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const CACHE = join(ROOT, 'node_modules', '.cache', 'standing-types')

const require = createRequire(import.meta.url)
/** The compiler itself is not loaded for this. */
const MADE_BY = ['ts-blank-space', 'typescript'].map((name) => `${name}@${require(`${name}/package.json`).version}`).join(' ')

/** The name in the cache of what comes of this source. */
export function nameOf(source) {
  return `${createHash('sha256').update(MADE_BY).update('\0').update(source).digest('hex')}.js`
}

/** Undefined if it is not there, or not whole, as after a loss of power: types become blanks, so what is whole is as long as its source. */
export async function cached(source) {
  const text = await readFile(join(CACHE, nameOf(source)), 'utf8').catch(() => undefined)
  return text?.length === source.length ? text : undefined
}
