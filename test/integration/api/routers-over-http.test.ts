/** Routers from the script to the outage, over real connections: our edge on one side, played routers on the other. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RouterContext } from '../../../machines/router/context.ts'
import { ROUTER_APP_KEY, routerWorld, START, type RouterWorld } from '../../support/router-world.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let world: RouterWorld
beforeEach(async () => {
  world = await routerWorld()
})
afterEach(() => world.stop())

/** Registered, its script pasted, looked at once. */
async function joined(name: string) {
  const { id, script, tunnel_address } = await world.register(name)
  const played = world.routerOs.router(name)
  const { fetched } = await played.paste(script)
  await world.runtime.settled()
  return { id, script, played, fetched, tunnelAddress: tunnel_address }
}

const viewOf = async (id: string) => {
  const view = await world.runtime.get({ type: 'router', id })
  return { states: view?.states ?? [], context: view?.context as RouterContext }
}
const send = (id: string, event: object) => world.call('POST', `/api/v1/actors/router/${id}/events`, event)
const rows = (table: string) => world.store.tables.rows.get(table) ?? []
const outages = () => world.facts.filter(({ type }) => type.startsWith('router.outage')).map(({ type }) => type)

describe('joining', () => {
  it('takes one paste: the script makes the settings, the token lets it in once, and it is looked at with its own user', async () => {
    const { id, played, fetched, tunnelAddress } = await joined('market')
    expect(fetched).toEqual([{ url: `${world.url}/api/routers/${id}/enrol`, status: 200 }])
    expect((await viewOf(id)).states).toEqual(['online', 'online.watching'])
    expect((await viewOf(id)).context.device).toMatchObject({ version: '7.16.1 (stable)', board: 'hAP ax^2', publicKey: expect.stringMatching(/=$/) as unknown })
    expect(played.requests).toContain('GET /system/resource')
    expect(played.router.list('/radius')).toMatchObject([{ comment: 'standing:radius', address: '10.77.0.1', 'src-address': tunnelAddress, 'require-message-auth': 'yes-for-request-resp' }])
    expect(played.router.list('/radius/incoming')).toEqual([{ accept: 'true', port: '3799' }])
    expect(played.router.list('/interface/wireguard/peers')).toMatchObject([{ 'allowed-address': '10.77.0.1/32', 'endpoint-port': '51820' }])
    expect(played.router.list('/ip/hotspot')).toMatchObject([{ profile: 'standing' }])
    expect(played.router.list('/ip/hotspot/walled-garden').map((one) => one['dst-host'])).toEqual(['127.0.0.1', 'pay.example'])
    expect(played.router.list('/ip/service').find((one) => one['name'] === 'www')).toMatchObject({ address: '10.77.0.1/32' })
    expect(played.router.list('/ip/firewall/filter').map((one) => one['comment'])).toEqual(['standing:manage', 'standing:no-coa-from-elsewhere'])
    expect(rows('radius.nas')).toMatchObject([{ nasname: tunnelAddress, shortname: id, secret: played.router.list('/radius')[0]?.['secret'] }])
  })

  it('may be pasted again: nothing is there twice, and the token is worth nothing any more', async () => {
    const { script, played } = await joined('market')
    const menus = ['/user', '/radius', '/system/script', '/ip/address', '/ip/firewall/filter', '/interface/wireguard/peers', '/ip/hotspot/walled-garden']
    const counts = menus.map((menu) => played.router.list(menu).length)
    const again = await played.paste(script)
    expect(menus.map((menu) => played.router.list(menu).length)).toEqual(counts)
    // The same call again, because its answer may have been lost.
    expect(again.fetched).toMatchObject([{ status: 200 }])
    played.router.version = '7.18 (stable)'
    expect((await played.paste(script)).fetched).toMatchObject([{ status: 401 }])
  })

  it('leaves a router of version 6 untouched and says why; after the upgrade the same script works', async () => {
    const { id, script } = await world.register('old')
    const played = world.routerOs.router('old')
    played.router.version = '6.49.10 (long-term)'
    expect((await played.paste(script)).output).toEqual([expect.stringContaining('RouterOS 6'), 'syntax error'])
    expect(played.router.list('/radius')).toEqual([])
    const token = /Bearer (re\.[\w.-]+)/.exec(script)?.[1] ?? ''
    const refused = await world.call('POST', `/api/routers/${id}/enrol`, { version: '6.49.10' }, { authorization: `Bearer ${token}` })
    expect(refused).toMatchObject({ status: 422, body: { code: 'router-unsupported' } })
    expect(world.facts.map(({ type }) => type)).toContain('router.enrolmentRefused')
    played.router.version = '7.16 (stable)'
    await played.paste(script)
    await world.runtime.settled()
    expect((await viewOf(id)).states).toContain('online')
  })

  it('has secrets of its own in its script, and nowhere else', async () => {
    const one = await joined('market')
    const two = await joined('harbour')
    const secretsOf = (script: string) => [...script.matchAll(/(?:secret|password)="([^"]+)"|Bearer (r[eh]\.[\w.-]+)/g)].map(([, secret, token]) => secret ?? token ?? '')
    const [first, second] = [secretsOf(one.script), secretsOf(two.script)]
    expect(first.length).toBeGreaterThanOrEqual(4)
    expect(first.filter((secret) => second.includes(secret))).toEqual([])
    const stored = JSON.stringify([await world.runtime.get({ type: 'router', id: one.id }), await world.runtime.history({ type: 'router', id: one.id }), world.facts, rows('business.routers')])
    for (const secret of [...first, ROUTER_APP_KEY]) expect(stored).not.toContain(secret)
  })

  it('issues another script, which ends the one before; new secrets count from when the router has them', async () => {
    const { id, script, played } = await joined('market')
    const before = rows('radius.nas')[0]?.['secret']
    const { status, body } = await world.call<{ script: string }>('POST', `/api/routers/${id}/script`, { reason: 'leaked', rotate_secrets: true })
    expect(status).toBe(200)
    expect(rows('radius.nas')[0]?.['secret']).toBe(before)
    await played.paste(body.script)
    await world.runtime.settled()
    expect(rows('radius.nas')[0]?.['secret']).not.toBe(before)
    expect(rows('radius.nas')[0]?.['secret']).toBe(played.router.list('/radius')[0]?.['secret'])
    expect((await viewOf(id)).states).toContain('online')
    const oldToken = /Bearer (rh\.[\w.-]+)/.exec(script)?.[1] ?? ''
    expect(await world.call('POST', `/api/routers/${id}/heartbeat`, {}, { authorization: `Bearer ${oldToken}` })).toMatchObject({ status: 401, body: { code: 'router-refused' } })
    expect((await played.beat()).fetched).toMatchObject([{ status: 204 }])
  })

  it('its token, as somebody with curl would try it: once, by one router, until another is issued or a day is over', async () => {
    const { id, script } = await joined('market')
    const own = (await viewOf(id)).context.device?.publicKey ?? ''
    const tokenOf = (text: string) => /Bearer (re\.[\w.-]+)/.exec(text)?.[1] ?? ''
    const key = (letter: string) => `${letter.repeat(42)}A=`
    const enrol = async (token: string, public_key: string) => {
      const { status, body } = await world.call<{ code?: string; detail?: string }>('POST', `/api/routers/${id}/enrol`, { version: '7.16.1 (stable)', public_key }, { authorization: `Bearer ${token}` })
      return [status, body.code ?? 'joined', body.detail]
    }
    const reissue = async (body: object) => (await world.call<{ script: string; expires_at: string }>('POST', `/api/routers/${id}/script`, { reason: 'x', ...body })).body
    // Its answer was lost: the same router with the same token is welcome again; another one with the same paper is not.
    expect(await enrol(tokenOf(script), own)).toEqual([200, 'joined', undefined])
    expect(await enrol(tokenOf(script), key('b'))).toEqual([401, 'router-refused', 'This token was used or replaced. Have another script issued.'])
    expect((await viewOf(id)).context.device?.publicKey).toBe(own)

    const second = await reissue({})
    const third = await reissue({})
    expect(Date.parse(third.expires_at) - world.clock.now()).toBe(24 * HOUR_MS)
    expect(await enrol(tokenOf(second.script), key('b'))).toEqual([401, 'router-refused', 'This token was used or replaced. Have another script issued.'])
    await world.clock.advance(24 * HOUR_MS)
    expect(await enrol(tokenOf(third.script), key('b'))).toEqual([401, 'router-refused', 'This token has expired. Have another script issued.'])
    expect(await enrol(tokenOf((await reissue({ rotate_secrets: true })).script), key('b'))).toEqual([200, 'joined', undefined])
    expect((await viewOf(id)).context).toMatchObject({ secretVersion: 2, device: { publicKey: key('b') } })
    for (const spent of [script, second.script, third.script]) expect((await enrol(tokenOf(spent), key('c')))[0]).toBe(401)
  })

  it('its script is for staff with the right alone, and kept by nobody on the way', async () => {
    const response = await fetch(`${world.url}/api/routers`, { method: 'POST', headers: { ...world.admin, 'content-type': 'application/json' }, body: JSON.stringify({ name: 'market' }) })
    expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store'])
    const { id } = (await response.json()) as { id: string }
    const agent = world.keys.add('key-of-agent', ['agent'])
    expect(await world.call('POST', `/api/routers/${id}/script`, { reason: 'x' }, agent)).toMatchObject({ status: 403 })
    expect(await world.call('POST', `/api/routers/${id}/script`, {})).toMatchObject({ status: 422, body: { errors: [{ pointer: '/reason' }] } })
    expect(await world.call('POST', '/api/routers/rtr_nobody/script', { reason: 'x' })).toMatchObject({ status: 404 })
    await send(id, { type: 'router.retire', reason: 'sold' })
    expect(await world.call('POST', `/api/routers/${id}/script`, { reason: 'x' })).toMatchObject({ status: 409, body: { code: 'actor-done' } })
  })

  it.each([
    ['nothing', ''],
    ['words', 'not a key'],
    ['a byte too few', Buffer.alloc(31, 7).toString('base64')],
    ['a byte too many', Buffer.alloc(33, 7).toString('base64')],
    ['the alphabet of addresses', `${'_'.repeat(42)}A=`],
    ['bits behind the last byte, which WireGuard refuses', `${'b'.repeat(43)}=`],
  ])('refuses what is no key of WireGuard, and its token stays good: %s', async (_, public_key) => {
    const { id, script } = await world.register('market')
    const headers = { authorization: `Bearer ${/Bearer (re\.[\w.-]+)/.exec(script)?.[1] ?? ''}` }
    const refused = await world.call('POST', `/api/routers/${id}/enrol`, { version: '7.16.1 (stable)', public_key }, headers)
    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid-input', errors: [{ pointer: '/public_key', detail: expect.stringContaining('WireGuard') as unknown }] } })
    expect((await viewOf(id)).states).toEqual(['enrolling', 'enrolling.invited'])
    // Not by staff either, whose key would be in the tunnel's file.
    expect(await send(id, { type: 'router.enrol', tokenHash: '0'.repeat(64), version: '7.16', publicKey: public_key })).toMatchObject({ status: 422, body: { code: 'invalid-event' } })
    const good = Buffer.alloc(32, 7).toString('base64')
    expect((await world.call('POST', `/api/routers/${id}/enrol`, { version: '7.16.1 (stable)', public_key: good }, headers)).status).toBe(200)
    expect((await viewOf(id)).context.device?.publicKey).toBe(good)
  })

  it('lets nobody in without the right token, in time', async () => {
    const { id, script } = await world.register('market')
    const { id: other, script: otherScript } = await world.register('harbour')
    const tokenIn = (text: string) => ({ authorization: `Bearer ${/Bearer (re\.[\w.-]+)/.exec(text)?.[1] ?? ''}` })
    for (const headers of [{}, { authorization: 'Bearer nonsense' }, tokenIn(otherScript), world.admin]) {
      expect(await world.call('POST', `/api/routers/${id}/enrol`, { version: '7.1' }, headers as Record<string, string>)).toMatchObject({ status: 401, body: { code: 'router-refused' } })
    }
    expect(await world.call('POST', '/api/routers/rtr_nobody/enrol', { version: '7.1' }, tokenIn(script))).toMatchObject({ status: 401 })
    await world.clock.advance(24 * HOUR_MS)
    expect((await viewOf(other)).states).toEqual(['enrolling', 'enrolling.lapsed'])
    expect(await world.call('POST', `/api/routers/${id}/enrol`, { version: '7.1' }, tokenIn(script))).toMatchObject({ status: 401, body: { detail: expect.stringContaining('expired') as unknown } })
  })

  it('needs the right to touch hardware, and a name; a name cannot break out of the script', async () => {
    const agent = world.keys.add('key-of-agent', ['agent'])
    expect(await world.call('POST', '/api/routers', { name: 'x' }, agent)).toMatchObject({ status: 403 })
    expect(await world.call('POST', '/api/routers', { name: 'x' }, {})).toMatchObject({ status: 401 })
    expect(await world.call('POST', '/api/routers', { name: ' ' })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/name' }] } })
    const name = 'a" ; /user add name=evil $[/system reset]\\'
    const { body } = await world.call<{ script: string }>('POST', '/api/routers', { name })
    const lines = body.script.split('\n').filter((line) => line.includes('evil'))
    expect(lines).toEqual([expect.stringMatching(/^# Standing: /)])
  })
})

it('two routers never get one address, however small the network', async () => {
  const small = await routerWorld('10.9.0.0/21')
  try {
    const made = await Promise.all(Array.from({ length: 300 }, (_one, n) => small.register(`r${n}`, { api_url: null })))
    const addresses = new Set(made.map(({ tunnel_address }) => tunnel_address))
    expect(addresses.size).toBe(300)
    for (const address of addresses) expect(address).toMatch(/^10\.9\.[0-7]\.\d+$/)
    expect(addresses).not.toContain('10.9.0.1')
  } finally {
    await small.stop()
  }
})

describe('up and down', () => {
  it('is measured since there is a router, not over the days before', async () => {
    const { id } = await joined('market')
    await world.clock.advance(HOUR_MS)
    const { from } = (await world.call<{ from: string }>('GET', `/api/v1/routers/${id}/outages?days=30`)).body
    expect(Date.parse(from)).toBe(Date.parse((await world.runtime.get({ type: 'router', id }))?.createdAt ?? ''))
  })


  it('is down for hours and back: one outage, told with its minutes; the journal grows with what changes', async () => {
    const { id, played } = await joined('market')
    await world.clock.advance(HOUR_MS)
    played.mood = 'gone'
    const goneAt = world.clock.now()
    await world.clock.advance(5 * HOUR_MS)
    expect((await viewOf(id)).states[0]).toBe('offline')
    expect(outages()).toEqual(['router.outageOpened'])
    played.mood = 'well'
    // It is looked at a tenth of its outage apart, spread by a tenth.
    await world.clock.advance(40 * MINUTE_MS)
    expect((await viewOf(id)).states[0]).toBe('online')
    expect(outages()).toEqual(['router.outageOpened', 'router.outageClosed'])
    const closed = world.facts.find(({ type }) => type === 'router.outageClosed') as unknown as { since: number; until: number; slaMinutes: number; durationMs: number }
    expect(closed.since).toBeGreaterThan(goneAt - 6 * MINUTE_MS)
    expect(closed.since).toBeLessThanOrEqual(goneAt)
    expect(closed.slaMinutes).toBe(Math.ceil((closed.until - closed.since) / MINUTE_MS))
    expect(rows('business.router_outages')).toEqual([{ tenant: 'main', router_id: id, since: new Date(closed.since).toISOString(), closed_at: new Date(closed.until).toISOString() }])
  })

  it('comes back at once when the router calls', async () => {
    const { id, played } = await joined('market')
    played.mood = 'gone'
    await world.clock.advance(3 * HOUR_MS)
    played.mood = 'well'
    await played.beat()
    await world.runtime.settled()
    expect((await viewOf(id)).states[0]).toBe('degraded')
    await world.clock.advance(40_000)
    expect((await viewOf(id)).states[0]).toBe('online')
    const journal = (await world.runtime.history({ type: 'router', id }, { limit: 200 })).length
    for (let time = 0; time < 5; time++) await played.beat()
    expect((await world.runtime.history({ type: 'router', id }, { limit: 200 })).length).toBe(journal)
  })

  it.each([
    ['locked', 'unauthorised'],
    ['v6', 'no-rest'],
  ] as const)('%s: it lives, but something is wrong (%s)', async (mood, code) => {
    const { id, played } = await joined('market')
    played.mood = mood
    await world.clock.advance(HOUR_MS)
    const { states, context } = await viewOf(id)
    expect([states[0], context.trouble?.code]).toEqual(['degraded', code])
    expect(outages()).toEqual([])
  })

  it.each(['mute', 'stuck'] as const)('%s: a router that answers nothing of use is down', async (mood) => {
    const { id, played } = await joined('market')
    played.mood = mood
    await world.clock.advance(15 * MINUTE_MS)
    expect((await viewOf(id)).states[0]).toBe('offline')
  })

  it('shows what it last read and how old that is', async () => {
    const { id, played } = await joined('market')
    const live = async () => (await world.call<{ isStale: boolean; readAgeSeconds: number; reading: unknown }>('GET', `/api/v1/routers/${id}/live`)).body
    expect(await live()).toMatchObject({ isStale: false, readAgeSeconds: 0, reading: { cpuLoad: 7, version: '7.16.1 (stable)' } })
    played.mood = 'gone'
    await world.clock.advance(HOUR_MS)
    expect(await live()).toMatchObject({ isStale: true, readAgeSeconds: 3_600 })
  })

  it('knows the access points behind it, tells of those that go and come, and journals nothing else', async () => {
    const { id, played } = await joined('market')
    const radio = played.router.add('/ip/neighbor', { identity: 'ap-roof', 'mac-address': '48:A9:8A:00:00:01', interface: 'ether3,bridge1', board: 'wAP ax' })
    for (let device = 1; device < 4; device++) played.router.add('/ip/hotspot/host', { 'mac-address': `AA:00:00:00:00:0${device}`, 'bridge-port': 'ether3' })
    await world.clock.advance(6 * MINUTE_MS)
    const list = async () => (await world.call<{ data: unknown[] }>('GET', `/api/v1/routers/${id}/access-points`)).body.data
    expect(await list()).toMatchObject([{ mac: '48:A9:8A:00:00:01', name: 'ap-roof', port: 'ether3', clients: 3, isPresent: true }])
    await world.clock.advance(HOUR_MS)
    played.router.remove('/ip/neighbor', radio['.id'] ?? '')
    await world.clock.advance(HOUR_MS)
    expect(await list()).toMatchObject([{ name: 'ap-roof', isPresent: false }])
    expect(world.facts.filter(({ type }) => type === 'router.accessPointsChanged')).toMatchObject([{ appeared: ['48:A9:8A:00:00:01'] }, { lost: ['48:A9:8A:00:00:01'] }])
  })

  it('feeds the age of the tunnel into the state', async () => {
    const { id, played } = await joined('market')
    const [peer] = played.router.list('/interface/wireguard/peers')
    Object.assign(peer ?? {}, { 'last-handshake': '1h2m3s' })
    await world.clock.advance(6 * MINUTE_MS)
    expect((await viewOf(id)).context.trouble).toMatchObject({ code: 'tunnel-stale' })
    Object.assign(peer ?? {}, { 'last-handshake': '1m3s' })
    await world.clock.advance(2 * MINUTE_MS)
    expect((await viewOf(id)).states[0]).toBe('online')
  })

  it('knows its packages, and notices when they change', async () => {
    const { id, played } = await joined('market')
    const capabilities = async () => (await viewOf(id)).context.device?.capabilities
    expect(await capabilities()).toEqual(['routeros', 'wifi-qcom'])
    const wifi = played.router.list('/system/package').find(({ name }) => name === 'wifi-qcom')
    played.router.change('/system/package', wifi?.['.id'] ?? '', { disabled: 'true' })
    played.router.add('/system/package', { name: 'container', disabled: 'false' })
    await world.clock.advance(6 * MINUTE_MS)
    expect(await capabilities()).toEqual(['container', 'routeros'])
  })

  it('ends the logins that are over, those of ours only, and says so once', async () => {
    const { played } = await joined('market')
    const login = (user: string) => ({ user, 'mac-address': `AA:00:00:00:00:${user.length}0`, address: '10.5.50.2' })
    for (const user of ['paid', 'overdue', 'of-the-owner']) played.router.add('/ip/hotspot/active', login(user))
    played.router.add('/ip/hotspot/cookie', login('overdue'))
    world.strangers.add('overdue')
    await world.clock.advance(HOUR_MS)
    expect(played.router.list('/ip/hotspot/active').map(({ user }) => user)).toEqual(['paid', 'of-the-owner'])
    expect(played.router.list('/ip/hotspot/cookie')).toEqual([])
    expect(world.facts.filter(({ type }) => type === 'router.loginsEnded')).toMatchObject([{ count: 1 }])
  })

  it('keeps the users of a router that does not ask RADIUS: adds who is missing, removes who is over, leaves others alone', async () => {
    const { id, script } = await world.register('island', { provisioning: 'rest' })
    const played = world.routerOs.router('island')
    played.router.add('/ip/hotspot/user', { name: 'of-the-owner', password: 'x' })
    const access = (username: string, password = `of ${username}`) => ({ username, password, devices: 2, rateLimit: '2M/5M', dataLeft: username === 'asha' ? 1_000 : null, until: null })
    const users = () => played.router.list('/ip/hotspot/user').map(({ '.id': _id, comment: _comment, 'bytes-in': _in, 'bytes-out': _out, uptime: _uptime, disabled: _disabled, ...user }) => user)
    const poll = async () => {
      await send(id, { type: 'router.poll', reason: 'test' })
      await world.runtime.settled()
    }
    const told = () => world.facts.filter(({ type }) => type === 'router.usersChanged').map(({ added, changed, removed }) => [added, changed, removed])
    world.accesses.push(access('asha'), access('otieno'))
    await played.paste(script)
    await world.runtime.settled()
    const asha = { name: 'asha', password: 'of asha', profile: 'standing-2M-5M-2', 'limit-bytes-total': '1000' }
    const otieno = { name: 'otieno', password: 'of otieno', profile: 'standing-2M-5M-2', 'limit-bytes-total': '0' }
    expect(users()).toEqual([{ name: 'of-the-owner', password: 'x' }, asha, otieno])
    expect(played.router.list('/ip/hotspot/user/profile')).toMatchObject([{ name: 'standing-2M-5M-2', 'rate-limit': '2M/5M', 'shared-users': '2' }])
    await poll()
    expect(told()).toEqual([[2, 0, 0]])

    // Out of reach meanwhile: one is over, one has another password, one is new.
    played.mood = 'gone'
    world.accesses.splice(0, 2, access('otieno', 'another'), access('wanjiru'))
    await world.clock.advance(HOUR_MS)
    played.mood = 'well'
    await world.clock.advance(20 * MINUTE_MS)
    expect(users()).toEqual([{ name: 'of-the-owner', password: 'x' }, { ...otieno, password: 'another' }, { ...otieno, name: 'wanjiru', password: 'of wanjiru' }])
    expect(told()).toEqual([[2, 0, 0], [2, 0, 2]])
    expect((await viewOf(id)).context.users).toEqual({ wanted: 2, failure: null })
    expect(JSON.stringify([await world.runtime.history({ type: 'router', id }, { limit: 200 }), world.facts])).not.toContain('of wanjiru')
  })

  it('says when a router does not take its users, and goes on looking at it', async () => {
    const { id, script } = await world.register('island', { provisioning: 'rest' })
    const played = world.routerOs.router('island')
    played.router.add('/ip/hotspot/user', { name: 'asha', password: 'x' })
    for (const username of ['asha', 'otieno']) world.accesses.push({ username, password: 'y', devices: 1, rateLimit: null, dataLeft: null, until: null })
    await played.paste(script)
    await world.runtime.settled()
    const { states, context } = await viewOf(id)
    expect(states[0]).toBe('online')
    expect(played.router.list('/ip/hotspot/user').map(({ name, password }) => [name, password])).toEqual([['asha', 'x'], ['otieno', 'y']])
    expect(context.users).toEqual({ wanted: 2, failure: { code: 'refused', detail: expect.stringContaining('already have user') as unknown } })
  })

  it('removes nobody who only stands beyond the cut, and says that some are left out', async () => {
    const { id, script } = await world.register('island', { provisioning: 'rest' })
    const played = world.routerOs.router('island')
    const names = () => played.router.list('/ip/hotspot/user').map(({ name }) => name)
    const look = async () => {
      await send(id, { type: 'router.poll', reason: 'test' })
      await world.runtime.settled()
      return (await viewOf(id)).context.users
    }
    world.accesses.push(...['asha', 'otieno', 'wanjiru', 'zuri'].map((username) => ({ username, password: 'y', devices: 1, rateLimit: null, dataLeft: null, until: null })))
    await played.paste(script)
    await world.runtime.settled()
    world.cut.at = 2
    expect(await look()).toEqual({ wanted: 4, failure: { code: 'too-many-users', detail: expect.stringMatching(/^4 have access.*2 are left/) as unknown } })
    expect(names()).toEqual(['asha', 'otieno', 'wanjiru', 'zuri'])
    // Whose access is over is removed all the same, and who comes in within the cut is added.
    world.accesses.splice(2, 1)
    world.accesses.unshift({ username: 'abdi', password: 'y', devices: 1, rateLimit: null, dataLeft: null, until: null })
    await look()
    expect(names()).toEqual(['asha', 'otieno', 'zuri', 'abdi'])
    world.cut.at = Infinity
    expect(await look()).toEqual({ wanted: 4, failure: null })
  })

  describe('the end of the paid time, while nobody can reach the router', () => {
    const PHONE = { mac: 'A8:BB:CC:00:00:0A', address: '10.5.50.2' }
    const UNTIL = START + HOUR_MS
    const access = (username: string, until: number) => ({ username, password: 'y', devices: 2, rateLimit: null, dataLeft: null, until })

    async function island() {
      const { id, script } = await world.register('island', { provisioning: 'rest' })
      const played = world.routerOs.router('island')
      await played.paste(script)
      await world.runtime.settled()
      return {
        id, played,
        look: async (): Promise<void> => {
          await send(id, { type: 'router.poll', reason: 'test' })
          await world.runtime.settled()
        },
        logIn: (user: string) => played.router.logIn({ user, password: 'y', ...PHONE }),
        online: () => played.router.list('/ip/hotspot/active').map(({ user }) => user),
        userOf: (username: string) => played.router.list('/ip/hotspot/user').find(({ name }) => name === username),
        /** Out of reach, its own schedule runs every minute. */
        alone: async (ms: number): Promise<void> => {
          played.mood = 'gone'
          for (let passed = 0; passed < ms; passed += MINUTE_MS) {
            await world.clock.advance(MINUTE_MS)
            await played.beat()
          }
        },
      }
    }

    it('is kept by the router itself, never early, and its own users are left alone', async () => {
      world.accesses.push(access('asha', UNTIL), access('otieno', UNTIL + HOUR_MS))
      const { played, logIn, online, userOf, alone } = await island()
      played.router.add('/ip/hotspot/user', { name: 'of-the-owner', password: 'y', comment: 'the till' })
      for (const user of ['asha', 'otieno', 'of-the-owner']) logIn(user)
      played.router.add('/ip/hotspot/cookie', { user: 'asha', 'mac-address': PHONE.mac })
      await alone(HOUR_MS)
      expect(online()).toEqual(['asha', 'otieno', 'of-the-owner'])
      await alone(MINUTE_MS)
      expect([online(), userOf('asha')?.['disabled'], played.router.list('/ip/hotspot/cookie')]).toEqual([['otieno', 'of-the-owner'], 'true', []])
      expect(() => logIn('asha')).toThrow('user is disabled')
    })

    it('moves with what is paid, without a word to who is logged in; who pays later is let in again', async () => {
      world.accesses.push(access('asha', UNTIL), access('otieno', UNTIL))
      const { played, look, logIn, online, userOf, alone } = await island()
      logIn('asha')
      world.accesses.splice(0, 1, access('asha', UNTIL + HOUR_MS))
      await look()
      await alone(HOUR_MS + MINUTE_MS)
      expect([online(), userOf('asha')?.['disabled'], userOf('otieno')?.['disabled']]).toEqual([['asha'], 'false', 'true'])
      world.accesses.splice(1, 1, access('otieno', UNTIL + 5 * HOUR_MS))
      played.mood = 'well'
      await world.clock.advance(20 * MINUTE_MS)
      logIn('otieno')
      expect(online()).toEqual(['asha', 'otieno'])
    })

    it('is not early after a power cut, and right again with the next look', async () => {
      world.accesses.push(access('asha', UNTIL))
      const { played, look, logIn, online, alone } = await island()
      await world.clock.advance(30 * MINUTE_MS)
      played.router.powerCut()
      logIn('asha')
      await alone(25 * MINUTE_MS)
      expect(online()).toEqual(['asha'])
      played.mood = 'well'
      await world.clock.advance(2 * MINUTE_MS)
      await look()
      await alone(2 * MINUTE_MS)
      expect(online()).toEqual(['asha'])
      await alone(2 * MINUTE_MS)
      expect(online()).toEqual([])
    })

    it('is written once: looks that come to another second change nothing, and whom the owner has disabled stays so', async () => {
      world.accesses.push(access('asha', UNTIL))
      const { userOf, look } = await island()
      const comment = userOf('asha')?.['comment']
      expect(comment).toMatch(new RegExp(`^standing:user:asha:[0-9a-f]{12} until=${UNTIL / 1_000} up=1h1s$`))
      Object.assign(userOf('asha') ?? {}, { disabled: 'true' })
      await world.clock.advance(1_500)
      await look()
      await world.clock.advance(20 * MINUTE_MS)
      expect(userOf('asha')).toMatchObject({ comment, disabled: 'true' })
      expect(world.facts.filter(({ type }) => type === 'router.usersChanged')).toMatchObject([{ added: 1, changed: 0, removed: 0 }])
    })

    it('is said not to be kept by a router that has no such schedule', async () => {
      world.accesses.push(access('asha', UNTIL))
      const { id, played, look } = await island()
      expect((await viewOf(id)).context.users).toEqual({ wanted: 1, failure: null })
      const schedule = played.router.list('/system/scheduler').find(({ name }) => name === 'standing-ends')
      played.router.remove('/system/scheduler', schedule?.['.id'] ?? '')
      await look()
      expect((await viewOf(id)).context.users).toMatchObject({ failure: { code: 'ends-not-kept' } })
    })
  })

  it('says who is cut off', async () => {
    const { id } = await joined('market')
    world.sessions.push({ acctSessionId: 's1', username: 'nobody', address: '10.5.50.2', mac: 'AA:BB:CC:DD:EE:01', since: START })
    const affected = await world.call('GET', `/api/v1/routers/${id}/affected`)
    expect(affected).toMatchObject({ status: 200, body: { isComplete: true, sessions: [{ username: 'nobody', mac: 'AA:BB:CC:DD:EE:01', actor: null }] } })
    const viewer = world.keys.add('key-of-viewer', ['viewer'])
    expect(JSON.stringify((await world.call('GET', `/api/v1/routers/${id}/affected`, undefined, viewer)).body)).not.toContain('AA:BB')
  })

  it('does not say that nobody is cut off where nobody has looked yet who is logged in', async () => {
    const { id, script } = await world.register('island', { provisioning: 'rest' })
    const affected = async () => (await world.call('GET', `/api/v1/routers/${id}/affected`)).body
    expect(await affected()).toEqual({ sessions: [], asOf: null, isComplete: false, missing: 'not-looked-at' })
    await world.routerOs.router('island').paste(script)
    await world.runtime.settled()
    expect(await affected()).toEqual({ sessions: [], asOf: new Date(START).toISOString(), isComplete: true, missing: null })
    for (let n = 0; n <= 500; n++) world.sessions.push({ acctSessionId: `s${n}`, username: 'nobody', address: null, mac: null, since: START })
    expect(await affected()).toMatchObject({ isComplete: false, missing: 'too-many' })
  })
})

describe('configuration', () => {
  const configure = (id: string, configuration: object) => send(id, { type: 'router.configure', configuration, reason: 'test' })
  const garden = (name: string) => world.routerOs.router(name).router.list('/ip/hotspot/walled-garden').map((one) => one['dst-host'])

  it('is shown before it is made, is made once, and leaves alone what is not ours', async () => {
    const { id, played } = await joined('market')
    played.router.add('/ip/hotspot/walled-garden', { 'dst-host': 'of.the.owner', action: 'allow' })
    played.mood = 'gone'
    await configure(id, { walledGarden: ['a.example', 'b.example'], identity: 'Market', bypass: ['AA:BB:CC:DD:EE:01'] })
    expect(await world.call('GET', `/api/v1/routers/${id}/diff`)).toMatchObject({ status: 502, body: { code: 'router-unreachable' } })
    await world.runtime.settled()
    played.mood = 'well'
    const diff = await world.call<{ changes: { do: string; menu: string }[] }>('GET', `/api/v1/routers/${id}/diff`)
    expect(diff.body.changes.map((change) => `${change.do} ${change.menu}`)).toEqual(['change /system/identity', 'add /ip/hotspot/walled-garden', 'add /ip/hotspot/walled-garden', 'add /ip/hotspot/ip-binding'])
    expect(garden('market')).toEqual(['127.0.0.1', 'pay.example', 'of.the.owner'])
    await world.clock.advance(20 * MINUTE_MS)
    expect(garden('market')).toEqual(['127.0.0.1', 'pay.example', 'of.the.owner', 'a.example', 'b.example'])
    expect((await viewOf(id)).context.applied).toMatchObject({ version: 1, added: 3, changed: 1, removed: 0 })
    expect((await world.call('GET', `/api/v1/routers/${id}/diff`)).body).toEqual({ desiredVersion: 1, appliedVersion: 1, comparedVersion: 1, changes: [] })
  })

  it('goes back to an earlier version', async () => {
    const { id } = await joined('market')
    await configure(id, { walledGarden: ['a.example'] })
    await world.runtime.settled()
    await configure(id, { walledGarden: ['b.example'] })
    await world.runtime.settled()
    expect((await world.call<{ changes: unknown[] }>('GET', `/api/v1/routers/${id}/diff?version=1`)).body.changes).toMatchObject([{ do: 'add', fields: { 'dst-host': 'a.example' } }, { do: 'remove', fields: { 'dst-host': 'b.example' } }])
    await send(id, { type: 'router.rollback', version: 1, reason: 'worse' })
    await world.runtime.settled()
    expect(garden('market')).toEqual(['127.0.0.1', 'pay.example', 'a.example'])
    expect((await viewOf(id)).context.applied).toMatchObject({ version: 3 })
  })

  it('is not made twice when the answer of the router was lost', async () => {
    const { id, played } = await joined('market')
    played.answersToLose = 1
    await configure(id, { walledGarden: ['a.example', 'b.example'] })
    await world.runtime.settled()
    expect((await viewOf(id)).context.applyFailure).toMatchObject({ code: 'connection-lost', isFinal: false })
    await world.clock.advance(6 * MINUTE_MS)
    expect(garden('market')).toEqual(['127.0.0.1', 'pay.example', 'a.example', 'b.example'])
    expect((await viewOf(id)).context.applied).toMatchObject({ version: 1, added: 1 })
  })

  it('is brought on again over what somebody has changed by hand', async () => {
    const { id, played } = await joined('market')
    await configure(id, { walledGarden: ['a.example'] })
    await world.runtime.settled()
    const record = played.router.list('/ip/hotspot/walled-garden').find((one) => one['dst-host'] === 'a.example')
    played.router.change('/ip/hotspot/walled-garden', record?.['.id'] ?? '', { 'dst-host': 'c.example' })
    expect((await world.call('GET', `/api/v1/routers/${id}/diff`)).body).toMatchObject({ changes: [{ do: 'change', fields: { 'dst-host': { from: 'c.example', to: 'a.example' } } }] })
    await send(id, { type: 'router.reapply', reason: 'by hand' })
    await world.runtime.settled()
    expect(garden('market')).toContain('a.example')
  })
})

it('one name, one router: a second is refused and named, until the first is retired', async () => {
  const first = await world.register('Market square')
  const again = () => world.call('POST', '/api/routers', { name: ' market  SQUARE ' })
  const [one, two] = await Promise.all([again(), again()])
  for (const refused of [one, two]) expect(refused).toMatchObject({ status: 409, body: { code: 'router-exists', detail: expect.stringContaining(first.id) as string, errors: [{ pointer: '/name' }] } })
  const raced = await Promise.all(Array.from({ length: 5 }, () => world.call('POST', '/api/routers', { name: 'Lake' })))
  expect(raced.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409])
  await send(first.id, { type: 'router.retire', reason: 'sold' })
  expect((await again()).status).toBe(201)
})

it('a retired router is known to nobody any more', async () => {
  const { id, played } = await joined('market')
  await send(id, { type: 'router.retire', reason: 'sold' })
  expect([rows('radius.nas'), rows('business.routers')]).toEqual([[], []])
  expect((await played.beat()).output).toEqual([expect.stringContaining('401')])
})
