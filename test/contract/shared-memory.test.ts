/** What nodes share in Redis and one node keeps in memory: the same promises, and what holds while Redis is away. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '../../api/http/problem.ts'
import type { GuessCounts, GuesserKey } from '../../api/ports/guess-counts.ts'
import type { RateLimiter } from '../../api/ports/rate-limiter.ts'
import type { ShownOnce } from '../../api/ports/shown-once.ts'
import { memoryRateLimiter } from '../../api/rate-limit.ts'
import { connectRedis, type RedisLink } from '../../api/redis/client.ts'
import { redisGuessCounts } from '../../api/redis/guess-counts.ts'
import { redisRateLimiter } from '../../api/redis/rate-limiter.ts'
import { redisShownOnce } from '../../api/redis/shown-once.ts'
import { memoryShownOnce } from '../../api/secrets/memory.ts'
import { memoryGuessCounts } from '../../api/vouchers/guess-counts.ts'
import { guessGuard, type GuessGuard } from '../../api/vouchers/guess-guard.ts'
import { silentLog } from '../../runtime/index.ts'
import { redisServer, type RedisServer } from '../support/redis-server.ts'

const APP_KEY = 'application-key-of-tests'
const T0 = Date.UTC(2026, 0, 1)

let server: RedisServer
const links: RedisLink[] = []

async function link(): Promise<RedisLink> {
  const made = connectRedis(server.url, silentLog)
  links.push(made)
  await expect.poll(() => made.problem(), { interval: 5, timeout: 5_000 }).toBeUndefined()
  return made
}

beforeAll(async () => {
  server = await redisServer()
})
afterEach(() => {
  for (const made of links.splice(0)) made.close()
})
afterAll(() => server.stop())

async function failureCode(guard: GuessGuard, phone: string): Promise<string> {
  return guard.attempt({ phone }, () => Promise.reject(new Problem('voucher-unknown'))).catch((error: unknown) => (error as Problem).code)
}

let names = 0
const unique = () => `name-${++names}`

function rateContract(name: string, make: (now: () => number) => Promise<RateLimiter>): void {
  describe(`rate limiter contract: ${name}`, () => {
    it('allows so many in a window and no more, and says when the next one may come', async () => {
      let at = T0
      const limiter = await make(() => at)
      const policy = { name: unique(), limit: 3, windowMs: 10_000 }
      const take = () => limiter.take(policy, 'a')
      const taken = [await take(), await take(), await take(), await take()]
      expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, true, false])
      expect(taken.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0])
      expect(await limiter.take(policy, 'b')).toMatchObject({ allowed: true })
      at += taken[3]?.resetMs ?? 0
      expect((await take()).allowed).toBe(true)
      expect((await take()).allowed).toBe(false)
    })

    it('forgets what was long ago', async () => {
      let at = T0
      const limiter = await make(() => at)
      const policy = { name: unique(), limit: 1, windowMs: 1_000 }
      for (let n = 0; n < 3; n++) {
        expect((await limiter.take(policy, 'a')).allowed).toBe(true)
        at += 2_000
      }
    })

    it('gives the last one to one of many who ask at once', async () => {
      const limiter = await make(() => T0)
      const policy = { name: unique(), limit: 5, windowMs: 60_000 }
      const all = await Promise.all(Array.from({ length: 20 }, async () => limiter.take(policy, 'a')))
      expect(all.filter(({ allowed }) => allowed)).toHaveLength(5)
    })
  })
}

rateContract('memory', async (now) => memoryRateLimiter(now))
rateContract('redis', async (now) => redisRateLimiter({ link: await link(), appKey: APP_KEY, alone: { take: () => ({ allowed: false, remaining: 0, resetMs: 0 }) }, now }))

/** Many attempts with a wrong code; how many could begin, and the wait that the next one meets. */
async function guess(counts: GuessCounts, guesser: GuesserKey, times: number): Promise<{ begun: number; waitMs: number }> {
  let begun = 0
  for (let n = 0; n < times; n++) {
    if ((await counts.begin(guesser)) > 0) continue
    begun++
    await counts.end(guesser, true)
  }
  const waitMs = await counts.begin(guesser)
  if (waitMs === 0) await counts.end(guesser, false)
  return { begun, waitMs }
}

function guessContract(name: string, make: (now: () => number) => Promise<GuessCounts>): void {
  describe(`counts of guesses contract: ${name}`, () => {
    it('locks after five failures of a phone, longer each time, and after fifty of an address', async () => {
      let at = T0
      const counts = await make(() => at)
      const phone = { kind: 'phone' as const, value: unique() }
      expect(await guess(counts, phone, 9)).toEqual({ begun: 5, waitMs: 60_000 })
      at += 60_000
      expect(await guess(counts, phone, 1)).toEqual({ begun: 1, waitMs: 120_000 })
      at += 120_000
      expect(await counts.begin(phone)).toBe(0)
      expect(await guess(counts, { kind: 'ip', value: unique() }, 60)).toMatchObject({ begun: 50 })
    })

    it('counts no attempt that was right, and lets only so many be under way', async () => {
      const counts = await make(() => T0)
      const phone = { kind: 'phone' as const, value: unique() }
      for (let n = 0; n < 30; n++) {
        expect(await counts.begin(phone)).toBe(0)
        await counts.end(phone, false)
      }
      const begun = await Promise.all(Array.from({ length: 30 }, async () => counts.begin(phone)))
      expect(begun.filter((waitMs) => waitMs === 0)).toHaveLength(20)
      await counts.end(phone, false)
      expect(await counts.begin(phone)).toBe(0)
    })
  })
}

guessContract('memory', async (now) => memoryGuessCounts(now))
guessContract('redis', async (now) => redisGuessCounts({ link: await link(), appKey: APP_KEY, alone: { begin: () => 1, end: () => undefined }, now }))

