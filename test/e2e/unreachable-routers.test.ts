/** Somebody is online where nobody can be asked to change or end it: the clock goes on, and it is done as soon as there is somebody. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
// Its dictionary names what MikroTik has added.
import '../../actors/gateways/radius/packet.ts'
import { startNas, type Nas } from '../../sandbox/nas/index.ts'
import { startRouterOs, type RouterOs } from '../../sandbox/routeros/index.ts'
import { startSystem, type System } from '../support/system.ts'
import { actorOf, advance, buy, newPhone, paymentOf, send, untilState } from '../support/system-shop.ts'

const TOKEN = 'token-of-a-freeradius-that-is-not-there'
/** Ten days have 240 hours: asked so often, with six seconds for each answer, it would be 24 minutes; every five minutes, five hours. */
const LIMIT_MS = 120_000

let system: System
let routerOs: RouterOs
beforeAll(async () => {
  routerOs = await startRouterOs()
  // With a token of its own the system plays no router. Addresses of the tunnel are loopback ones, where nobody listens for RADIUS.
  system = await startSystem({ env: { RADIUS_REST_TOKEN: TOKEN, ROUTER_TUNNEL_NETWORK: '127.64.0.0/16' } })
})
afterAll(async () => {
  await system.dispose()
  await routerOs.stop()
})

/** Accounting as FreeRADIUS tells it. */
async function account(kind: 'Start' | 'Interim-Update' | 'Stop', nas: string, username: string, seconds: number): Promise<void> {
  const attributes = { 'Acct-Status-Type': kind, 'User-Name': username, 'Acct-Session-Id': `${username}-1`, 'NAS-IP-Address': nas, 'Calling-Station-Id': 'A8:BB:CC:00:00:0A', 'Framed-IP-Address': '10.5.50.2', 'Acct-Session-Time': seconds }
  const body = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { type: 'string', value: [value] }]))
  const { status, text } = await system.ask('/radius/accounting', { body, headers: { authorization: `Bearer ${TOKEN}` }, anonymous: true })
  if (status >= 300) throw new Error(text)
}

/** Online at the router of this address, whose hour is over then. */
async function overstayed(nas: string): Promise<{ id: string; username: string }> {
  const { id } = await buy(system)
  const { credentials } = await paymentOf(system, id)
  const username = credentials?.username ?? ''
  await account('Start', nas, username, 0)
  await untilState(system, 'hotspot-session', id, 'online')
  return { id, username }
}

async function took(duration: string): Promise<number> {
  const began = performance.now()
  await advance(system, duration)
  return performance.now() - began
}

test('a router that nobody has registered: said, not waited for; cut off when it is registered and reports again', async () => {
  const { id, username } = await overstayed('127.0.0.1')
  await advance(system, 'PT1H')
  await untilState(system, 'hotspot-session', id, 'unreached')
  expect(await took('P29D')).toBeLessThan(LIMIT_MS)
  // Its login is taken for closed meanwhile, which is asked about once more.
  await untilState(system, 'hotspot-session', id, 'unreached')
  expect(await actorOf(system, 'hotspot-session', id)).toMatchObject({ states: ['unreached'], tags: expect.arrayContaining(['attention']) as unknown, context: { unreached: 1 }, effects: [] })

  const nas = await startNas({ secret: 'secret-of-the-router' })
  try {
    nas.logins.add({ username, session: `${username}-1` })
    await system.rows(`insert into radius.nas (nasname, shortname, secret, coa_port) values ('127.0.0.1', 'by-hand', 'secret-of-the-router', $1)`, [nas.coaPort])
    await account('Interim-Update', '127.0.0.1', username, 2_600_000)
    await nas.until(({ attributes, answer }) => attributes['User-Name'] === username && answer === 'ACK')
    await untilState(system, 'hotspot-session', id, 'expired')
    expect((await actorOf(system, 'hotspot-session', id)).context).toMatchObject({ unreached: 0 })
  } finally {
    await nas.stop()
  }
}, 240_000)

test('a login that its router speaks of no more is taken for closed when the clock of the sandbox says so', async () => {
  const { id } = await overstayed('127.0.0.9')
  await advance(system, 'PT25M')
  await untilState(system, 'hotspot-session', id, 'ready')
  expect((await actorOf(system, 'hotspot-session', id)).context).toMatchObject({ online: [], logins: 1 })
})

