/** Routers registered and vouchers made and redeemed, in the real system: what staff and customers wait for. */
import { Agent } from 'node:http'
import type { Lab } from '../lab.ts'
import { closedLoop } from '../load.ts'
import { inParallel, post } from '../post.ts'
import type { Report } from '../report.ts'
import { startSystem } from '../system.ts'
import { BENCH_KEY } from './http.ts'

/** At once. */
const TECHNICIANS = 2
const WARMUP_MS = 2_000
const BATCH = 10_000
const CUSTOMERS = 16
const REDEEMED = 1_000

export async function routersSuite(lab: Lab, report: Report, durationMs: number): Promise<void> {
  const system = await startSystem(await lab.database('bench_routers'), lab.dir)
  const agent = new Agent({ keepAlive: true })
  const headers = { authorization: `Bearer ${BENCH_KEY}` }
  const ask = async (path: string, body: object, expected: number): Promise<string> => {
    const { status, text } = await post(`${system.url}${path}`, JSON.stringify(body), agent, headers)
    if (status !== expected) throw new Error(`${path}: ${status} ${text}`)
    return text
  }
  try {
    const cpuBefore = await system.cpuMs()
    const registered = await closedLoop(TECHNICIANS, WARMUP_MS, durationMs, (sender, round) => ask('/api/routers', { name: `site ${sender}-${round}` }, 201))
    report.add('router.register', registered.perSecond, 'routers/s')
    report.add('router.register.cpu', ((await system.cpuMs()) - cpuBefore) / (registered.count * (1 + WARMUP_MS / durationMs)), 'ms/router')
    report.add('router.register.p50', registered.p50Ms, 'ms')
    report.add('router.register.p99', registered.p99Ms, 'ms', { text: '< 50 ms, script and all', reached: registered.p99Ms < 50 })

    const began = performance.now()
    const batch = JSON.parse(await ask('/api/vouchers/batches', { name: 'bench', package_id: 'hour-1', count: BATCH, expires_at: new Date(Date.now() + 86_400_000).toISOString() }, 201)) as { id: string }
    report.add('voucher.batch.10000', performance.now() - began, 'ms')
    const shown = (await (await fetch(`${system.url}/api/vouchers/batches/${batch.id}/codes`, { headers })).json()) as { data: { code: string }[] }
    const startedAt = performance.now()
    await inParallel(shown.data.slice(0, REDEEMED).map(({ code }, n) => ({ code, phone_number: String(254_712_000_000 + n) })), CUSTOMERS, async (body) => {
      await ask('/api/vouchers/redeem', body, 200)
    })
    report.add('voucher.redeem', REDEEMED / ((performance.now() - startedAt) / 1_000), 'vouchers/s')
  } finally {
    agent.destroy()
    await system.stop()
  }
}
