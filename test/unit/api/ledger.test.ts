import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { encodeCursor } from '../../../api/http/cursor.ts'
import { apiWorld, type World } from '../../support/api-world.ts'
import { testApp } from '../../support/api-fakes.ts'
import { INPUT, callback } from '../machines/payment.fixture.ts'

const DAY_MS = 86_400_000

let world: World

beforeEach(async () => {
  world = await apiWorld()
})
afterEach(() => world.stop())

const get = (url: string, headers = world.keys.add('auditor-key-123', ['auditor'])) => world.app.inject({ url: `/api/v1/ledger/${url}`, headers })

async function pay(id: string, receipt: string): Promise<void> {
  const address = { type: 'payment', id }
  const view = await world.runtime.create(address, { ...INPUT, phone: `25470000000${id.at(-1) ?? '0'}` })
  const { actor } = await world.runtime.waitFor(address, ({ states }) => states.includes('awaiting'), { timeoutMs: 2_000 }).then((found) => ({ actor: found ?? view }))
  const { checkoutRequestId } = actor.context as { checkoutRequestId: string }
  await world.runtime.send(address, callback({ checkoutRequestId, receipt, phone: `25470000000${id.at(-1) ?? '0'}` }))
}

describe('the ledger', () => {
  it('tells balances and the lines behind them, page by page', async () => {
    await pay('pay_1', 'NLJ7RT61S1')
    await pay('pay_2', 'NLJ7RT61S2')
    expect((await get('accounts')).json()).toEqual({
      data: [
        { account: 'mpesa', currency: 'KES', amount_minor: 4_000 },
        { account: 'revenue:hotspot', currency: 'KES', amount_minor: -4_000 },
      ],
      nextCursor: null,
    })
    const first = (await get('accounts?limit=1')).json<{ data: unknown[]; nextCursor: string }>()
    expect(first.data).toMatchObject([{ account: 'mpesa' }])
    expect((await get(`accounts?limit=1&cursor=${first.nextCursor}`)).json()).toMatchObject({ data: [{ account: 'revenue:hotspot' }], nextCursor: null })

    const lines = (await get('entries?account=mpesa&limit=1')).json<{ data: unknown[]; nextCursor: string }>()
    expect(lines.data).toMatchObject([{ line: 1, amount_minor: 2_000, actor: { type: 'payment', id: 'pay_1' }, receipt: 'NLJ7RT61S1' }])
    expect((await get(`entries?account=mpesa&cursor=${lines.nextCursor}`)).json()).toMatchObject({ data: [{ actor: { id: 'pay_2' } }], nextCursor: null })
    expect((await get('entries?since=2999-01-01T00:00:00Z')).json()).toEqual({ data: [], nextCursor: null })
  })

  it.each([['agent', 403], ['viewer', 403], ['senior', 403], ['billing', 200], ['auditor', 200], ['admin', 200]] as const)('a key of role %s gets %s', async (role, status) => {
    const headers = world.keys.add(`key-of-${role}-1`, [role])
    expect((await get('accounts', headers)).statusCode).toBe(status)
    expect((await get('entries', headers)).statusCode).toBe(status)
  })

  it('belongs to its tenant', async () => {
    await pay('pay_1', 'NLJ7RT61S1')
    expect((await get('accounts', world.keys.add('other-key-123', ['auditor'], 'other'))).json()).toEqual({ data: [], nextCursor: null })
  })
})