test('a registered router that is silent for days: asked until it is back, and cut off by its first look then', async () => {
  const played = routerOs.router('hill')
  const { body } = await system.ask<{ id: string; script: string; tunnel_address: string }>('/api/routers', { body: { name: 'Hill', api_url: played.url } })
  await played.paste(body.script)
  await untilState(system, 'router', body.id, 'online.watching')
  const { id, username } = await overstayed(body.tunnel_address)
  const affected = await system.ask(`/api/v1/routers/${body.id}/affected`)
  expect(affected.body).toMatchObject({ isComplete: true, sessions: [{ username, mac: 'A8:BB:CC:00:00:0A', address: '10.5.50.2', actor: { type: 'hotspot-session', id } }] })
  const login = { user: username, 'mac-address': 'A8:BB:CC:00:00:0A', address: '10.5.50.2' }
  played.router.add('/ip/hotspot/active', login)
  played.router.add('/ip/hotspot/cookie', login)
  played.router.add('/ip/hotspot/active', { ...login, user: 'of-the-owner' })
  played.mood = 'gone'

  expect(await took('P10D')).toBeLessThan(LIMIT_MS)
  expect(await actorOf(system, 'hotspot-session', id)).toMatchObject({ states: ['disconnecting'], effects: [{ status: 'retrying', lastError: { message: `no answer from router ${body.tunnel_address}` } }] })

  played.mood = 'well'
  // Nor does it call us: a look finds it, an hour later at most.
  await advance(system, 'PT70M')
  expect(played.router.list('/ip/hotspot/active').map(({ user }) => user)).toEqual(['of-the-owner'])
  expect(played.router.list('/ip/hotspot/cookie')).toEqual([])
  const newest = await system.ask<{ data: { facts: { type: string }[] }[] }>(`/api/v1/actors/router/${body.id}/history?order=desc&limit=100`)
  const facts = newest.body.data.flatMap((entry) => entry.facts)
  expect(facts.filter(({ type }) => type === 'router.loginsEnded')).toMatchObject([{ count: 1 }])
  // The router tells that it is over, which is asked about at once.
  await account('Stop', body.tunnel_address, username, 2_600_000)
  // Or it has been long enough since the look that cut it off.
  await vi.waitFor(async () => expect(['expired', 'closed']).toContain((await actorOf(system, 'hotspot-session', id)).states[0]), { timeout: 20_000, interval: 50 })
}, 240_000)

test('a router that is up and does not answer RADIUS is asked by REST, and forgets the device first', async () => {
  const played = routerOs.router('lake')
  const { body } = await system.ask<{ id: string; script: string; tunnel_address: string }>('/api/routers', { body: { name: 'Lake', api_url: played.url } })
  await played.paste(body.script)
  await untilState(system, 'router', body.id, 'online.watching')
  const { id, username } = await overstayed(body.tunnel_address)
  const login = { user: username, 'mac-address': 'A8:BB:CC:00:00:0A', address: '10.5.50.2' }
  played.router.add('/ip/hotspot/active', login)
  played.router.add('/ip/hotspot/cookie', login)
  const { status } = await system.ask(`/api/v1/actors/hotspot-session/${id}/events`, { body: { type: 'session.close', reason: 'abuse' } })
  expect(status).toBe(200)
  await untilState(system, 'hotspot-session', id, 'expired')
  expect([played.router.list('/ip/hotspot/active'), played.router.list('/ip/hotspot/cookie')]).toEqual([[], []])
}, 60_000)

test('a router that keeps its users itself has them within moments of the payment, and not after the end', async () => {
  const played = routerOs.router('island')
  const { body } = await system.ask<{ id: string; script: string }>('/api/routers', { body: { name: 'Island', api_url: played.url, provisioning: 'rest' } })
  await played.paste(body.script)
  await untilState(system, 'router', body.id, 'online.watching')
  const { id } = await buy(system)
  const { credentials } = await paymentOf(system, id)
  const user = () => played.router.list('/ip/hotspot/user').find(({ name }) => name === credentials?.username)
  await vi.waitFor(() => expect(user()).toMatchObject({ password: credentials?.password, profile: 'standing-2048k-5120k-1', comment: expect.stringMatching(/ until=\d+ up=(59m\d+s|1h(\d+m)?(\d+s)?)$/) as unknown }), { timeout: 20_000, interval: 50 })
  const login = { user: credentials?.username ?? '', 'mac-address': 'A8:BB:CC:00:00:0A', address: '10.5.50.2' }
  played.router.add('/ip/hotspot/active', login)
  played.router.add('/ip/hotspot/cookie', login)
  await advance(system, 'PT1H')
  await vi.waitFor(() => expect([user(), played.router.list('/ip/hotspot/active'), played.router.list('/ip/hotspot/cookie')]).toEqual([undefined, [], []]), { timeout: 20_000, interval: 50 })
}, 60_000)

const HOME = {
  id: 'home-10', kind: 'subscription', name: 'Home 10', amount_minor: 250_000, currency: 'KES', term: 'P30D', upload_kbps: 5_000, download_kbps: 10_000, devices: 2,
  grace: 'P3D', grace_upload_kbps: 256, grace_download_kbps: 512, reminders: [],
}
const SECRET = 'secret-of-the-router'

