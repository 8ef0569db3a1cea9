/** Failed outside calls over HTTP, over the real engine: looked at, then sent again, and no others. */
import { createMachine } from 'xstate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineActor, StandingError, TerminalError } from '../../../runtime/index.ts'
import { apiWorld, type World } from '../../support/api-world.ts'

let world: World
let isRepaired = false
const sent: string[] = []

const errand = defineActor({
  type: 'errand',
  version: '1',
  machine: createMachine({ on: { ask: { actions: { type: 'ask' } }, order: { actions: { type: 'order' } } } }),
  effects: {
    ask: { lane: 'sms', retry: { attempts: 1 }, run: (_input: never, { key }) => done(key, new TerminalError('refused', { code: 'refused' })) },
    order: { lane: 'mpesa', retry: { attempts: 1 }, run: (_input: never, { key }) => done(key, new Error('no answer')) },
  },
})

function done(key: string, error: Error): void {
  if (!isRepaired) throw error
  sent.push(key)
}

beforeEach(async () => {
  isRepaired = false
  sent.length = 0
  world = await apiWorld([errand])
  for (const tenant of ['main', 'other']) {
    await world.runtime.create({ tenant, type: 'errand', id: 'a' })
    for (const type of ['ask', 'order', 'ask']) await world.runtime.send({ tenant, type: 'errand', id: 'a' }, { type })
  }
  await world.runtime.settled()
})
afterEach(() => world.stop())

const list = async (query: string) => (await world.app.inject({ url: `/api/v1/effects?${query}`, headers: world.admin })).json<{ data: { key: string }[] }>().data.map(({ key }) => key)
const retry = (payload: object) => world.app.inject({ method: 'POST', url: '/api/v1/effects/retry', headers: world.admin, payload })

interface Preview {
  confirm: string
  count: number
  warnings: string[]
  effects: { key: string; mayHaveGoneOut: boolean }[]
}