describe('statements', () => {
  const CSV = 'Receipt No.,Completion Time,Paid In,Withdrawn\nRKTQDM7W6S,2026-01-01 10:20:30,10,\nodd,2026-01-01 10:20:30,10,\n'
  const send = (payload: string, type = 'text/csv', headers = world.keys.add('billing-key-123', ['billing'])) =>
    world.app.inject({ method: 'POST', url: '/api/v1/statements', payload, headers: { ...headers, 'content-type': type } })

  it('are imported as the portal exports them', async () => {
    const response = await send(CSV)
    expect([response.statusCode, response.json()]).toEqual([200, { added: 1, repeated: 0, skipped: 0, problems: [{ line: 3, problem: 'the receipt is none' }] }])
  })

  it('are matched as soon as they are imported', async () => {
    const waiting: { id: string; tenant: string; from: number; until: number }[] = []
    let forget: (id: string) => void = () => {}
    const forgotten = new Promise<string>((resolve) => (forget = resolve))
    let looks = 0
    const other = await apiWorld([], {
      statements: {
        add: async (tenant) => {
          waiting.push({ id: '7', tenant, from: 0, until: 1 })
          return { added: 1 }
        },
        imported: async () => {
          looks++
          return waiting
        },
        forgetImported: async (id) => forget(id),
        unexplained: async () => ({ period: null, covered: null, provider: [], ours: [], hasMore: false }),
      },
    })
    onTestFinished(() => other.stop())
    await other.app.inject({ method: 'POST', url: '/api/v1/statements', payload: CSV, headers: { ...other.admin, 'content-type': 'text/csv' } })
    // Not only by the sweep that comes seconds later.
    expect(looks).toBe(1)
    expect(await forgotten).toBe('7')
    expect((await other.runtime.history({ type: 'reconciliation', id: 'mpesa' })).map(({ event }) => event.type)).toContain('reconciliation.match')
  })

  it('of another form are refused', async () => {
    expect((await send('hello')).json()).toMatchObject({ code: 'invalid-input' })
    expect((await send('{}', 'application/json')).json()).toMatchObject({ code: 'unsupported-media-type' })
    expect((await send(CSV, 'application/xml')).json()).toMatchObject({ code: 'unsupported-media-type' })
    expect((await send(CSV, 'text/csv', world.keys.add('auditor-key-123', ['auditor']))).json()).toMatchObject({ code: 'forbidden' })
  })

  it('are held against the ledger, page by page of one period', async () => {
    const at = Date.UTC(2026, 0, 1)
    const asked: object[] = []
    const test = await testApp({
      statements: {
        add: async () => ({ added: 0 }),
        imported: async () => [],
        forgetImported: async () => undefined,
        unexplained: async (_tenant, query) => {
          asked.push(query)
          return {
            period: { from: at, to: at + 1 },
            covered: { from: at - 1, to: at + 1 },
            provider: [{ receipt: 'A', amount: 5, currency: 'KES', at, accountReference: null, details: null, ledgerAmount: null }, { receipt: 'B', amount: 5, currency: 'KES', at, accountReference: null, details: null, ledgerAmount: 4 }],
            ours: asked.length === 1 ? [{ position: 12, receipt: null, amount: 7, currency: 'KES', at, description: 'x', actor: { type: 'payment', id: 'p' } }] : [],
            hasMore: asked.length < 3,
          }
        },
      },
    })
    const list = async (query: string) => (await test.app.inject({ url: `/api/v1/statements/unexplained?${query}`, headers: test.as('auditor') })).json<{ nextCursor: string | null; code?: string }>()
    const first = await list('from=2026-01-01T00:00:00Z&limit=5')
    expect(first).toMatchObject({
      period: { from: '2026-01-01T00:00:00.000Z' },
      covered: { from: '2025-12-31T23:59:59.999Z' },
      provider: [{ problem: 'not-in-ledger', ledger_amount_minor: null }, { problem: 'amount-differs', ledger_amount_minor: 4 }],
      ours: [{ problem: 'receipt-unknown', amount_minor: 7 }],
    })
    const second = await list(`limit=5&cursor=${first.nextCursor ?? ''}`)
    expect(await list(`limit=5&cursor=${second.nextCursor ?? ''}`)).toMatchObject({ nextCursor: null })
    const rest = { periodMs: 31 * 86_400_000, limit: 5 }
    // The second page had none of ours, and the third goes on after the first.
    const goingOn = { from: at, to: at + 1, ...rest, after: { provider: { at, receipt: 'B', currency: 'KES' }, ours: 12 } }
    expect(asked).toEqual([{ from: at, to: undefined, ...rest, after: undefined }, goingOn, goingOn])
    expect((await test.app.inject({ url: '/api/v1/statements/unexplained', headers: test.as('agent') })).statusCode).toBe(403)
    expect(await list('cursor=WyJ1bmV4cGxhaW5lZCIsIlt7fV0iXQ')).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/cursor' }] })
    const whole = { period: { from: at, to: at + 31 * DAY_MS }, after: { provider: { at, receipt: 'B', currency: 'KES' }, ours: 12 } }
    const forged = (fields: object) => list(`cursor=${encodeCursor('unexplained', JSON.stringify({ ...whole, ...fields }))}`)
    expect(await forged({})).not.toHaveProperty('code')
    const ofNobody = (fields: object) => ({ after: { ...whole.after, provider: { ...whole.after.provider, ...fields } } })
    for (const fields of [{ period: { from: 0, to: at } }, { period: { from: at, to: 2 ** 53 - 1 } }, { period: { from: 1 - 2 ** 53, to: 0 } }, ofNobody({ at: 2 ** 53 - 1 }), ofNobody({ at: -1 }), ofNobody({ receipt: '\0' })]) {
      expect(await forged(fields)).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/cursor' }] })
    }
    // A month with an hour more, and no longer.
    expect(await list('from=2026-10-01T00:00:00Z&to=2026-11-01T01:00:00Z')).not.toHaveProperty('code')
    expect(await list('from=2026-10-01T00:00:00Z&to=2026-11-03T00:00:00Z')).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/to', in: 'query' }] })
    await test.app.close()
  })
})
