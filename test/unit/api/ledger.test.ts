import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { apiWorld, type World } from '../../support/api-world.ts'
import { INPUT, callback } from '../machines/payment.fixture.ts'

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
