/** Runs in the thread that Node loads modules with. TypeScript comes without its types, from the cache if it can. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cached } from './cache.js'

const FILL = fileURLToPath(new URL('fill.js', import.meta.url))

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context)
  const { source } = await nextLoad(url, { ...context, format: 'module' })
  return { format: 'module', shortCircuit: true, source: await withoutTypes(source.toString()) }
}

let isFilled = false

async function withoutTypes(source) {
  const known = await cached(source)
  if (known !== undefined) return known
  if (!isFilled) {
    isFilled = true
    // In a process of its own: the compiler takes 80 MB, and would keep them as long as this process lives.
    spawnSync(process.execPath, [FILL], { stdio: 'ignore', env: { ...process.env, NODE_OPTIONS: '' } })
    return withoutTypes(source)
  }
  // A file from elsewhere, or a cache that cannot be written.
  const { default: blank } = await import('ts-blank-space')
  return blank(source)
}
