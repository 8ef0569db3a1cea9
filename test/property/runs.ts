/**
 * How often a property is tried. The usual run tries the same cases everywhere; `PROPERTY_RUNS=20` makes a campaign of new ones,
 * `PROPERTY_SEED` and `PROPERTY_PATH` repeat one case.
 */
import fc from 'fast-check'

const times = Number(process.env['PROPERTY_RUNS'] ?? '1')
const USUAL_SEED = '20261122'
const seed = process.env['PROPERTY_SEED'] ?? (times > 1 ? undefined : USUAL_SEED)
const path = process.env['PROPERTY_PATH']
/** Many times what any of them takes: one that comes so far hangs. */
const LIMIT_MS = times > 1 ? 3_600_000 : 300_000
/** A failure is reported before the test runner loses patience, as small as it is by then. */
const SHRINK_MS = 45_000

/** For the test runner. */
export const TIMEOUT_MS = LIMIT_MS + 2 * SHRINK_MS

/**
 * Tries the property, and tells of a failure all it takes to see it again: seed and path, and the shrunk system, commands and faults in
 * a form that can be pasted into `found.ts`.
 */
export async function check<T>(property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  const runs = Math.max(1, Math.round(numRuns * times))
  const found = await fc.check(property, {
    numRuns: runs,
    interruptAfterTimeLimit: LIMIT_MS,
    endOnFailure: true,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  })
  if (found.counterexample === null || found.counterexamplePath === null) {
    if (found.failed) throw new Error(fc.defaultReportMessage(found))
    // Fewer cases than are asked for prove less than is said.
    if (found.interrupted) throw new Error(`tried ${found.numRuns} of ${runs} cases in ${LIMIT_MS / 1_000} s`)
    return
  }
  const shrunk = await fc.check(property, { seed: found.seed, path: found.counterexamplePath, numRuns: 1, interruptAfterTimeLimit: SHRINK_MS })
  const details = shrunk.counterexample === null ? found : shrunk
  const { counterexample, counterexamplePath, numShrinks, errorInstance } = details
  const cause = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  const again = `PROPERTY_SEED=${details.seed} PROPERTY_PATH=${counterexamplePath ?? ''}`
  throw new Error(`failed after ${found.numRuns} runs, shrunk ${numShrinks} times; again with ${again}\n${JSON.stringify(counterexample)}\n${cause}`, { cause: errorInstance })
}
