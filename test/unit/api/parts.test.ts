/** The small parts of the edge, each alone. */
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { allowedIps } from '../../../api/hooks/allowed-ips.ts'
import { contentHash } from '../../../api/hooks/content-hash.ts'
import { inboxWriter } from '../../../api/hooks/inbox-writer.ts'
import { keptHeaders } from '../../../api/hooks/kept-headers.ts'
import { bodyBytes, storedBody } from '../../../api/hooks/stored-body.ts'
import { durationMs } from '../../../api/http/duration.ts'
import { isTooDeep } from '../../../api/http/json-body.ts'
import { redactUrl } from '../../../api/http/redact-url.ts'
import { traceIdOf } from '../../../api/http/trace.ts'
import { fieldErrors, pointerOf } from '../../../api/http/validation.ts'
import { createLogger } from '../../../api/logger.ts'
import { keyedLock } from '../../../api/payments/keyed-lock.ts'
import { paymentIdOf, randomPaymentId } from '../../../api/payments/payment-id.ts'
import { majorUnits } from '../../../api/payments/payment-view.ts'
import { maskValue } from '../../../api/privacy/mask.ts'
import { memoryRateLimiter } from '../../../api/rate-limit.ts'
import type { NewHook } from '../../../api/ports/hook-inbox.ts'
import { memoryInbox } from '../../support/api-ports.ts'

describe('payment ids', () => {
  it('are long, and the same for the same key of the same tenant', () => {
    expect(randomPaymentId()).toMatch(/^pay_[0-9a-z]{32}$/)
    expect(randomPaymentId()).not.toBe(randomPaymentId())
    const id = paymentIdOf('app', 'main', 'k')
    expect(id).toMatch(/^pay_[0-9a-z]{32}$/)
    expect([paymentIdOf('app', 'main', 'k') === id, paymentIdOf('app', 'acme', 'k') === id, paymentIdOf('other', 'main', 'k') === id, paymentIdOf('app', 'main', 'K') === id]).toEqual([true, false, false, false])
  })
})

describe('the rate limit', () => {
  it('slides: never more than the limit in any window, and says when one more fits', () => {
    let now = 0
    const limiter = memoryRateLimiter(() => now)
    const policy = { name: 'p', limit: 4, windowMs: 1_000 }
    const take = () => limiter.take(policy, 'k') as { allowed: boolean; resetMs: number }
    now = 900
    expect([take(), take(), take(), take(), take()].map(({ allowed }) => allowed)).toEqual([true, true, true, true, false])
    now = 1_100
    const refused = take()
    expect(refused.allowed).toBe(false)
    now += refused.resetMs
    expect(take().allowed).toBe(true)
    now += 5_000
    expect([take(), take(), take(), take(), take()].map(({ allowed }) => allowed)).toEqual([true, true, true, true, false])
    const full = take()
    now += full.resetMs
    expect(take().allowed).toBe(true)
    expect((limiter.take(policy, 'other') as { remaining: number }).remaining).toBe(3)
  })
})

describe('the inbox writer', () => {
  const hook = (body: string): NewHook => ({ provider: 'p', kind: 'k', contentHash: body, body, headers: {}, remoteIp: '', receivedAt: 0, nextAttemptAt: 0, outcome: null })

  it('groups what comes while it writes, and writes at once when idle', async () => {
    const inbox = memoryInbox()
    inbox.delayMs = 10
    const writer = inboxWriter(inbox)
    await Promise.all(Array.from({ length: 100 }, (_, i) => writer.write(hook(String(i)))))
    expect(inbox.inserts).toBe(2)
    expect(inbox.rows.map(({ body }) => body)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
  })

  it('stores the same content of one group once', async () => {
    const writer = inboxWriter(memoryInbox())
    const [, ...rest] = await Promise.all([writer.write(hook('first')), ...['a', 'a', 'b'].map((body) => writer.write(hook(body)))])
    expect(rest).toEqual([{ id: '2', fresh: true, outcome: null }, { id: '2', fresh: false, outcome: null }, { id: '3', fresh: true, outcome: null }])
  })

  it('does not let one bad row cost its neighbours', async () => {
    const inbox = memoryInbox()
    inbox.failWhen = ({ body }) => body === 'bad'
    const writer = inboxWriter(inbox)
    const results = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((body) => writer.write(hook(body))))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  })

  it('gives up soon when the database is away, and works again after', async () => {
    const inbox = memoryInbox()
    inbox.failWhen = () => true
    const writer = inboxWriter(inbox)
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => writer.write(hook(String(i)))))
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(inbox.inserts).toBeLessThan(10)
    inbox.failWhen = () => false
    await expect(writer.write(hook('x'))).resolves.toMatchObject({ fresh: true })
  })
})

describe('stored bodies', () => {
  it.each([['{"a":"é"}'], [''], ['base64:abc'], ['a\0b'], [Buffer.from([0xc3, 0x28, 0, 0xff])]])('come back as they were: %j', (body) => {
    const bytes = Buffer.from(body as string)
    expect(bodyBytes(storedBody(bytes))).toEqual(bytes)
    expect(storedBody(bytes)).not.toContain('\0')
  })

  it('are one content only within one trust', () => {
    const hash = (trusted: boolean) => contentHash({ provider: 'p', kind: 'k', trusted, body: Buffer.from('x') })
    expect(hash(true)).toMatch(/^[0-9a-f]{64}$/)
    expect(hash(true)).not.toBe(hash(false))
  })

  it('keep harmless headers only', () => {
    expect(keptHeaders({ 'user-agent': 'x\0y', cookie: 'a', authorization: 'b', 'x-api-key': 'c' })).toEqual({ 'user-agent': 'xy' })
  })
})

