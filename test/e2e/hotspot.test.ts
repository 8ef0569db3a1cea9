/** A person pays, logs in at the router, uses what was bought, and is cut off: with nothing but what `npm start` brings. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startSystem, type System } from '../support/system.ts'
import { accessOf, actorOf, advance, atRest, buy, historyOf, paymentOf, smsOf, untilState } from '../support/system-shop.ts'

let system: System
let router: string
beforeAll(async () => {
  system = await startSystem()
  router = /^Router stand-in +(\S+)/m.exec(system.logs())?.[1] ?? ''
})
afterAll(() => system.dispose())

interface LoggedIn {
  ok: boolean
  message?: string
  login: { session: string }
  attributes: Record<string, unknown>
}

interface Timeline {
  data: { at: string; source: string; actor: { type: string; id: string } | null; what: string; phrase?: string; data: Record<string, unknown> }[]
  isComplete: boolean
}

async function atRouter<Body>(path = '', body?: unknown): Promise<{ status: number; body: Body }> {
  const response = await fetch(`${router}${path}`, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return { status: response.status, body: (await response.json()) as Body }
}

test('pays, is online, uses data, and is off when the time is over', async () => {
  const { id } = await buy(system, { package: 'hour-1' })
  const { credentials } = await paymentOf(system, id)
  expect((await atRouter<LoggedIn>('', { ...credentials, password: 'wrong' })).status).toBe(403)
  const device = 'A8:BB:CC:00:00:0A'
  const { status, body } = await atRouter<LoggedIn>('', { ...credentials, device })
  expect(status).toBe(201)
  expect(body.attributes).toMatchObject({ 'Mikrotik-Rate-Limit': '2048k/5120k', 'Session-Timeout': expect.any(Number) as number })
  expect(body.attributes['Session-Timeout']).toBeGreaterThan(3_500)

  await untilState(system, 'hotspot-session', id, 'online')
  expect(await atRouter<LoggedIn>('', { ...credentials, device: 'A8:BB:CC:00:00:0B' })).toMatchObject({ status: 403, body: { message: 'This access belongs to another device. Ask us to move it.' } })
  const found = await system.ask<{ data: { type: string; id: string }[] }>(`/api/v1/search?q=${device}`)
  expect(found.body.data).toMatchObject([{ type: 'hotspot-session', id }])

  await atRouter(`/${body.login.session}/use`, { upload: 1_000, download: 5_000_000_000 })
  await vi.waitFor(async () => expect((await actorOf(system, 'hotspot-session', id)).context).toMatchObject({ downloadBytes: 5_000_000_000 }), { timeout: 5_000 })
  await advance(system, 'PT1H')
  await untilState(system, 'hotspot-session', id, 'expired')
  expect((await atRouter<{ data: unknown[] }>()).body.data).toEqual([])
  expect(await accessOf(system, id)).toEqual({ check: [], reply: [] })

  await advance(system, 'PT1H')
  const closed = await actorOf(system, 'hotspot-session', id)
  expect(closed).toMatchObject({ states: ['closed'], output: { reason: 'time' } })
  const facts = (await historyOf(system, 'hotspot-session', id)).flatMap((entry) => entry.facts ?? []) as { type: string; [field: string]: unknown }[]
  expect(facts.map(({ type }) => type)).toEqual(expect.arrayContaining(['session.ready', 'session.online', 'session.expired', 'session.closed']))
  expect(facts.find(({ type }) => type === 'session.closed')).toMatchObject({ reason: 'time', logins: 1, uploadBytes: 1_000, downloadBytes: 5_000_000_000 })
  await atRest(system)
})

test('a leap of the clock is no silence: who is logged in stays so, and nobody else is taken for offline', async () => {
  const { id } = await buy(system, { package: 'hour-1' })
  const { credentials } = await paymentOf(system, id)
  const { body } = await atRouter<LoggedIn>('', { ...credentials, device: 'A8:BB:CC:00:00:3A' })
  await untilState(system, 'hotspot-session', id, 'online')
  await advance(system, 'PT40M')
  const [record] = await system.rows<{ seconds: number; open: boolean }>('select acctsessiontime::int as seconds, acctstoptime is null as open from radius.radacct where acctsessionid = $1', [body.login.session])
  expect(record?.open).toBe(true)
  expect(record?.seconds).toBeGreaterThanOrEqual(2_400)
  await advance(system, 'PT10M')
  await atRest(system)
  const facts = (await historyOf(system, 'hotspot-session', id)).flatMap((entry) => entry.facts ?? []) as { type: string }[]
  expect(facts.map(({ type }) => type)).not.toContain('session.offline')
  // A batch that would be over by then is none.
  const over = new Date(Date.now() + 60_000).toISOString()
  expect((await system.ask('/api/vouchers/batches', { body: { name: 'x', package_id: 'hour-1', count: 1, expires_at: over } })).body).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/expires_at' }] })
})

test('one payment is one story: what M-Pesa told, each step, the logins and the message', async () => {
  const { id, phone, checkout } = await buy(system, { package: 'hour-1' })
  const { credentials } = await paymentOf(system, id)
  const { body: login } = await atRouter<LoggedIn>('', { ...credentials, device: 'A8:BB:CC:00:00:1A' })
  await untilState(system, 'hotspot-session', id, 'online')
  await untilState(system, 'notification', smsOf(id), 'delivered')
  await atRouter('', { ...credentials, device: 'A8:BB:CC:00:00:1B' })
  await atRouter('', { username: credentials?.username, password: 'mistyped', device: 'A8:BB:CC:00:00:1A' })
  await fetch(`${router}/${login.login.session}`, { method: 'DELETE' })
  await untilState(system, 'hotspot-session', id, 'ready')

  const { status, body, text } = await system.ask<Timeline>(`/api/v1/payments/${id}/timeline`)
  expect(status).toBe(200)
  const told = body.data.map(({ source, actor, what }) => `${source} ${actor?.type ?? ''} ${what}`)
  expect(told).toEqual(expect.arrayContaining([
    'hook payment daraja.stk', 'journal payment payment.callback', 'radius hotspot-session Access-Reject', 'radius hotspot-session Access-Accept',
    'radius hotspot-session Accounting-Start', 'radius hotspot-session Accounting-Stop', 'journal hotspot-session session.account', 'sms notification sent', 'hook notification sms.delivery', 'journal notification notification.report',
  ]))
  expect([...body.data].sort((a, b) => a.at.localeCompare(b.at))).toEqual(body.data)
  expect(body.isComplete).toBe(true)
  expect(body.data.find(({ what }) => what === 'daraja.stk')).toMatchObject({ actor: { type: 'payment', id }, data: { outcome: 'applied', attempts: 0 } })
  expect(body.data.find(({ what }) => what === 'payment.callback')).toMatchObject({ phrase: expect.any(String) as string, data: { event: { checkoutRequestId: checkout }, sentBy: 'hook:daraja' } })
  expect(body.data.find(({ source }) => source === 'sms')).toMatchObject({ data: { phone, provider: expect.any(String) as string, segments: 1 } })
  expect(body.data.filter(({ what }) => what === 'Access-Reject').map(({ data }) => data['reason'])).toEqual(['This access belongs to another device. Ask us to move it.', 'The password was wrong.'])
  expect(text).not.toContain(credentials?.password)
  expect((await system.ask('/api/v1/payments/pay_none/timeline')).body).toMatchObject({ code: 'actor-not-found' })
})

test('the paying device is logged in by its page, and again after it was away', async () => {
  const { id } = await buy(system, { package: 'hour-1' })
  await paymentOf(system, id)
  const page = router.replace('/_sandbox/logins', '/login')
  const mac = 'A8:BB:CC:00:00:2A'
  const handedOver = async () => (await (await fetch(`${page}?mac=${mac}`)).json()) as Record<'link-login-only' | 'chap-id' | 'chap-challenge', string>
  const post = async (form: object) => (await fetch(page, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...form, mac }) })).status
  const fields = async (handed: Awaited<ReturnType<typeof handedOver>>) => {
    const { status, body } = await system.ask<{ username: string; password: string }>(`/api/payments/${id}/login`, { body: { chap_id: handed['chap-id'], chap_challenge: handed['chap-challenge'] }, anonymous: true })
    expect([status, body.password]).toEqual([200, expect.stringMatching(/^[0-9a-f]{32}$/)])
    return body
  }
  const first = await handedOver()
  expect(first['link-login-only']).toBe(page)
  const form = await fields(first)
  expect(await post(form)).toBe(201)
  await untilState(system, 'hotspot-session', id, 'online')
  // Whoever has read it on the way can do nothing with it.
  await handedOver()
  expect(await post(form)).toBe(403)
  expect(await post(await fields(await handedOver()))).toBe(201)
})

test('nobody asks without the token', async () => {
  for (const path of ['authorize', 'post-auth', 'rejected', 'accounting']) {
    expect((await system.ask(`/radius/${path}`, { body: { 'User-Name': 'x' } })).status).toBe(401)
    expect((await system.ask(`/radius/${path}`, { body: { 'User-Name': 'x' }, anonymous: true })).status).toBe(401)
  }
})
