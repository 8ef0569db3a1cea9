/** Customers of a router that keeps its users itself, over Postgres: what they use is accounted, and each term brings its own data (S14). */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startRouterOs, type RouterHandle, type RouterOs } from '../../sandbox/routeros/index.ts'
import type { RouterRecord } from '../../sandbox/routeros/record.ts'
import type { ActorView } from '../../runtime/index.ts'
import { startSystem, type System } from '../support/system.ts'
import { actorOf, buy, newPhone, paymentOf, send, untilState } from '../support/system-shop.ts'

const DATA = 1_000_000
const HOME = { id: 'home-data', kind: 'subscription', name: 'Home', amount_minor: 250_000, currency: 'KES', term: 'P30D', upload_kbps: 5_000, download_kbps: 10_000, data_bytes: DATA, devices: 2, grace: 'P3D', reminders: [] }
const DEVICE = { mac: 'A8:BB:CC:00:00:0A', address: '10.5.50.2' }

let system: System
let routerOs: RouterOs
let island: RouterHandle
let router: string
beforeAll(async () => {
  routerOs = await startRouterOs()
  system = await startSystem({ env: { STANDING_QUIET_HOURS: 'off' } })
  island = routerOs.router('island')
  const { body } = await system.ask<{ id: string; script: string }>('/api/routers', { body: { name: 'Island', api_url: island.url, provisioning: 'rest' } })
  router = body.id
  await island.paste(body.script)
  await untilState(system, 'router', router, 'online.watching')
})
afterAll(async () => {
  await system.dispose()
  await routerOs.stop()
})

/** Looks at it now, and waits until it was looked at. */
async function look(): Promise<void> {
  const looks = async (): Promise<number> => ((await actorOf(system, 'router', router)).context as { looks: number }).looks
  const before = await looks()
  await vi.waitFor(async () => expect((await send(system, 'router', router, { type: 'router.poll', reason: 'test' })).status).toBe(200), { timeout: 20_000, interval: 50 })
  await vi.waitFor(async () => expect(await looks()).toBeGreaterThan(before), { timeout: 20_000, interval: 50 })
}

const userOf = (username: string): RouterRecord | undefined => island.router.list('/ip/hotspot/user').find(({ name }) => name === username)

async function subscribed(body: object): Promise<{ id: string; account: string; pay: (payment: string) => Promise<void> }> {
  expect((await system.ask('/api/v1/packages', { body })).status).toBe(201)
  const made = await system.ask<ActorView>('/api/v1/subscriptions', { body: { name: 'Wanjiru Kamau', phone: `0${newPhone().slice(3)}`, package_id: (body as { id: string }).id } })
  const { id } = made.body
  const pay = async (paymentId: string): Promise<void> => {
    expect((await send(system, 'subscription', id, { type: 'subscription.pay', paymentId, amount: 250_000, currency: 'KES', receipt: null, paidAt: 0 })).status).toBe(200)
  }
  return { id, account: (made.body.context as { accountNumber: string }).accountNumber, pay }
}

async function logIn(username: string): Promise<RouterRecord> {
  await vi.waitFor(() => expect(userOf(username)).toBeDefined(), { timeout: 20_000, interval: 50 })
  return island.router.logIn({ user: username, password: userOf(username)?.['password'] ?? '', ...DEVICE })
}

const usageOf = async (id: string): Promise<unknown> => ((await actorOf(system, 'subscription', id)).context as { usage: unknown }).usage

