/** Whether this node can serve: what `/readyz` says. */
import type { Bus, Runtime } from '../runtime/index.ts'
import type { RedisLink } from './redis/client.ts'

export async function readiness(runtime: Runtime, ping: () => Promise<void>, bus: Bus | undefined, redis: RedisLink | undefined) {
  const checks: Record<string, string> = {}
  try {
    await ping()
    checks['database'] = 'ok'
  } catch {
    checks['database'] = 'out of reach'
  }
  checks['engine'] = runtime.isRunning() ? 'ok' : 'not running'
  const ready = Object.values(checks).every((check) => check === 'ok')
  // Without the broker commands commit and the outbox grows; nothing is lost.
  const { isConnected, problem } = bus?.status() ?? { isConnected: true }
  if (bus !== undefined) checks['nats'] = isConnected ? 'ok' : `degraded: ${problem ?? 'out of reach'}`
  // Without it each node counts rates alone, and nothing is shown that is shown once.
  const redisProblem = redis?.problem()
  if (redis !== undefined) checks['redis'] = redisProblem === undefined ? 'ok' : `degraded: ${redisProblem}`
  return { ready, checks }
}
