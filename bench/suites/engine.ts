/** The engine against the hand-written transaction and the bare ceiling, in one run on one server. */
import { createRuntime } from '../../runtime/index.ts'
import type { Runtime } from '../../runtime/index.ts'
import { postgresStore } from '../../db/store/index.ts'
import { ACTORS, actorId, cycle } from '../cycle.ts'
import type { Lab } from '../lab.ts'
import { closedLoop } from '../load.ts'
import type { Report } from '../report.ts'
import { anyActor, openBaseline } from './baseline.ts'
import { ceiling } from './ceiling.ts'

/** The same for all that is compared. Until then code is compiled, on one of the cores that the database needs. */
const WARMUP_MS = 6_000

export async function engineSuite(lab: Lab, report: Report, durationMs: number): Promise<void> {
  const url = await lab.database('bench_engine')

  const baseline = await openBaseline(url, ACTORS)
  const byHand = await closedLoop(64, WARMUP_MS, durationMs, () => baseline.turn(anyActor(ACTORS)))
  await baseline.close()
  report.add('baseline.64', byHand.perSecond, 'events/s')
  report.add('baseline.64.p50', byHand.p50Ms, 'ms')

  const top = await ceiling(url, ACTORS, 256, WARMUP_MS, durationMs)
  report.add('ceiling.256', top, 'events/s')

  const runtime = createRuntime({ actors: [cycle], store: postgresStore({ url }) })
  await runtime.start()
  await Promise.all(Array.from({ length: ACTORS }, (_, n) => runtime.create({ type: 'cycle', id: actorId(n) })))
  await runtime.settled()
  const turn = (id: string): Promise<unknown> => runtime.send({ type: 'cycle', id }, { type: 'turn' })

  const with64 = await closedLoop(64, WARMUP_MS, durationMs, () => turn(anyActor(ACTORS)))
  const times64 = with64.perSecond / byHand.perSecond
  report.add('engine.send.64', with64.perSecond, 'events/s', { text: '>= 5 x baseline.64', reached: times64 >= 5 })
  report.add('engine.send.64.p99', with64.p99Ms, 'ms')
  report.add('engine.send.64.vs-baseline', times64, 'x')

  const with512 = await closedLoop(512, WARMUP_MS, durationMs, () => turn(anyActor(ACTORS)))
  const times512 = with512.perSecond / byHand.perSecond
  const share = (100 * with512.perSecond) / top
  report.add('engine.send.512', with512.perSecond, 'events/s', { text: '>= 8 x baseline.64 and >= 40 % of ceiling', reached: times512 >= 8 && share >= 40 })
  report.add('engine.send.512.p99', with512.p99Ms, 'ms')
  report.add('engine.send.512.vs-baseline', times512, 'x')
  report.add('engine.send.512.of-ceiling', share, '%')

  const one = await closedLoop(1, WARMUP_MS, durationMs, () => turn(actorId(1)))
  report.add('engine.send.1.p50', one.p50Ms, 'ms', { text: '<= 2 ms', reached: one.p50Ms <= 2 })
  report.add('engine.send.1', one.perSecond, 'events/s')

  await hot(runtime, report, durationMs)
  await runtime.stop()
}

/** One single actor, as many senders as its mailbox takes well. */
async function hot(runtime: Runtime, report: Report, durationMs: number): Promise<void> {
  const result = await closedLoop(256, WARMUP_MS, durationMs, () => runtime.send({ type: 'cycle', id: actorId(0) }, { type: 'turn' }))
  report.add('engine.hot', result.perSecond, 'events/s', { text: '>= 5,000/s on one actor', reached: result.perSecond >= 5_000 })
}
