/**
 * `npm run bench`: measures, side by side in one run. Options: `--json`, `--only <suite,...>`, `--seconds <n>`.
 * Figures depend on the machine; what counts are the ratios within one run.
 */
import { parseArgs } from 'node:util'
import { openLab } from './lab.ts'
import type { Lab } from './lab.ts'
import { Report } from './report.ts'
import { engineSuite } from './suites/engine.ts'

const SUITES: Record<string, (lab: Lab, report: Report, durationMs: number) => Promise<void>> = {
  engine: engineSuite,
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' }, seconds: { type: 'string', default: '8' } } })
const chosen = values.only === undefined ? Object.keys(SUITES) : values.only.split(',')
const report = new Report(values.json)
const lab = await openLab()
try {
  for (const name of chosen) {
    const suite = SUITES[name]
    if (suite === undefined) throw new Error(`no suite '${name}'; there are: ${Object.keys(SUITES).join(', ')}`)
    report.note(name)
    await suite(lab, report, Number(values.seconds) * 1_000)
  }
} finally {
  await lab.close()
}