describe('failed effects', () => {
  it('are found by status, lane, name and time', async () => {
    expect(await list('status=failed')).toEqual(['main/errand/a/2/0', 'main/errand/a/3/0', 'main/errand/a/4/0'])
    expect(await list('status=failed&lane=mpesa')).toEqual(['main/errand/a/3/0'])
    expect(await list('name=ask')).toEqual(['main/errand/a/2/0', 'main/errand/a/4/0'])
    expect(await list(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([])
  })

  it('are not looked for by what is not there: a misspelt filter is refused, and says what there is', async () => {
    const refused = async (filter: object) => (await retry({ filter, preview: true })).json<{ code: string; errors: { pointer: string; detail: string }[] }>()
    expect(await refused({ lane: 'smss' })).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/filter/lane', detail: expect.stringContaining('monitoring, mpesa, notifications, radius, reconciliation, routeros, sms') as string }] })
    expect(await refused({ type: 'erand' })).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/filter/type', detail: expect.stringContaining('errand, hotspot-session') as string }] })
    expect(await refused({ name: 'asks' })).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/filter/name', detail: expect.stringContaining('ask, ') as string }] })
    expect(await refused({ type: 'errand', name: 'promptPayer' })).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/filter/name', detail: 'is none of: ask, order' }] })
    for (const [query, pointer] of [['lane=smss', '/lane'], ['name=asks', '/name'], ['status=broken', '/status']]) {
      const answer = await world.app.inject({ url: `/api/v1/effects?${query}`, headers: world.admin })
      expect([answer.statusCode, answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer]).toEqual([422, pointer])
    }
    for (const [query, pointer] of [['state=pening', '/state'], ['tag=opn', '/tag']]) {
      const answer = await world.app.inject({ url: `/api/v1/actors/payment?${query}`, headers: world.admin })
      expect([answer.statusCode, answer.json<{ errors: { pointer: string; in: string }[] }>().errors[0]]).toEqual([422, expect.objectContaining({ pointer, in: 'query' })])
    }
    expect((await world.app.inject({ url: '/api/v1/actors/payment?state=refunding.awaiting&tag=returning', headers: world.admin })).statusCode).toBe(200)
  })

  it('are shown before they are sent again, with a warning of what may have gone out already', async () => {
    const all = (await retry({ filter: {}, preview: true })).json<Preview>()
    expect(all).toMatchObject({ count: 3, more: false, warnings: [expect.stringMatching(/^1 of these/) as string] })
    expect(all.effects.map(({ mayHaveGoneOut }) => mayHaveGoneOut)).toEqual([false, true, false])
    expect(sent).toEqual([])
  })

  it('are sent again as shown, each under its own key, and the audit says by whom', async () => {
    const { confirm, warnings } = (await retry({ filter: { lane: 'sms' }, preview: true })).json<Preview>()
    expect(warnings).toEqual([])
    isRepaired = true
    expect((await retry({ filter: { lane: 'sms' }, confirm, reason: 'the provider is back' })).json()).toEqual({ retried: 2, failed: [] })
    await world.runtime.settled()
    expect(sent).toEqual(['main/errand/a/2/0', 'main/errand/a/4/0'])
    expect(await list('status=failed')).toEqual(['main/errand/a/3/0'])
    const history = await world.runtime.history({ type: 'errand', id: 'a' })
    expect(history.filter(({ event }) => event.type === 'standing.effectRetried')).toHaveLength(2)
  })

  it('are looked at and sent again one alone', async () => {
    const filter = { key: 'main/errand/a/3/0' }
    const shown = (await retry({ filter, preview: true })).json<Preview>()
    expect([shown.count, shown.effects.map(({ key }) => key), shown.warnings]).toEqual([1, ['main/errand/a/3/0'], [expect.stringMatching(/^1 of these/)]])
    expect((await retry({ filter: { key: 'main/errand/a/2/0' }, confirm: shown.confirm, reason: 'another than was shown' })).statusCode).toBe(409)
    isRepaired = true
    expect((await retry({ filter, confirm: shown.confirm, reason: 'the customer was not charged' })).json()).toEqual({ retried: 1, failed: [] })
    await world.runtime.settled()
    expect([sent, await list('status=failed')]).toEqual([['main/errand/a/3/0'], ['main/errand/a/2/0', 'main/errand/a/4/0']])
    expect((await retry({ filter: { key: 'other/errand/a/3/0' }, preview: true })).json<Preview>().count).toBe(0)
  })

  it('are not sent when they are not what was shown', async () => {
    const { confirm } = (await retry({ filter: { lane: 'sms' }, preview: true })).json<Preview>()
    const refused = [
      await retry({ filter: {}, confirm, reason: 'more than was shown' }),
      await retry({ filter: { lane: 'sms' }, confirm: `${confirm}x`, reason: 'another token' }),
      await retry({ filter: { lane: 'sms' }, confirm: '1.abc', reason: 'long ago' }),
    ]
    expect(refused.map((answer) => answer.json<{ code: string }>().code)).toEqual(Array(3).fill('preview-outdated'))
    isRepaired = true
    await world.runtime.retryEffect('main/errand/a/2/0', { reason: 'test', by: 'tester' })
    await world.runtime.settled()
    expect((await retry({ filter: { lane: 'sms' }, confirm, reason: 'one less than was shown' })).statusCode).toBe(409)
    expect(sent).toEqual(['main/errand/a/2/0'])
    await expect(world.runtime.retryEffect('main/errand/a/2/0', { reason: 'test', by: 'tester' })).rejects.toBeInstanceOf(StandingError)
  })

  it('need the permission to repair', async () => {
    const answer = await world.app.inject({ method: 'POST', url: '/api/v1/effects/retry', headers: world.keys.add('key-of-agent', ['agent']), payload: { filter: {}, preview: true } })
    expect(answer.statusCode).toBe(403)
  })
})