function secretsContract(name: string, make: () => Promise<{ secrets: ShownOnce; expire: () => Promise<void> }>): void {
  describe(`secrets that are shown once: ${name}`, () => {
    it('are shown to the first who asks, and to nobody else', async () => {
      const { secrets } = await make()
      const [one, other] = [unique(), unique()]
      await secrets.keep(one, 'größe 😀', 60_000)
      expect(await secrets.take(other)).toBeUndefined()
      const shown = await Promise.all(Array.from({ length: 5 }, () => secrets.take(one)))
      expect(shown.filter((secret) => secret === 'größe 😀')).toHaveLength(1)
      expect(shown.filter((secret) => secret === undefined)).toHaveLength(4)
    })

    it('are gone after their time', async () => {
      const { secrets, expire } = await make()
      const one = unique()
      await secrets.keep(one, 'secret', 5)
      await expire()
      expect(await secrets.take(one)).toBeUndefined()
    })
  })
}

secretsContract('memory', async () => {
  let at = T0
  return { secrets: memoryShownOnce(() => at), expire: async () => void (at += 6) }
})
secretsContract('redis', async () => {
  const made = await link()
  const left = async () => (await made.redis.keys('standing:once:*')).length
  return { secrets: redisShownOnce({ link: made, appKey: APP_KEY }), expire: async () => void (await expect.poll(left, { interval: 2 }).toBe(0)) }
})

describe('Redis', () => {
  it('several nodes count together, and show a secret once together', async () => {
    const [one, other] = [await link(), await link()]
    const policy = { name: unique(), limit: 3, windowMs: 60_000 }
    const limiters = [one, other].map((each) => redisRateLimiter({ link: each, appKey: APP_KEY, alone: memoryRateLimiter(), now: () => T0 }))
    const all = await Promise.all(Array.from({ length: 8 }, async (_, n) => limiters[n % 2]?.take(policy, 'a')))
    expect(all.filter((decision) => decision?.allowed)).toHaveLength(3)
    const name = unique()
    await redisShownOnce({ link: one, appKey: APP_KEY }).keep(name, 'secret', 60_000)
    expect(await redisShownOnce({ link: other, appKey: APP_KEY }).take(name)).toBe('secret')
  })

  it('a guesser who goes from node to node is one guesser; away, each node counts alone', async () => {
    const links = [await link(), await link()]
    const guards = links.map((each) => guessGuard(redisGuessCounts({ link: each, appKey: APP_KEY, alone: memoryGuessCounts(() => T0), now: () => T0 })))
    const phone = unique()
    const wrong = async (n: number) => (await failureCode(guards[n % 2] as GuessGuard, phone)) === 'voucher-unknown'
    const tried: boolean[] = []
    for (let n = 0; n < 8; n++) tried.push(await wrong(n))
    expect(tried).toEqual([true, true, true, true, true, false, false, false])
    await server.stop()
    await expect.poll(() => links.every((each) => each.problem() !== undefined), { interval: 5, timeout: 5_000 }).toBe(true)
    expect([await wrong(0), await wrong(1)]).toEqual([true, true])
    await server.start()
  })

  it('holds neither a secret, nor its name, nor a phone in plain; and opens nothing with another key', async () => {
    const made = await link()
    const name = unique()
    await redisShownOnce({ link: made, appKey: APP_KEY }).keep(name, 'the secret', 60_000)
    await redisRateLimiter({ link: made, appKey: APP_KEY, alone: memoryRateLimiter() }).take({ name: 'phone', limit: 1, windowMs: 1_000 }, '254708374149')
    await guess(redisGuessCounts({ link: made, appKey: APP_KEY, alone: memoryGuessCounts() }), { kind: 'phone', value: '254708374149' }, 6)
    const keys = await made.redis.keys('*')
    const values = await Promise.all(keys.map((key) => made.redis.type(key).then((type) => (type === 'hash' ? made.redis.hgetall(key).then((all) => JSON.stringify(all)) : made.redis.get(key)))))
    expect([...keys, ...values].join('\n')).not.toMatch(new RegExp(`the secret|254708374149|${name}\\b`))
    expect(keys.every((key) => key.startsWith('standing:'))).toBe(true)
    expect(await Promise.all(keys.map((key) => made.redis.pttl(key)))).not.toContain(-1)
    expect(await redisShownOnce({ link: made, appKey: `another-${APP_KEY}` }).take(name)).toBeUndefined()
  })

  it('away: rates are counted by each node, secrets are neither kept nor shown; back: all is as before', async () => {
    const made = await link()
    const policy = { name: unique(), limit: 1, windowMs: 60_000 }
    const limiter = redisRateLimiter({ link: made, appKey: APP_KEY, alone: memoryRateLimiter(() => T0), now: () => T0 })
    const secrets = redisShownOnce({ link: made, appKey: APP_KEY })
    await server.stop()
    expect([(await limiter.take(policy, 'a')).allowed, (await limiter.take(policy, 'a')).allowed]).toEqual([true, false])
    await expect(secrets.keep('a', 'secret', 1_000)).rejects.toMatchObject({ code: 'overloaded' })
    await expect(secrets.take('a')).rejects.toMatchObject({ code: 'overloaded' })
    await expect.poll(() => made.problem(), { interval: 5 }).toMatch(/out of reach/)
    await server.start()
    await expect.poll(() => made.problem(), { interval: 10, timeout: 10_000 }).toBeUndefined()
    await secrets.keep('a', 'secret', 60_000)
    expect(await secrets.take('a')).toBe('secret')
    expect((await limiter.take(policy, 'a')).allowed).toBe(true)
  })
})
