/**
 * `npm run bench`: measures, side by side in one run. Options: `--json`, `--only <suite,...>`, `--seconds <n>`.
 * Figures depend on the machine; what counts are the ratios within one run. A target that is missed is said,
 * and is no failure of the run.
 */
import { parseArgs } from 'node:util'
import { endChildren } from './child.ts'
import { openLab } from './lab.ts'
import type { Lab } from './lab.ts'
import { Report } from './report.ts'
import { busSuite } from './suites/bus.ts'
import { engineSuite } from './suites/engine.ts'
import { hooksSuite } from './suites/hooks.ts'
import { httpSuite } from './suites/http.ts'
import { memorySuite } from './suites/memory.ts'
import { recoverySuite } from './suites/recovery.ts'
import { routersSuite } from './suites/routers.ts'
import { timersSuite } from './suites/timers.ts'

const SUITES: Record<string, (lab: Lab, report: Report, durationMs: number) => Promise<void>> = {
  engine: engineSuite,
  http: httpSuite,
  hooks: hooksSuite,
  routers: routersSuite,
  recovery: recoverySuite,
  timers: timersSuite,
  memory: memorySuite,
  bus: busSuite,
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' }, seconds: { type: 'string', default: '8' } } })
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: a number above 0`)
const chosen = values.only === undefined ? Object.keys(SUITES) : values.only.split(',')
const unknown = chosen.filter((name) => !Object.hasOwn(SUITES, name))
if (unknown.length > 0) throw new Error(`no suite '${unknown.join(', ')}'; there are: ${Object.keys(SUITES).join(', ')}`)

const report = new Report(values.json)
const lab = await openLab()
let closing: Promise<void> | undefined

/** Leaves no process and no file behind, however it ends. */
function close(): Promise<void> {
  endChildren()
  return (closing ??= lab.close())
}

function abandon(): void {
  // What is under way fails now that the ground is taken from under it; that is no news.
  process.on('uncaughtException', () => undefined)
  void close().finally(() => process.exit(1))
}

process.once('SIGINT', abandon)
process.once('SIGTERM', abandon)
// Nobody reads on, as with `| head`.
process.stdout.once('error', abandon)
process.once('exit', endChildren)
try {
  for (const name of chosen) {
    report.note(name)
    await SUITES[name]?.(lab, report, seconds * 1_000)
  }
} finally {
  await close()
}
