import { afterEach, describe, expect, it } from 'vitest'
import { ROLE_PERMISSIONS, ROLES, permissionsOf, type Permission } from '../../../api/auth/permissions.ts'
import { permissionToSend } from '../../../api/auth/send-rules.ts'
import { keyCache } from '../../../api/auth/key-cache.ts'
import { newApiKey } from '../../../api/auth/api-key.ts'
import { lampView } from '../../support/fake-runtime.ts'
import { memoryApiKeys } from '../../support/api-ports.ts'
import { testApp, type TestApp } from '../../support/api-fakes.ts'

let test: TestApp | undefined
afterEach(async () => {
  await test?.app.close()
  test = undefined
})

describe('the key check', () => {
  it.each([
    ['no header', undefined],
    ['another scheme', 'Basic a2V5'],
    ['no key', 'Bearer '],
    ['an unknown key', 'Bearer nobody-knows-me'],
    ['a key with spaces', 'Bearer a b'],
    ['a very long key', `Bearer ${'x'.repeat(5_000)}`],
  ])('refuses %s with 401 and says how', async (_name, authorization) => {
    test = await testApp()
    const response = await test.app.inject({ url: '/api/v1/machines', headers: authorization === undefined ? {} : { authorization } })
    expect(response.statusCode).toBe(401)
    expect(response.headers['www-authenticate']).toMatch(/^Bearer/)
    expect(response.json()).toMatchObject({ code: 'unauthenticated' })
  })

  it('refuses before it reads the body', async () => {
    test = await testApp()
    const response = await test.app.inject({ method: 'POST', url: '/api/v1/events', headers: { 'content-type': 'application/json' }, payload: '{broken' })
    expect(response.statusCode).toBe(401)
  })

  it('takes the tenant from the key, never from the caller', async () => {
    let asked: unknown
    test = await testApp({
      runtime: {
        get: async (address) => {
          asked = address
          return undefined
        },
      },
    })
    const headers = test.keys.add('key-of-another', ['admin'], 'acme')
    const response = await test.app.inject({ url: '/api/v1/actors/lamp/a', headers })
    expect(response.statusCode).toBe(404)
    expect(asked).toEqual({ tenant: 'acme', type: 'lamp', id: 'a' })
  })

  it('asks the store once for a key in use, and once for a burst', async () => {
    const keys = memoryApiKeys()
    keys.add('k', ['admin'])
    const cache = keyCache(keys)
    await Promise.all(Array.from({ length: 50 }, async () => cache.lookUp('k')))
    expect(cache.lookUp('k')).toMatchObject({ tenant: 'main' })
    expect(keys.lookUps).toBe(1)
    expect(keys.touched).toEqual(['k_k'])
  })

  it('forgets a revoked key and an expired one', async () => {
    let now = 1_000
    const keys = memoryApiKeys()
    keys.add('k', ['admin'])
    const cache = keyCache(keys, () => now)
    expect(await cache.lookUp('k')).toBeDefined()
    keys.revoke('k')
    now += 10_001
    expect(await cache.lookUp('k')).toBeUndefined()
    const ends = keyCache({ ...keys, findByHash: async () => ({ id: 'e', tenant: 'main', name: 'e', roles: [], expiresAt: now + 5 }) }, () => now)
    expect(await ends.lookUp('e')).toBeDefined()
    now += 5
    expect(await ends.lookUp('e')).toBeUndefined()
  })

  it('does not remember a failure of the store', async () => {
    const keys = memoryApiKeys()
    keys.add('k', ['admin'])
    let isDown = true
    const cache = keyCache({ ...keys, findByHash: async (hash) => (isDown ? Promise.reject(new Error('down')) : keys.findByHash(hash)) })
    await expect(cache.lookUp('k')).rejects.toThrow('down')
    isDown = false
    expect(await cache.lookUp('k')).toBeDefined()
  })

  it('makes keys that fit its own check', () => {
    expect(newApiKey()).toMatch(/^sk_[\w-]{43}$/)
    expect(newApiKey()).not.toBe(newApiKey())
  })
})

