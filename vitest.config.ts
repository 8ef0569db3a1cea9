import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Kinds of test. */
interface Kind {
  name: string
  /** Those that need Postgres share one server, started by the global setup; the others start in a second. */
  postgres: boolean
  /** Waits about as much as it computes, for processes that start, calls that are answered, time that passes. */
  waits: boolean
  /** Its files load the code once, not once each. Only where a file leaves neither servers nor processes behind. */
  sharesProcess: boolean
  timeoutMs: number
}

const KINDS: readonly Kind[] = [
  { name: 'unit', postgres: false, waits: false, sharesProcess: true, timeoutMs: 5_000 },
  { name: 'architecture', postgres: false, waits: false, sharesProcess: false, timeoutMs: 120_000 },
  { name: 'property', postgres: true, waits: false, sharesProcess: false, timeoutMs: 120_000 },
  { name: 'contract', postgres: true, waits: true, sharesProcess: false, timeoutMs: 30_000 },
  { name: 'integration', postgres: true, waits: true, sharesProcess: false, timeoutMs: 60_000 },
  { name: 'e2e', postgres: true, waits: true, sharesProcess: false, timeoutMs: 120_000 },
]

/** As many files at once as there are cores; one more of those that wait. Vitest's own choice is one less, which on two cores is one after the other. */
const CORES = availableParallelism()

export default defineConfig({
  test: {
    reporters: ['default', './tools/count-reporter.ts'],
    projects: KINDS.map(
      ({ name, postgres, waits, sharesProcess, timeoutMs }): TestProjectInlineConfiguration => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          testTimeout: timeoutMs,
          hookTimeout: Math.max(timeoutMs, 30_000),
          maxWorkers: waits ? CORES + 1 : CORES,
          // What computes has the cores for itself: it comes when all that waits is over.
          sequence: { groupOrder: waits ? 0 : 1 },
          isolate: !sharesProcess,
          // What a test has replaced is back before the next one, also that of another file.
          restoreMocks: sharesProcess,
          ...(postgres ? { globalSetup: ['test/support/global-setup.ts'] } : {}),
        },
      }),
    ),
  },
})
