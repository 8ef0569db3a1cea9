/** A Vitest reporter that only counts, for the closing line of a run (tools/counts.ts). */
import type { Reporter, TestModule } from 'vitest/node'
import { type Counts, writeCounts } from './counts.ts'

/** A file that could not be loaded, or whose hook outside any test failed, counts as one failed test: else it would be nobody's failure. */
export function countModules(modules: ReadonlyArray<TestModule>): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) {
    let failedHere = 0
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') counts.passed += 1
      else if (state === 'skipped') counts.skipped += 1
      else failedHere += 1
    }
    if (failedHere === 0 && !module.ok()) failedHere = 1
    counts.failed += failedHere
  }
  return counts
}

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<unknown>): void {
    const counts = countModules(modules)
    writeCounts('vitest', { ...counts, failed: counts.failed + unhandledErrors.length })
  }
}