/** Online at the router of this address, and slow: its paid time is over. */
async function inGrace(nas: Nas, address: string): Promise<{ id: string; username: string }> {
  await system.ask('/api/v1/packages', { body: HOME })
  const { body } = await system.ask<{ id: string; context: { accountNumber: string } }>('/api/v1/subscriptions', { body: { name: 'Wanjiru Kamau', phone: `0${newPhone().slice(3)}`, package_id: 'home-10' } })
  const { id, context: { accountNumber: username } } = body
  await pay(id)
  await untilState(system, 'subscription', id, 'access.settled')
  nas.logins.add({ username, session: `${username}-1` })
  await account('Start', address, username, 0)
  await vi.waitFor(async () => expect((await actorOf(system, 'subscription', id)).context).toMatchObject({ usage: { logins: 1 } }), { timeout: 20_000, interval: 50 })
  await send(system, 'subscription', id, { type: 'subscription.changeExpiry', expiresAt: new Date(0).toISOString(), reason: 'over' })
  await told(nas, username, '256k/512k')
  await untilState(system, 'subscription', id, 'access.settled')
  return { id, username }
}

const pay = (id: string) => send(system, 'subscription', id, { type: 'subscription.pay', paymentId: `pay_${crypto.randomUUID()}`, amount: 250_000, currency: 'KES', receipt: null, paidAt: 0 })

/** So often, and it has taken it. */
async function told(nas: Nas, username: string, speed: string, times = 1): Promise<void> {
  const taken = () => nas.requests().filter(({ code, attributes, answer }) => code === 'CoA-Request' && attributes['User-Name'] === username && answer === 'ACK').map(({ attributes }) => attributes['Vendor-Specific'])
  await vi.waitFor(() => expect(taken().filter((vendor) => (vendor as Record<string, unknown>)['Mikrotik-Rate-Limit'] === speed)).toHaveLength(times), { timeout: 20_000, interval: 50 })
}

test('who has paid while the router was silent is fast again with the first that it tells, also when it had been taken for logged out', async () => {
  const nas = await startNas({ secret: SECRET, host: '127.0.0.8' })
  try {
    await system.rows(`insert into radius.nas (nasname, shortname, secret, coa_port) values ('127.0.0.8', 'home', $1, $2)`, [SECRET, nas.coaPort])
    const { id, username } = await inGrace(nas, '127.0.0.8')
    nas.behave('silence')
    await pay(id)
    await advance(system, 'PT15M')
    expect(await actorOf(system, 'subscription', id)).toMatchObject({ states: expect.arrayContaining(['access.applying']) as unknown, effects: [{ status: 'retrying', lastError: { message: 'no answer from router 127.0.0.8' } }] })
    nas.behave('router')
    await account('Interim-Update', '127.0.0.8', username, 900)
    await told(nas, username, '5M/10M')
    await untilState(system, 'subscription', id, 'access.settled')

    nas.behave('silence')
    await send(system, 'subscription', id, { type: 'subscription.changeExpiry', expiresAt: new Date(0).toISOString(), reason: 'a mistake' })
    await untilState(system, 'subscription', id, 'access.applying')
    await pay(id)
    await advance(system, 'PT1H')
    expect((await untilState(system, 'subscription', id, 'access.settled')).context).toMatchObject({ usage: { online: [] } })
    nas.behave('router')
    await account('Interim-Update', '127.0.0.8', username, 4_500)
    await told(nas, username, '5M/10M', 2)
  } finally {
    await nas.stop()
  }
}, 240_000)

test('a router that its looks find back has what waits for it asked again, for homes and sessions alike', async () => {
  const played = routerOs.router('valley')
  const { body } = await system.ask<{ id: string; script: string; tunnel_address: string }>('/api/routers', { body: { name: 'Valley', api_url: played.url } })
  await played.paste(body.script)
  await untilState(system, 'router', body.id, 'online.watching')
  const nas = await startNas({ secret: SECRET, host: body.tunnel_address })
  try {
    await system.rows('update radius.nas set secret = $1, coa_port = $2 where nasname = $3', [SECRET, nas.coaPort, body.tunnel_address])
    const home = await inGrace(nas, body.tunnel_address)
    const session = await overstayed(body.tunnel_address)
    nas.logins.add({ username: session.username, session: `${session.username}-1` })
    nas.behave('silence')
    played.mood = 'gone'
    await pay(home.id)
    await send(system, 'hotspot-session', session.id, { type: 'session.close', reason: 'abuse' })
    await advance(system, 'PT18M')
    expect((await actorOf(system, 'router', body.id)).states).toContain('offline')
    // It may be asking just now.
    for (const [type, id] of [['subscription', home.id], ['hotspot-session', session.id]] as const) await vi.waitFor(async () => expect((await actorOf(system, type, id)).effects).toMatchObject([{ status: 'retrying' }]), { timeout: 20_000, interval: 50 })

    nas.behave('router')
    played.mood = 'well'
    // No login is told of: only the router itself calls, as its scheduler has it do every minute.
    await played.beat()
    await told(nas, home.username, '5M/10M')
    await untilState(system, 'subscription', home.id, 'access.settled')
    await untilState(system, 'hotspot-session', session.id, 'expired')
  } finally {
    await nas.stop()
  }
}, 240_000)