test('a term that is paid while the data of the one before is used up has data again, on the record that the router has', async () => {
  const { id, account, pay } = await subscribed(HOME)
  await pay('own_1')
  const login = await logIn(account)
  expect(userOf(account)).toMatchObject({ 'limit-bytes-total': String(DATA) })
  island.router.use(login, { upload: 100_000, download: 300_000 })
  await look()
  await vi.waitFor(async () => expect(await usageOf(id)).toMatchObject({ uploadBytes: 100_000, downloadBytes: 300_000, logins: 1, online: [{ device: DEVICE.mac, ip: DEVICE.address }] }), { timeout: 20_000, interval: 50 })
  // Nothing changes there while he uses what he has.
  expect(userOf(account)).toMatchObject({ 'limit-bytes-total': String(DATA) })

  island.router.use(login, { download: 10 * DATA })
  expect(island.router.list('/ip/hotspot/active')).toEqual([])
  await look()
  await untilState(system, 'subscription', id, 'data.usedUp')
  expect(await usageOf(id)).toMatchObject({ uploadBytes: 100_000, downloadBytes: 900_000, online: [] })
  await expect(logIn(account)).rejects.toThrow('traffic limit reached')

  await pay('own_2')
  await vi.waitFor(() => expect(userOf(account)).toMatchObject({ 'limit-bytes-total': String(2 * DATA) }), { timeout: 20_000, interval: 50 })
  const again = await logIn(account)
  island.router.use(again, { download: DATA - 1 })
  expect(island.router.list('/ip/hotspot/active')).toMatchObject([{ user: account }])
  await look()
  await vi.waitFor(async () => expect(await usageOf(id)).toMatchObject({ uploadBytes: 100_000, downloadBytes: 900_000 + DATA - 1, logins: 2 }), { timeout: 20_000, interval: 50 })
  await untilState(system, 'subscription', id, 'data.within')
  island.router.use(again, { download: 1 })
  expect(island.router.list('/ip/hotspot/active')).toEqual([])
  await look()
  await untilState(system, 'subscription', id, 'data.usedUp')
}, 120_000)

test('who is slowed down when the data is used up is slowed down while he is logged in', async () => {
  const { id, account, pay } = await subscribed({ ...HOME, id: 'home-slow', grace_upload_kbps: 256, grace_download_kbps: 512 })
  await pay('own_3')
  const login = await logIn(account)
  island.router.add('/ip/hotspot/cookie', { user: account, 'mac-address': DEVICE.mac })
  expect(userOf(account)).toMatchObject({ 'limit-bytes-total': '0', profile: 'standing-5M-10M-2' })
  island.router.use(login, { download: DATA })
  await look()
  await untilState(system, 'subscription', id, 'data.usedUp')
  await vi.waitFor(() => expect(userOf(account)).toMatchObject({ profile: 'standing-256k-512k-2' }), { timeout: 20_000, interval: 50 })
  // A login keeps the speed it began with, so it was ended, and the device has come back.
  await vi.waitFor(() => expect(island.router.list('/ip/hotspot/active')).toMatchObject([{ user: account, 'bytes-out': '0' }]), { timeout: 20_000, interval: 50 })
}, 60_000)

test('a guest is online while he is, and is cut off by the router’s own interface when staff say so', async () => {
  const { id } = await buy(system)
  const { credentials } = await paymentOf(system, id)
  const login = await logIn(credentials?.username ?? '')
  island.router.use(login, { upload: 5, download: 7 })
  await look()
  await untilState(system, 'hotspot-session', id, 'online')
  const affected = await system.ask<{ sessions: { username: string }[] }>(`/api/v1/routers/${router}/affected`)
  expect(affected.body).toMatchObject({ isComplete: true, missing: null })
  expect(affected.body.sessions).toContainEqual(expect.objectContaining({ username: credentials?.username, mac: DEVICE.mac, actor: { type: 'hotspot-session', id } }))
  expect((await send(system, 'hotspot-session', id, { type: 'session.close', reason: 'abuse' })).status).toBe(200)
  await untilState(system, 'hotspot-session', id, 'expired')
  expect(island.router.list('/ip/hotspot/active').map(({ user }) => user)).not.toContain(credentials?.username)
  await vi.waitFor(async () => expect((await actorOf(system, 'hotspot-session', id)).context).toMatchObject({ online: [], uploadBytes: 5, downloadBytes: 7, logins: 1, unreached: 0 }), { timeout: 20_000, interval: 50 })
}, 60_000)
