/**
 * Redis holds only what may be lost: counters of rate limits across nodes and secrets that wait for moments to be fetched. So a call
 * fails at once when it is out of reach, and is never kept for later; whoever calls knows what to do without it.
 */
import { Redis } from 'ioredis'
import type { Log } from '../../runtime/index.ts'

export interface RedisLink {
  readonly redis: Redis
  /** Why it cannot be used now, in words for staff; undefined when it can. */
  problem(): string | undefined
  close(): void
}

const ANSWER_MS = 1_000
const CONNECT_MS = 3_000
const RECONNECT_MS_MAX = 2_000

/** Resolves at once; the connection is looked for until it is closed. */
export function connectRedis(url: string, log: Log): RedisLink {
  const redis = new Redis(url, {
    connectionName: 'standing',
    connectTimeout: CONNECT_MS,
    commandTimeout: ANSWER_MS,
    enableOfflineQueue: false,
    // What was under way when the connection was lost may have been done or not: counting twice is worse than not at all.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(RECONNECT_MS_MAX, 50 * 2 ** Math.min(times, 10)),
  })
  let reason = 'connecting'
  redis.on('error', (error: Error & { code?: string }) => {
    // Its messages may hold the address, and with it a password.
    const now = error.code ?? error.name
    if (now !== reason) log.warn({ problem: now }, 'Redis is out of reach; looking for it')
    reason = now
  })
  redis.on('ready', () => {
    log.info({}, 'Redis is connected')
    reason = 'the connection was lost'
  })
  return {
    redis,
    problem: () => (redis.status === 'ready' ? undefined : `out of reach (${reason})`),
    close: () => redis.disconnect(),
  }
}
