/**
 * How many checks and tests passed: each program of a run leaves its numbers as a file in one folder, and the closing line sums them.
 * The folder's variable has no STANDING_ prefix on purpose: servers started by tests inherit it, and they refuse unknown STANDING_ names.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const COUNTS_DIR_VARIABLE = 'TEST_COUNTS_DIR'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** Leaves the numbers for the closing line; without a folder to leave them in (a run by hand) it does nothing. */
export function writeCounts(source: string, counts: Counts, dir = process.env[COUNTS_DIR_VARIABLE]): void {
  if (!dir) return
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, `${source}-${process.pid}.json`), JSON.stringify(counts))
}

export function sumCounts(dir: string): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.json'))) {
    const counts = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Counts
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
  }
  return total
}

/**
 * The closing line of a run. A run that died uncounted, and one that counted nothing, has failed: neither may look like success.
 */
export function closingLine(counts: Counts, exitCode: number): { line: string; ok: boolean } {
  const uncounted = counts.failed === 0 && (exitCode !== 0 || counts.passed === 0)
  const failed = counts.failed + (uncounted ? 1 : 0)
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  return { line: `${counts.passed} passed, ${failed} failed${skipped}`, ok: failed === 0 }
}
