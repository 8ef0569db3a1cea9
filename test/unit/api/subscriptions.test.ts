import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isLuhnValid } from '../../../machines/luhn.ts'
import { freeAccountNumber } from '../../../api/subscriptions/account-number.ts'
import { apiWorld, type World } from '../../support/api-world.ts'

const HOME = { id: 'home', kind: 'subscription', name: 'Home', amount_minor: 250_000, currency: 'KES', term: 'P1M' }
const ASKED = { name: 'Wanjiru', phone: '0708 374 149', package_id: 'home' }

let world: World
beforeEach(async () => {
  world = await apiWorld()
  await call('POST', '/packages', HOME)
})
afterEach(() => world.stop())

async function call(method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, headers: Record<string, string> = world.admin) {
  const response = await world.app.inject({ method, url: `/api/v1${url}`, headers, ...(body === undefined ? {} : { payload: body }) })
  return { status: response.statusCode, headers: response.headers, body: response.body === '' ? {} : response.json<Record<string, unknown>>() }
}

describe('a new subscription', () => {
  it('gets an account number, the price of today and the zone of the business', async () => {
    const { status, headers, body } = await call('POST', '/subscriptions', ASKED)
    expect([status, headers['location']]).toEqual([201, `/api/v1/actors/subscription/${String(body['id'])}`])
    expect(body['context']).toMatchObject({ name: 'Wanjiru', phone: '254708374149', timeZone: 'Africa/Nairobi', plan: { id: 'home', amount: 250_000, term: { unit: 'months', count: 1 } } })
    expect(isLuhnValid((body['context'] as { accountNumber: string }).accountNumber)).toBe(true)
  })

  it('is one a key', async () => {
    const keyed = { ...world.admin, 'idempotency-key': 'k' }
    const [first, again] = [await call('POST', '/subscriptions', ASKED, keyed), await call('POST', '/subscriptions', ASKED, keyed)]
    expect([again.body['id'], again.headers['idempotency-replayed']]).toEqual([first.body['id'], 'true'])
    expect((await call('POST', '/subscriptions', { ...ASKED, name: 'Other' }, keyed)).body['code']).toBe('idempotency-mismatch')
  })

  it('needs a phone, and a package on sale as a subscription', async () => {
    expect((await call('POST', '/subscriptions', { ...ASKED, phone: 'x' })).body).toMatchObject({ errors: [{ pointer: '/phone' }] })
    expect((await call('POST', '/subscriptions', { ...ASKED, package_id: 'hour' })).body['code']).toBe('package-unknown')
    await call('DELETE', '/packages/home')
    expect((await call('POST', '/subscriptions', ASKED)).body['code']).toBe('package-unknown')
  })

  it('is begun by agents, at no price of their own', async () => {
    const agent = world.keys.add('key-of-agent', ['agent'])
    const { body } = await call('POST', '/subscriptions', ASKED, agent)
    const id = String(body['id'])
    expect((body['context'] as { phone: string }).phone).toContain('*')
    expect((await call('POST', '/actors/subscription', { input: {} }, agent)).status).toBe(403)
    for (const type of ['pay', 'revokePayment', 'charge', 'changePackage', 'changeExpiry']) {
      expect((await call('POST', `/actors/subscription/${id}/events`, { type: `subscription.${type}` }, agent)).status).toBe(403)
    }
    await call('POST', '/packages', { ...HOME, id: 'big' })
    expect((await call('POST', `/subscriptions/${id}/package`, { package_id: 'big' }, agent)).body['context']).toMatchObject({ plan: { id: 'big' } })
    const past = await call('POST', `/subscriptions/${id}/package`, { package_id: 'big', at: '2001-01-01T00:00:00Z' }, agent)
    expect(past.body).toMatchObject({ status: 409, code: 'event-not-accepted', refusedBy: [{ guard: 'isChangeAhead', phrase: expect.stringContaining('`now`') as string }] })
    expect((await call('POST', `/subscriptions/${id}/package`, { package_id: 'big', at: 'now' }, agent)).status).toBe(200)
    expect((await call('POST', '/subscriptions/none/package', { package_id: 'big' })).body['code']).toBe('actor-not-found')
    expect((await call('POST', `/subscriptions/${id}/package`, { package_id: 'none' })).body['code']).toBe('package-unknown')
  })
})

describe('account numbers', () => {
  it('are those that nobody has', async () => {
    const tried: string[] = []
    const digits = [1_000_000, 1_000_001, 1_000_002]
    const isTaken = async (number: string) => tried.push(number) < 3
    expect(await freeAccountNumber({ isTaken }, () => digits.shift() ?? 0)).toBe(tried[2])
    expect(tried.every(isLuhnValid)).toBe(true)
    await expect(freeAccountNumber({ isTaken: async () => true })).rejects.toMatchObject({ code: 'overloaded' })
  })
})

describe('opt-outs', () => {
  it('are kept, listed and taken back', async () => {
    const agent = world.keys.add('key-of-agent', ['agent'])
    expect(await call('POST', '/opt-outs', { phone: '0708374149', reason: 'asked' }, agent)).toMatchObject({ status: 201, body: { phone: '254708374149', reason: 'asked' } })
    expect(await call('POST', '/opt-outs', { phone: '+254 708 374 149', reason: 'another' })).toMatchObject({ status: 200, body: { phone: '254708374149', reason: 'asked' } })
    await call('POST', '/opt-outs', { phone: '0711111111' })
    const first = await call('GET', '/opt-outs?limit=1')
    expect(first.body['data']).toMatchObject([{ phone: '254708374149', source: expect.stringMatching(/^key:/) as string }])
    expect((await call('GET', `/opt-outs?limit=1&cursor=${String(first.body['nextCursor'])}`)).body).toMatchObject({ data: [{ phone: '254711111111' }], nextCursor: null })
    expect(JSON.stringify((await call('GET', '/opt-outs', undefined, agent)).body)).not.toContain('254708374149')
    expect((await call('DELETE', '/opt-outs/+254708374149')).status).toBe(204)
    expect((await call('GET', '/opt-outs')).body['data']).toHaveLength(1)
    expect((await call('POST', '/opt-outs', { phone: 'x' })).status).toBe(422)
  })
})
