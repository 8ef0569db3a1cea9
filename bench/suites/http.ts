/** One event per request over 64 kept connections, against the hand-written endpoint under the same load. */
import { startServer } from '../child.ts'
import { ACTORS } from '../cycle.ts'
import { timedLoad } from '../http-load.ts'
import type { Lab } from '../lab.ts'
import type { Report } from '../report.ts'

export const BENCH_KEY = 'sk_bench_0123456789abcdef'
const WARMUP_MS = 2_000

export async function httpSuite(lab: Lab, report: Report, durationMs: number): Promise<void> {
  const bare = await startServer<{ url: string }>('bare', { url: await lab.database('bench_http_bare') })
  const byHand = await timedLoad(bare.ready.url, {}, ACTORS, WARMUP_MS, durationMs)
  await bare.stop()
  report.add('http.baseline.64', byHand.perSecond, 'events/s')
  report.add('http.baseline.64.p99', byHand.p99Ms, 'ms')

  const standing = await startServer<{ url: string }>('standing', { url: await lab.database('bench_http'), key: BENCH_KEY, actors: ACTORS })
  const cpuBefore = await standing.ask<number>('cpuMs')
  const ours = await timedLoad(standing.ready.url, { authorization: `Bearer ${BENCH_KEY}` }, ACTORS, WARMUP_MS, durationMs)
  const cpuMs = (await standing.ask<number>('cpuMs')) - cpuBefore
  await standing.stop()
  const times = ours.perSecond / byHand.perSecond
  report.add('http.send.64', ours.perSecond, 'events/s', { text: '>= 4,000/s and >= 2.5 x http.baseline.64', reached: ours.perSecond >= 4_000 && times >= 2.5 })
  report.add('http.send.64.p50', ours.p50Ms, 'ms')
  report.add('http.send.64.p99', ours.p99Ms, 'ms', { text: '< 60 ms', reached: ours.p99Ms < 60 })
  report.add('http.send.64.vs-baseline', times, 'x')
  report.add('http.send.64.cpu', cpuMs / ours.answered, 'ms/event')
  report.add('http.failed', byHand.failed + ours.failed, 'requests', { text: '0', reached: byHand.failed + ours.failed === 0 })
}
