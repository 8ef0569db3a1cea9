/**
 * The counts of vouchers/guess-counts.ts in Redis, so that a guesser who is sent to another node each time is still one. While Redis is
 * away each node counts alone.
 */
import { createHmac } from 'node:crypto'
import type { GuessCounts, GuesserKey } from '../ports/guess-counts.ts'
import { FAILURES_FREE, FIRST_LOCK_MS, LOCK_MS_MAX, MEMORY_MS, UNDER_WAY_MAX, UNDER_WAY_WAIT_MS } from '../vouchers/guess-counts.ts'
import type { RedisLink } from './client.ts'

/** An attempt of a node that died is under way for so long. */
const UNDER_WAY_MS = 60_000

/** One step, so that many who begin at once are counted. */
const BEGIN = `
local lock = tonumber(redis.call('hget', KEYS[1], 'lockedUntil') or '0') - ARGV[1]
if lock > 0 then return lock end
if tonumber(redis.call('get', KEYS[2]) or '0') >= tonumber(ARGV[2]) then return tonumber(ARGV[3]) end
redis.call('incr', KEYS[2])
redis.call('pexpire', KEYS[2], ARGV[4])
redis.call('pexpire', KEYS[1], ARGV[5])
return 0
`

const END = `
if tonumber(redis.call('get', KEYS[2]) or '0') > 0 then redis.call('decr', KEYS[2]) end
if ARGV[1] == '0' then return 0 end
local beyond = redis.call('hincrby', KEYS[1], 'failures', 1) - ARGV[3]
if beyond >= 0 then
  local lock = math.min(tonumber(ARGV[5]), ARGV[4] * 2 ^ math.min(beyond, 20))
  redis.call('hset', KEYS[1], 'lockedUntil', string.format('%.0f', ARGV[2] + lock))
end
redis.call('pexpire', KEYS[1], ARGV[6])
return 0
`

export interface RedisGuessCountsOptions {
  link: RedisLink
  /** Phones, devices and addresses stand in Redis as keyed hashes only. */
  appKey: string
  /** Used while Redis is away. */
  alone: GuessCounts
  now?: () => number
}

export function redisGuessCounts({ link, appKey, alone, now = Date.now }: RedisGuessCountsOptions): GuessCounts {
  /** The braces keep both on one node of a Redis cluster. */
  function keysOf({ kind, value }: GuesserKey): [string, string] {
    const hash = createHmac('sha256', appKey).update(`guess\0${kind}\0${value}`).digest('base64url')
    return [`standing:guess:{${hash}}:failures`, `standing:guess:{${hash}}:underway`]
  }

  async function together<Result>(script: string, guesser: GuesserKey, values: readonly (string | number)[], otherwise: () => Result | Promise<Result>): Promise<Result> {
    if (link.problem() !== undefined) return otherwise()
    try {
      return (await link.redis.eval(script, 2, ...keysOf(guesser), ...values)) as Result
    } catch {
      return otherwise()
    }
  }

  return {
    begin: (guesser) => together<number>(BEGIN, guesser, [now(), UNDER_WAY_MAX[guesser.kind], UNDER_WAY_WAIT_MS, UNDER_WAY_MS, MEMORY_MS], () => alone.begin(guesser)),
    async end(guesser, isWrong) {
      await together<unknown>(END, guesser, [isWrong ? 1 : 0, now(), FAILURES_FREE[guesser.kind], FIRST_LOCK_MS, LOCK_MS_MAX, MEMORY_MS], () => alone.end(guesser, isWrong))
    },
  }
}
