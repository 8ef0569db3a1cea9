import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/**
 * Kinds of test. Those that need Postgres share one server, started by the global setup; the others start in a second.
 *
 * Files that share a process load the code once, not once each; only unit tests do, which leave neither servers nor processes behind.
 */
const KINDS = [
  { name: 'unit', postgres: false, shareProcess: true, timeoutMs: 5_000 },
  { name: 'architecture', postgres: false, shareProcess: false, timeoutMs: 120_000 },
  { name: 'property', postgres: true, shareProcess: false, timeoutMs: 120_000 },
  { name: 'contract', postgres: true, shareProcess: false, timeoutMs: 30_000 },
  { name: 'integration', postgres: true, shareProcess: false, timeoutMs: 60_000 },
  { name: 'e2e', postgres: true, shareProcess: false, timeoutMs: 120_000 },
]

export default defineConfig({
  test: {
    reporters: ['default', './tools/count-reporter.ts'],
    projects: KINDS.map(
      ({ name, postgres, shareProcess, timeoutMs }): TestProjectInlineConfiguration => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          testTimeout: timeoutMs,
          hookTimeout: Math.max(timeoutMs, 30_000),
          isolate: !shareProcess,
          // What a test has replaced is back before the next one, also that of another file.
          restoreMocks: shareProcess,
          ...(postgres ? { globalSetup: ['test/support/global-setup.ts'] } : {}),
        },
      }),
    ),
  },
})