describe('allowed addresses', () => {
  it('takes single ones and ranges, of both families', () => {
    const isAllowed = allowedIps(['196.201.214.200', '10.0.0.0/8', '2001:db8::/32'])
    expect(['196.201.214.200', '::ffff:196.201.214.200', '10.1.2.3', '2001:db8::1'].map(isAllowed)).toEqual([true, true, true, true])
    expect(['196.201.214.201', '11.0.0.1', '2001:db9::1', 'rubbish', ''].map(isAllowed)).toEqual([false, false, false, false, false])
    expect(allowedIps([])('6.6.6.6')).toBe(true)
    expect(() => allowedIps(['safaricom'])).toThrow("'safaricom' is no network address or range")
  })
})

describe('the keyed lock', () => {
  it('runs one key in order, others at once, and goes on after a failure', async () => {
    const lock = keyedLock()
    const log: string[] = []
    let open = () => {}
    const gate = new Promise<void>((resolve) => (open = resolve))
    const work = (name: string, until: Promise<void> = Promise.resolve()) => async () => {
      await until
      log.push(name)
      if (name === 'a1') throw new Error('no')
    }
    const behindTheGate = [lock.run('a', work('a1', gate)), lock.run('a', work('a2'))]
    await lock.run('b', work('b1'))
    expect(log).toEqual(['b1'])
    open()
    await Promise.allSettled(behindTheGate)
    expect(log).toEqual(['b1', 'a1', 'a2'])
  })
})

describe('the log', () => {
  const logged = (err: unknown): unknown => {
    let text = ''
    const log = createLogger({ level: 'debug', destination: new Writable({ write: (chunk: Buffer, _encoding, done) => { text += chunk.toString(); done() } }) })
    log.warn({ err }, 'an effect failed')
    return (JSON.parse(text) as { err: unknown }).err
  }

  it('says what failed when the error is a record, as the engine keeps them', () => {
    expect(logged({ name: 'GatewayError', message: 'no answer', code: 'timeout' })).toEqual({ type: 'GatewayError', message: 'no answer', code: 'timeout' })
    expect([logged('no answer'), logged(null), logged({ code: 7 })]).toEqual([{ message: 'no answer' }, { message: 'null' }, { message: 'an error without a message' }])
  })

  it('takes nothing else out of a record', () => {
    expect(logged({ message: 'm', context: { phone: '254708374149' }, payload: { pin: '1234' }, event: {}, stack: 's' })).toEqual({ message: 'm' })
  })
})

describe('small things', () => {
  it('redacts hook secrets and queries', () => {
    expect(redactUrl('/hooks/daraja/s3cret/stk?x=1')).toBe('/hooks/daraja/[redacted]/stk')
    expect(redactUrl('/hooks/sms/s3cret')).toBe('/hooks/sms/[redacted]')
    expect(redactUrl('/api/v1/search?q=254708374149')).toBe('/api/v1/search')
  })

  it('reads traceparent', () => {
    expect(traceIdOf({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })).toBe('0af7651916cd43dd8448eb211c80319c')
    expect([traceIdOf({}), traceIdOf({ traceparent: 'x' }), traceIdOf({ traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` })]).toEqual([undefined, undefined, undefined])
  })

  it('points by RFC 6901', () => {
    expect(pointerOf(['a/b', 0, 'c~d'])).toBe('/a~1b/0/c~0d')
    const result = z.strictObject({ list: z.array(z.strictObject({ n: z.number() })) }).safeParse({ list: [{ n: 'x', 'o/p': 1 }] })
    expect(fieldErrors(result.error?.issues ?? [])).toMatchObject([{ pointer: '/list/0/n' }, { pointer: '/list/0/o~1p', detail: 'There is no field of this name here.' }])
  })

  it('knows how deep JSON is', () => {
    expect(isTooDeep(`${'['.repeat(64)}${']'.repeat(64)}`)).toBe(false)
    expect(isTooDeep(`${'['.repeat(65)}${']'.repeat(65)}`)).toBe(true)
    expect(isTooDeep(JSON.stringify({ text: `${'['.repeat(500)}\\"{` }))).toBe(false)
    expect(isTooDeep(`[${'[],'.repeat(500)}[]]`)).toBe(false)
  })

  it('masks', () => {
    expect(['254708374149', '+254708374149', 'jane@example.com', 'Jane', '', 5, true, null].map(maskValue)).toEqual(['2547*****149', '2547*****149', 'j***@example.com', 'J***', '', '***', true, null])
    expect(maskValue({ phones: ['254708374149'] })).toEqual({ phones: ['2547*****149'] })
  })

  it('shows money in major units', () => {
    expect([majorUnits(1_000, 'KES'), majorUnits(1_050, 'KES'), majorUnits(1_000, 'UGX'), majorUnits(29, 'EUR')]).toEqual([10, 10.5, 1_000, 0.29])
  })

  it('measures durations', () => {
    const from = Date.parse('2024-02-29T00:00:00Z')
    expect(durationMs('P1Y', from)).toBe(Date.parse('2025-02-28T00:00:00Z') - from)
    expect(durationMs('P1DT2H', from)).toBe(26 * 3_600_000)
    expect(['P', 'PT', 'P1S', '1D', 'P1.5D'].map((text) => durationMs(text, from))).toEqual([undefined, undefined, undefined, undefined, undefined])
  })
})
