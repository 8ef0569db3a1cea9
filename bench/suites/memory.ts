/** Resident memory of the whole server with a million actors stored, of which ten thousand are busy. */
import { startServer } from '../child.ts'
import { listLoad } from '../http-load.ts'
import type { Lab } from '../lab.ts'
import { million, MILLION } from '../million.ts'
import type { Report } from '../report.ts'
import type { Memory } from '../servers/standing.ts'
import { BENCH_KEY } from './http.ts'

const TOUCHED = 30_000
const HOT = 10_000
const TARGET_MB = 400
const SAMPLE_MS = 200
const MB = 1_024 * 1_024

export async function memorySuite(lab: Lab, report: Report, durationMs: number): Promise<void> {
  const server = await startServer<{ url: string; startMs: number }>('standing', { url: await million(lab, 'bench_memory'), key: BENCH_KEY, actors: 0 })
  const headers = { authorization: `Bearer ${BENCH_KEY}` }
  let peakBytes = 0
  const look = async (): Promise<Memory> => {
    const memory = await server.ask<Memory>('memory')
    peakBytes = Math.max(peakBytes, memory.rssBytes)
    return memory
  }
  report.add('memory.idle', (await look()).rssBytes / MB, 'MB')

  const sampling = setInterval(() => void look().catch(() => undefined), SAMPLE_MS)
  const touched = await listLoad(server.ready.url, headers, spread(TOUCHED))
  const warmed = await listLoad(server.ready.url, headers, spread(HOT))
  const hot = await listLoad(server.ready.url, headers, spread(HOT), Math.max(5_000, durationMs))
  clearInterval(sampling)
  const last = await look()
  await server.stop()

  const failed = touched.failed + warmed.failed + hot.failed
  report.add('memory.touched', touched.count, 'actors')
  report.add('memory.cold-sends', touched.perSecond, 'events/s')
  report.add('memory.cold-sends.p99', touched.p99Ms, 'ms')
  report.add('memory.hot-sends', hot.perSecond, 'events/s')
  report.add('memory.hot-actors', last.hotActors, 'actors')
  report.add('memory.heap', last.heapUsedBytes / MB, 'MB')
  report.add('memory.resident', last.rssBytes / MB, 'MB', { text: `< ${TARGET_MB} MB, with 1,000,000 stored and 10,000 hot`, reached: last.rssBytes < TARGET_MB * MB })
  report.add('memory.peak', peakBytes / MB, 'MB')
  report.add('memory.failed', failed, 'requests', { text: '0', reached: failed === 0 })
}

/** Ids from all over the tables. */
function spread(count: number): number[] {
  const each = Math.floor(MILLION / count)
  return Array.from({ length: count }, (_, i) => i * each)
}
