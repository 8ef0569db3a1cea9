import { beforeEach, describe, expect, it } from 'vitest'
import { testApp, type TestApp } from '../../support/api-fakes.ts'

const HOME = { id: 'home', kind: 'subscription', name: 'Home 10 Mbit/s', amount_minor: 250_000, currency: 'KES', term: 'P1M', grace: 'P3D', grace_download_kbps: 512, reminders: ['P1D', 'P7D'] }

let test: TestApp
beforeEach(async () => {
  test = await testApp()
})

const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object, headers: Record<string, string> = test.as('billing')) => {
  const response = await test.app.inject({ method, url: `/api/v1/packages${url}`, headers, ...(body === undefined ? {} : { payload: body }) })
  return { status: response.statusCode, headers: response.headers, body: response.json<Record<string, unknown> & { data: Record<string, unknown>[] }>() }
}

describe('packages', () => {
  it('are made, read, changed and archived', async () => {
    const made = await call('POST', '', HOME)
    expect(made).toMatchObject({
      status: 201,
      headers: { location: '/api/v1/packages/home', etag: '"1"' },
      body: { ...HOME, reminders: ['P7D', 'P1D'], duration_seconds: null, devices: 1, data_bytes: null, upload_kbps: null, grace_upload_kbps: null, description: null, revision: 1, archived_at: null },
    })
    expect((await call('GET', '/home')).body).toEqual(made.body)
    expect((await call('POST', '', HOME)).body).toMatchObject({ code: 'package-exists' })

    const changed = await call('PATCH', '/home', { amount_minor: 300_000, term: 'P30D' }, { ...test.as('admin'), 'if-match': '"1"' })
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { amount_minor: 300_000, term: 'P30D', duration_seconds: 2_592_000, grace: 'P3D', revision: 2 } })

    expect((await call('DELETE', '/home')).body).toMatchObject({ archived_at: expect.any(String) as string, revision: 3 })
    expect((await call('DELETE', '/home')).body).toMatchObject({ revision: 3 })
    expect((await call('GET', '')).body.data).toEqual([])
    expect((await call('GET', '?archived=true&kind=subscription')).body.data).toMatchObject([{ id: 'home' }])
    expect((await call('GET', '?archived=true&kind=hotspot')).body.data).toEqual([])
  })

  it('are not changed over the change of another', async () => {
    await call('POST', '', HOME)
    await call('PATCH', '/home', { name: 'Home' })
    for (const method of ['PATCH', 'DELETE'] as const) {
      expect(await call(method, '/home', method === 'PATCH' ? { name: 'House' } : undefined, { ...test.as('billing'), 'if-match': '"1"' })).toMatchObject({ status: 412, body: { code: 'stale-version' } })
    }
  })

  it('tell an unknown one', async () => {
    for (const [method, body] of [['GET'], ['PATCH', { name: 'x' }], ['DELETE']] as const) {
      expect(await call(method, '/none', body)).toMatchObject({ status: 404, body: { code: 'package-not-found' } })
    }
  })

  it.each([
    ['/term', { term: 'P1M2D' }],
    ['/term', { kind: 'hotspot', term: 'P1M' }],
    ['/amount_minor', { amount_minor: 0 }],
    ['/amount_minor', { amount_minor: 10.5 }],
    ['/amount_minor', { amount_minor: 3e9 }],
    ['/currency', { currency: 'kes' }],
    ['/currency', { kind: 'hotspot', term: 'PT1H', amount_minor: 100, currency: 'USD' }],
    ['/amount_minor', { kind: 'hotspot', term: 'PT1H', amount_minor: 150 }],
    ['/amount_minor', { kind: 'hotspot', term: 'PT1H', amount_minor: 25_000_100 }],
    ['/grace', { grace: 'P91D' }],
    ['/reminders', { reminders: ['PT0S'] }],
    ['/name', { name: '' }],
    ['/id', { id: 'a b' }],
  ])('point at %s of %o', async (pointer, wrong) => {
    const { status, body } = await call('POST', '', { ...HOME, ...wrong })
    expect([status, (body['errors'] as { pointer: string }[])[0]?.pointer.slice(0, pointer.length)]).toEqual([422, pointer])
  })

  it('change by admin and billing only, and are read by all', async () => {
    await call('POST', '', HOME)
    for (const role of ['viewer', 'agent', 'senior', 'network', 'developer', 'auditor', 'integration'] as const) {
      expect((await call('POST', '', { ...HOME, id: 'other' }, test.as(role))).status).toBe(403)
      expect((await call('PATCH', '/home', { name: 'x' }, test.as(role))).status).toBe(403)
      expect((await call('DELETE', '/home', undefined, test.as(role))).status).toBe(403)
      expect((await call('GET', '/home', undefined, test.as(role))).status).toBe(200)
    }
    expect((await call('PATCH', '/home', {})).status).toBe(422)
  })
})
