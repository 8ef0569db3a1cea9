/** What the running server publishes about itself is complete and true. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROBLEM_STATUS } from '../../api/http/problem.ts'
import { startWorld, type World } from '../support/system-outside.ts'
import { buy, smsOf, untilState } from '../support/system-shop.ts'

let world: World
let document: OpenApi
beforeAll(async () => {
  world = await startWorld()
  document = (await world.system.ask<OpenApi>('/openapi.json', { anonymous: true })).body
})
afterAll(() => world.end())

interface Operation {
  summary?: string
  tags?: string[]
  security?: Record<string, string[]>[]
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>
}
type Schema = Record<string, unknown>
interface OpenApi {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> }
}

/** contract.md §2 and §3, as far as they are built: method, path, codes beside those of every call. */
const CALLS: [method: string, path: string, codes: string[]][] = [
  ['post', '/api/v1/actors/{type}', ['actor-type-unknown', 'actor-exists', 'idempotency-mismatch', 'payload-too-large', 'unsupported-media-type']],
  ['get', '/api/v1/actors/{type}', ['actor-type-unknown']],
  ['get', '/api/v1/actors/{type}/{id}', ['actor-type-unknown', 'actor-not-found']],
  ['post', '/api/v1/actors/{type}/{id}/events', ['actor-not-found', 'event-not-accepted', 'actor-done', 'stale-version', 'idempotency-mismatch', 'invalid-event', 'actor-blocked', 'payload-too-large', 'unsupported-media-type']],
  ['post', '/api/v1/events', ['payload-too-large', 'unsupported-media-type']],
  ['get', '/api/v1/actors/{type}/{id}/history', ['actor-type-unknown', 'actor-not-found']],
  ['get', '/api/v1/actors/{type}/{id}/next', ['actor-type-unknown', 'actor-not-found']],
  ['post', '/api/v1/actors/{type}/{id}/dry-run', ['actor-not-found', 'invalid-event']],
  ['get', '/api/v1/actors/{type}/{id}/timers', ['actor-not-found']],
  ['patch', '/api/v1/actors/{type}/{id}/timers/{timerId}', ['timer-not-found', 'timer-fixed']],
  ['post', '/api/v1/actors/{type}/{id}/timers/{timerId}/fire', ['timer-not-found']],
  ['post', '/api/v1/actors/{type}/{id}/block', ['actor-not-found']],
  ['post', '/api/v1/actors/{type}/{id}/unblock', ['actor-not-found']],
  ['get', '/api/v1/cluster', []],
  ['get', '/api/v1/machines', []],
  ['get', '/api/v1/machines/{type}', ['actor-type-unknown']],
  ['get', '/api/v1/search', []],
  ['get', '/api/v1/parked', []],
  ['post', '/api/v1/parked/{eventId}/retry', ['parked-not-found']],
  ['post', '/api/v1/parked/{eventId}/skip', ['parked-not-found']],
  ['post', '/api/v1/parked/{eventId}/discard', ['parked-not-found']],
  ['get', '/api/v1/effects', []],
  ['post', '/api/v1/effects/retry', ['preview-outdated']],
  ['post', '/api/v1/effects/{key}/retry', ['effect-not-found']],
  ['post', '/api/v1/effects/{key}/cancel', ['effect-not-found']],
  ['get', '/api/v1/stream', ['channel-unknown']],
  ['post', '/api/v1/stream/tickets', []],
  ['get', '/api/v1/metrics/dashboard', []],
  ['post', '/api/v1/sandbox/clock', []],
  ['get', '/api/v1/sandbox/outbox', []],
  ['get', '/api/v1/ledger/accounts', []],
  ['get', '/api/v1/ledger/entries', []],
  ['post', '/api/v1/approvals', ['event-not-accepted', 'actor-not-found', 'package-unknown']],
  ['get', '/api/v1/audit', []],
  ['post', '/api/v1/hooks/{id}/dry-run', ['hook-not-found']],
  ['post', '/api/v1/statements', ['payload-too-large', 'unsupported-media-type']],
  ['get', '/api/v1/statements/unexplained', []],
  ['get', '/api/v1/packages', []],
  ['post', '/api/v1/packages', []],
  ['get', '/api/v1/packages/{id}', []],
  ['patch', '/api/v1/packages/{id}', []],
  ['delete', '/api/v1/packages/{id}', []],
  ['post', '/api/v1/subscriptions', ['package-unknown']],
  ['post', '/api/v1/subscriptions/{id}/package', ['actor-not-found', 'package-unknown', 'event-not-accepted']],
  ['get', '/api/v1/subscriptions/{id}/logins', ['actor-not-found']],
  ['get', '/api/v1/opt-outs', []],
  ['get', '/api/v1/payments/{id}/timeline', ['actor-not-found']],
  ['post', '/api/v1/opt-outs', []],
  ['delete', '/api/v1/opt-outs/{phone}', []],
  ['get', '/api/packages', []],
  ['get', '/api/channels', []],
  ['post', '/broadcasting/auth', ['unauthenticated', 'forbidden', 'channel-unknown', 'unsupported-media-type']],
  ['post', '/api/payments/stk', ['invalid-input', 'package-unknown', 'idempotency-mismatch', 'prompt-open', 'rate-limited', 'payload-too-large', 'unsupported-media-type']],
  ['get', '/api/payments/{payment_id}', ['payment-not-found']],
  ['get', '/api/payments/{payment_id}/events', ['payment-not-found', 'rate-limited']],
  ['post', '/api/routers', ['payload-too-large', 'unsupported-media-type']],
  ['post', '/api/routers/{id}/script', ['actor-not-found', 'actor-done']],
  ['post', '/api/routers/{id}/enrol', ['router-refused', 'router-unsupported', 'invalid-input']],
  ['post', '/api/routers/{id}/heartbeat', ['router-refused', 'invalid-input']],
  ['post', '/api/vouchers/redeem', ['voucher-mistyped', 'voucher-unknown', 'voucher-used', 'voucher-expired', 'voucher-revoked', 'rate-limited', 'idempotency-mismatch']],
  ['post', '/api/vouchers/batches', ['package-unknown']],
  ['get', '/api/vouchers/batches/{id}', ['actor-not-found']],
  ['get', '/api/vouchers/batches/{id}/codes', ['actor-not-found', 'actor-done']],
  ['get', '/api/vouchers/batches/{id}/codes.csv', ['actor-not-found', 'actor-done']],
  ['get', '/api/vouchers/batches/{id}/sheet', ['actor-not-found', 'actor-done']],
  ['post', '/api/vouchers/check', ['voucher-unknown']],
  ['post', '/api/vouchers/revoke', ['voucher-unknown', 'voucher-revoked']],
  ['get', '/api/v1/routers/peers', []],
  ['get', '/api/v1/routers/{id}/live', ['actor-not-found']],
  ['get', '/api/v1/routers/{id}/diff', ['actor-not-found', 'router-unreachable']],
  ['get', '/api/v1/routers/{id}/access-points', ['actor-not-found']],
  ['get', '/api/v1/routers/{id}/outages', ['actor-not-found']],
  ['get', '/api/v1/routers/{id}/affected', ['actor-not-found']],
  ['post', '/hooks/daraja/{secret}/stk', ['route-not-found', 'payload-too-large']],
  ['post', '/api/payments/{payment_id}/login', ['invalid-input', 'forbidden', 'payment-not-found', 'login-not-given', 'rate-limited', 'payload-too-large', 'unsupported-media-type']],
  ['post', '/api/payments/{payment_id}/claim', ['invalid-input', 'payment-not-found', 'rate-limited', 'payload-too-large', 'unsupported-media-type']],
  ['post', '/hooks/daraja/{secret}/c2b/validation', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/daraja/{secret}/c2b/confirmation', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/daraja/{secret}/result', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/daraja/{secret}/result/{payment_id}', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/daraja/{secret}/timeout', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/daraja/{secret}/timeout/{payment_id}', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/sms/{secret}/inbound', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/sms/{secret}/opt-out', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/twilio/{secret}/status', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/twilio/{secret}/inbound', ['route-not-found', 'payload-too-large']],
  ['post', '/hooks/sms/{secret}/delivery', ['route-not-found', 'payload-too-large']],
  ...['authorize', 'post-auth', 'rejected', 'accounting'].map((name): [string, string, string[]] => ['post', `/radius/${name}`, ['unauthenticated', 'route-not-found', 'invalid-input', 'payload-too-large', 'unsupported-media-type']]),
  ['get', '/healthz', []],
  ['get', '/readyz', ['not-ready']],
  ['get', '/metrics', []],
]

/** Calls of the businesses that staff make (contract.md §3). */
const STAFF_OUTSIDE_V1: ReadonlySet<string> = new Set([
  '/api/routers', '/api/routers/{id}/script', '/api/vouchers/batches', '/api/vouchers/batches/{id}', '/api/vouchers/batches/{id}/codes',
  '/api/vouchers/batches/{id}/codes.csv', '/api/vouchers/batches/{id}/sheet', '/api/vouchers/check', '/api/vouchers/revoke',
])

describe('/openapi.json', () => {
  test('is an OpenAPI 3.1 document', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/)
    expect(document.info).toMatchObject({ title: 'Standing', version: expect.stringMatching(/./) as unknown })
    expect(document.components.securitySchemes).toMatchObject({ apiKey: { type: 'http', scheme: 'bearer' } })
    for (const path of Object.keys(document.paths)) expect(path).toMatch(/^\/[\w/{}.-]*$/)
  })

  const MEDIA: Readonly<Record<string, string>> = { '/api/v1/statements': 'text/csv' }
  const WITHOUT_BODY: ReadonlySet<string> = new Set(['/api/v1/hooks/{id}/dry-run'])

  test.for(CALLS)('%s %s', ([method, path, codes]) => {
    const operation = document.paths[path]?.[method]
    if (operation === undefined) throw new Error('is not in the document')
    expect(operation.summary).toMatch(/^[A-Z].+/)
    expect(operation.tags).toHaveLength(1)
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect((operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name, required }) => [name, required])).toEqual(named.map((name) => [name, true]))
    expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true)

    const isStaff = path.startsWith('/api/v1/') || STAFF_OUTSIDE_V1.has(path)
    expect(operation.security ?? []).toEqual(isStaff ? [{ apiKey: [] }] : [])
    const everywhere = path.startsWith('/api/') ? ['internal', 'overloaded', ...(isStaff ? ['unauthenticated', 'forbidden', 'invalid-input'] : [])] : []
    for (const code of [...codes, ...everywhere]) {
      const response = operation.responses[PROBLEM_STATUS[code as keyof typeof PROBLEM_STATUS]]
      expect(response?.description, code).toContain(`\`${code}\``)
      expect(response?.content?.['application/problem+json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' })
    }
    if (method === 'post' && !path.startsWith('/hooks/') && !WITHOUT_BODY.has(path)) expect(operation.requestBody?.content[MEDIA[path] ?? 'application/json']?.schema).toBeDefined()
  })

  test('describes no call of which this list does not know', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`))
    const known = CALLS.map(([method, path]) => `${method} ${path}`)
    expect(described.filter((call) => !known.includes(call) && !call.startsWith('post /hooks/daraja/{secret}/stk/'))).toEqual([])
  })

  test('every reference leads somewhere', () => {
    const references = new Set([...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? ''))
    expect(references.size).toBeGreaterThan(3)
    for (const reference of references) {
      const name = /^#\/components\/schemas\/([\w-]+)$/.exec(reference)?.[1]
      expect(document.components.schemas, reference).toHaveProperty(name ?? reference)
    }
    expect(document.components.schemas['Problem']).toMatchObject({ type: 'object', required: expect.arrayContaining(['type', 'title', 'status', 'detail', 'instance', 'code']) as unknown })
  })
})

describe('for whoever runs it', () => {
  test('/healthz and /readyz need no key', async () => {
    expect(await world.system.ask('/healthz', { anonymous: true })).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect(await world.system.ask('/readyz', { anonymous: true })).toMatchObject({ status: 200, body: { status: 'ready', checks: { database: 'ok', engine: 'ok' } } })
  })

  test('/metrics is what Prometheus reads, and tells of what happened', async () => {
    const bought = await buy(world.system)
    await world.daraja.control.answer(bought.checkout, 0)
    await untilState(world.system, 'notification', smsOf(bought.id), 'delivered')
    const { text, headers, status } = await world.system.ask('/metrics', { anonymous: true })
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)])

    const samples = new Map<string, number>()
    const typed = new Set<string>()
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) ?(.*)$/.exec(line)
      if (comment?.[1] === 'TYPE') typed.add(comment[2] ?? '')
      if (comment !== null) continue
      const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})? ([-+]?(?:\d[\d.e+-]*|Inf)|NaN)$/.exec(line)
      expect(sample, line).not.toBeNull()
      const [, name = '', labels = '', value = ''] = sample ?? []
      expect(typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, '')), line).toBe(true)
      samples.set(`${name}${labels}`, Number(value))
    }
    const sum = (pattern: RegExp) => [...samples].filter(([name]) => pattern.test(name)).reduce((total, [, value]) => total + value, 0)
    expect(sum(/^standing_commit_duration_seconds_count/)).toBeGreaterThan(0)
    expect(sum(/^standing_effect_duration_seconds_count\{lane="mpesa",name="promptPayer"/)).toBe(1)
    // Of how many payments that began, how many came to be.
    expect([sum(/^standing_facts_total\{fact="payment.requested"\}/), sum(/^standing_facts_total\{fact="payment.completed"\}/)]).toEqual([1, 1])
    expect([...samples].filter(([name]) => name.startsWith('standing_set_aside'))).toEqual([['standing_set_aside{kind="parked"}', 0], ['standing_set_aside{kind="failedEffects"}', 0], ['standing_set_aside{kind="heldActors"}', 0], ['standing_set_aside{kind="unexplainedMoney"}', 0]])
    expect(sum(/^standing_effect_duration_seconds_count\{lane="sms",name="sendSms"/)).toBe(1)
    expect(sum(/^standing_hooks_received_total\{provider="daraja",outcome="fresh"/)).toBe(1)
    expect(sum(/^standing_hooks_processed_total\{provider="daraja",outcome="applied"/)).toBe(1)
    expect(sum(/^standing_http_request_duration_seconds_count\{method="POST",route="\/api\/payments\/stk",status="202"/)).toBe(1)
    expect(samples.get('standing_hot_actors')).toBeGreaterThanOrEqual(3)
    expect(samples.has('process_cpu_seconds_total')).toBe(true)
    // No number of one customer among the labels: the series would have no end, and readers no right to them.
    expect(text).not.toContain(bought.phone)
    expect(text).not.toContain(bought.id)
  })
})
