/**
 * Makes the cache what the files of the project are now: `node loader/fill.js`. Run by itself when a file is not in the cache; by hand where
 * the cache cannot be written later, as in an image. Several at once do no harm.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import blank from 'ts-blank-space'
import { cached, CACHE, nameOf, ROOT } from './cache.js'

async function main() {
  mkdirSync(CACHE, { recursive: true })
  const before = new Set(readdirSync(CACHE))
  const now = new Set()
  for (const path of sources(ROOT)) {
    const source = readFileSync(path, 'utf8')
    const name = nameOf(source)
    now.add(name)
    if ((await cached(source)) === undefined) write(name, blank(source))
  }
  // Drafts are somebody's who is at work, too.
  for (const name of before) if (name.endsWith('.js') && !now.has(name)) rmSync(join(CACHE, name), { force: true })
}

/** Whole or not at all, for others read it meanwhile. */
function write(name, text) {
  const draft = join(CACHE, `${name}.${process.pid}`)
  writeFileSync(draft, text)
  renameSync(draft, join(CACHE, name))
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    if (entry.isDirectory()) yield* sources(join(folder, entry.name))
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts')) yield join(folder, entry.name)
  }
}

await main()
