import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** Kinds of test. Those that need Postgres share one server, started by the global setup; the others start in a second. */
const KINDS = [
  { name: 'unit', postgres: false, timeoutMs: 5_000 },
  { name: 'architecture', postgres: false, timeoutMs: 120_000 },
  { name: 'property', postgres: true, timeoutMs: 120_000 },
  { name: 'contract', postgres: true, timeoutMs: 30_000 },
  { name: 'integration', postgres: true, timeoutMs: 60_000 },
  { name: 'e2e', postgres: true, timeoutMs: 120_000 },
]

export default defineConfig({
  test: {
    reporters: ['default', './tools/count-reporter.ts'],
    projects: KINDS.map(
      ({ name, postgres, timeoutMs }): TestProjectInlineConfiguration => ({
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          testTimeout: timeoutMs,
          hookTimeout: Math.max(timeoutMs, 30_000),
          ...(postgres ? { globalSetup: ['test/support/global-setup.ts'] } : {}),
        },
      }),
    ),
  },
})