describe('roles', () => {
  it('knows every role of the contract and ignores unknown ones', () => {
    expect(ROLES).toEqual(['viewer', 'agent', 'senior', 'billing', 'network', 'developer', 'auditor', 'admin', 'integration'])
    expect(permissionsOf(['emperor'])).toEqual(new Set())
    expect(permissionsOf(['viewer', 'developer']).has('repair')).toBe(true)
  })

  it('lets only admin do everything', () => {
    const all = new Set(Object.values(ROLE_PERMISSIONS).flat())
    expect(new Set(ROLE_PERMISSIONS.admin)).toEqual(all)
    for (const role of ROLES) if (role !== 'admin') expect(ROLE_PERMISSIONS[role]).not.toContain('provider' satisfies Permission)
  })

  const reading = ['GET', '/api/v1/actors/lamp/a', undefined] as const
  const sending = ['POST', '/api/v1/actors/lamp/a/events', { type: 'toggle' }] as const
  const paying = ['POST', '/api/v1/actors/payment/p/events', { type: 'payment.approve', reason: 'seen' }] as const
  const faking = ['POST', '/api/v1/actors/payment/p/events', { type: 'payment.callback', resultCode: 0 }] as const
  const holding = ['POST', '/api/v1/actors/lamp/a/block', { reason: 'x' }] as const
  const repairing = ['POST', '/api/v1/parked/e/retry', { reason: 'x' }] as const
  const past = ['GET', '/api/v1/actors/lamp/a?seq=1', undefined] as const

  it.each([
    ['viewer', reading, 200], ['viewer', sending, 403], ['viewer', past, 403], ['viewer', holding, 403],
    ['agent', sending, 200], ['agent', paying, 403], ['agent', faking, 403], ['agent', holding, 403], ['agent', repairing, 403],
    ['senior', paying, 200], ['senior', holding, 200], ['senior', repairing, 403], ['senior', faking, 403],
    ['billing', paying, 200], ['billing', holding, 403],
    ['developer', repairing, 200], ['developer', sending, 403],
    ['auditor', past, 200], ['auditor', sending, 403],
    ['integration', sending, 200], ['integration', faking, 403], ['integration', holding, 403],
    ['admin', faking, 200], ['admin', repairing, 200],
  ] as const)('%s: %j -> %i', async (role, [method, url, payload], status) => {
    test = await testApp({
      runtime: {
        send: async () => ({ outcome: 'applied', seq: 4, facts: [], actor: lampView() }),
        block: async () => lampView({ status: 'blocked' }),
        retryParked: async () => undefined,
        getAsOf: async () => lampView(),
      },
    })
    const response = await test.app.inject({ method, url, headers: test.as(role), ...(payload === undefined ? {} : { payload }) })
    expect(response.statusCode).toBe(status)
    if (status === 403) expect(response.json()).toMatchObject({ code: 'forbidden' })
  })

  it('says for every event which permission it takes', () => {
    expect(permissionToSend('payment', 'payment.callback')).toBe('provider')
    expect(permissionToSend('payment', 'payment.cancel')).toBe('send')
    expect(permissionToSend('payment', 'payment.part')).toBe('money')
    for (const event of ['payment.namePayer', 'payment.confirmReceived']) expect(permissionToSend('payment', event)).toBe('system')
    expect(permissionToSend('hotspot-session', 'session.revealCredentials')).toBe('provider')
    expect(permissionToSend('hotspot-session', 'session.revoke')).toBe('money')
    expect(permissionToSend('hotspot-session', 'session.close')).toBe('send')
    expect(permissionToSend('notification', 'notification.report')).toBe('provider')
    expect(permissionToSend('lamp', 'payment.callback')).toBe('send')
  })
})

describe('personal fields', () => {
  it('are masked for those who may not see them, and only for them', async () => {
    test = await testApp()
    const seen = async (role: 'viewer' | 'senior') => (await test?.app.inject({ url: '/api/v1/actors/lamp/a', headers: test.as(role) }))?.json<{ context: unknown }>().context
    expect(await seen('viewer')).toEqual({ owner: { phone: '2547*****149', city: 'Nairobi' }, email: 'j***@example.com', watts: 5 })
    expect(await seen('senior')).toEqual({ owner: { phone: '254708374149', city: 'Nairobi' }, email: 'jane@example.com', watts: 5 })
  })

  it('are masked in events and facts of the history too', async () => {
    const entry = {
      seq: 1, at: '2026-01-01T00:00:00Z', event: { type: 'x', payer: { phone: '254708374149' } }, eventId: 'e', outcome: 'applied' as const, from: null, to: 'off',
      facts: [{ key: 'k', type: 'f', email: 'jane@example.com' }], effects: [], timers: [], source: 's', correlationId: 'c', causationId: null, version: '1',
    }
    test = await testApp({ runtime: { history: async () => [entry] } })
    const masked = await test.app.inject({ url: '/api/v1/actors/lamp/a/history', headers: test.as('agent') })
    expect(masked.json()).toMatchObject({ data: [{ event: { payer: { phone: '2547*****149' } }, facts: [{ email: 'j***@example.com' }] }], nextCursor: null })
    const plain = await test.app.inject({ url: '/api/v1/actors/lamp/a/history', headers: test.as('auditor') })
    expect(plain.json()).toMatchObject({ data: [{ event: { payer: { phone: '254708374149' } } }] })
  })

  it('hides what looks like a secret from everybody', async () => {
    test = await testApp({ runtime: { get: async () => lampView({ context: { list: [{ password: 'hunter2' }], apiKey: 'k', token: '', passwordSetAt: 'today' } }) } })
    const response = await test.app.inject({ url: '/api/v1/actors/lamp/a', headers: test.as('admin') })
    expect(response.json()).toMatchObject({ context: { list: [{ password: '[hidden]' }], apiKey: '[hidden]', token: '', passwordSetAt: 'today' } })
  })
})
