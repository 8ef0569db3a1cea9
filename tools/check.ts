/**
 * The check command. `check.ts` runs what needs no running server: each step below, then unit and architecture tests.
 * `check.ts --all` is `npm test`: the same steps, then tests of every kind, whose programs are installed meanwhile.
 *
 * A step that fails does not keep the others from being run and reported. Each step counts as one test in the closing line.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COUNTS_DIR_VARIABLE, sumCounts, writeCounts } from './counts.ts'

interface Step {
  name: string
  args: readonly string[]
}

interface Outcome {
  exitCode: number
  output: string
}

const STEPS: readonly Step[] = [
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'lint', args: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'] },
  { name: 'layers', args: ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', '.'] },
  { name: 'dead code', args: ['node_modules/knip/bin/knip.js', '--no-progress'] },
  { name: 'words', args: ['--import', './loader/register.js', 'tools/check-words.ts'] },
  { name: 'schema', args: ['--import', './loader/register.js', 'tools/schema-dump.ts', '--check'] },
]

/** For tests that run them. It waits for the network, if it has to do anything: beside the others. */
const PROGRAMS: Step = { name: 'programs', args: ['--import', './loader/register.js', 'test/support/outside-programs.ts'] }

/** Types and lint each fill a core and a gigabyte; more at once gains nothing on a small machine. */
const AT_ONCE = 2

const VITEST = 'node_modules/vitest/vitest.mjs'
const WITHOUT_SERVERS = ['--project', 'unit', '--project', 'architecture']

async function main(): Promise<void> {
  const all = process.argv.includes('--all')
  const started = Date.now()

  const beside = all ? [PROGRAMS] : []
  const failedSteps = (await Promise.all([runSteps(STEPS), runSteps(beside)])).flat()
  writeCounts('check', { passed: STEPS.length + beside.length - failedSteps.length, failed: failedSteps.length, skipped: 0 })
  const testsPassed = await runTests(all ? [] : WITHOUT_SERVERS)

  const failed = [...failedSteps, ...(testsPassed ? [] : ['tests'])]
  console.log(`\n${all ? 'test' : 'check'}: ${failed.length === 0 ? 'all good' : `failed: ${failed.join(', ')}`} (${seconds(started)})`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

async function runSteps(steps: readonly Step[]): Promise<string[]> {
  const queue = [...steps]
  const failed: string[] = []
  const lane = async (): Promise<void> => {
    for (let step = queue.shift(); step; step = queue.shift()) {
      const started = Date.now()
      const { exitCode, output } = await run(step.args)
      console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${seconds(started)})`)
      if (exitCode === 0) continue
      failed.push(step.name)
      console.log(`${output.trim().replaceAll(/^/gm, '    ')}\n`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return steps.map(({ name }) => name).filter((name) => failed.includes(name))
}

/** Tests run alone and print as they go. A run that dies without counting a failure is counted as one, see `closingLine`. */
async function runTests(projects: readonly string[]): Promise<boolean> {
  const counts = mkdtempSync(join(tmpdir(), 'counts-'))
  try {
    const { exitCode } = await run([VITEST, 'run', ...projects], { live: true, env: { [COUNTS_DIR_VARIABLE]: counts } })
    const { passed, failed, skipped } = sumCounts(counts)
    const uncounted = exitCode !== 0 && failed === 0 ? 1 : 0
    writeCounts('tests', { passed, failed: failed + uncounted, skipped })
    return exitCode === 0
  } finally {
    rmSync(counts, { recursive: true })
  }
}

function run(args: readonly string[], { live = false, env = {} }: { live?: boolean; env?: Record<string, string> } = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    let output = ''
    const collect = (chunk: Buffer): void => void (output += chunk.toString())
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, output }))
  })
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

await main()
