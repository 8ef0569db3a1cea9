/** Routers of a town in the whole system, over Postgres: joined, down for hours, back; and all that staff ask about them. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { demoRouters, seedDemoRouters } from '../../sandbox/demo-routers.ts'
import { startRouterOs, type RouterOs } from '../../sandbox/routeros/index.ts'
import { startWorld, type World } from '../support/system-outside.ts'
import { actorOf, advance, historyOf, send, untilState } from '../support/system-shop.ts'

let world: World
let routerOs: RouterOs
let ids: string[]
beforeAll(async () => {
  routerOs = await startRouterOs()
  world = await startWorld()
  ids = await seedDemoRouters(routerOs, async ({ name, site, apiUrl }) => {
    const { status, body, text } = await world.system.ask<{ id: string; script: string }>('/api/routers', { body: { name, site, api_url: apiUrl } })
    if (status !== 201) throw new Error(text)
    return body
  })
})
afterAll(async () => {
  await world.end()
  await routerOs.stop()
})

const read = async <Body>(id: string, what: string): Promise<Body> => (await world.system.ask<Body>(`/api/v1/routers/${id}/${what}`)).body

test('a town joins by five scripts, each with an address of its own', async () => {
  for (const id of ids) await untilState(world.system, 'router', id, 'online.watching')
  const nas = await world.system.rows<{ nasname: string; shortname: string; secret: string }>("select nasname, shortname, secret from radius.nas where shortname <> 'sandbox'")
  expect(nas.map(({ shortname }) => shortname).sort()).toEqual([...ids].sort())
  expect(new Set(nas.map(({ nasname }) => nasname)).size).toBe(demoRouters.length)
  expect(new Set(nas.map(({ secret }) => secret)).size).toBe(demoRouters.length)
  expect((await world.system.ask<{ data: unknown[] }>('/api/v1/routers/peers')).body.data).toHaveLength(demoRouters.length)
  const [market = ''] = ids
  expect(await read(market, 'access-points')).toMatchObject({ data: [{ name: 'ap-market-east', clients: 7, isPresent: true }, { name: 'ap-market-west', clients: 7 }] })
  expect(await read(market, 'live')).toMatchObject({ isStale: false, reading: { board: 'hAP ax^2', activeUsers: 0 } })
  await routerOs.router('market').beat()
  expect(await read(market, 'live')).toMatchObject({ heardAgeSeconds: expect.any(Number) as unknown, heartbeat: { version: '7.16.1 (stable)' } })
  const found = await world.system.ask<{ data: { type: string; id: string }[] }>(`/api/v1/search?q=${nas.find(({ shortname }) => shortname === market)?.nasname}`)
  expect(found.body.data).toMatchObject([{ type: 'router', id: market }])
})

test('one of them is gone for hours and comes back: one outage, told and kept; it survives a kill in between', async () => {
  const [, busPark = ''] = ids
  const played = routerOs.router('bus-park')
  const { tunnelAddress } = (await actorOf(world.system, 'router', busPark)).context as { tunnelAddress: string }
  await world.system.rows(
    `insert into radius.radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, callingstationid) values ('s1', 'u1', 'guest', $1, now(), 'AA:BB:CC:DD:EE:FF')`,
    [tunnelAddress],
  )
  played.mood = 'gone'
  await advance(world.system, 'PT2H')
  await untilState(world.system, 'router', busPark, 'offline.waiting')
  expect(await read(busPark, 'affected')).toMatchObject({ isComplete: true, sessions: [{ username: 'guest', mac: 'AA:BB:CC:DD:EE:FF' }] })
  expect(await read(busPark, 'outages')).toMatchObject({ outages: [{ until: null }] })

  await world.system.kill9()
  await world.system.restart()
  await advance(world.system, 'PT1H')
  played.mood = 'well'
  await advance(world.system, 'PT30M')
  await untilState(world.system, 'router', busPark, 'online.watching')
  const { outages, downMinutes, availability, months } = await read<{ outages: { since: string; until: string }[]; downMinutes: number; availability: number; months: { downMinutes: number }[] }>(busPark, 'outages?days=1')
  expect(months.reduce((sum, month) => sum + month.downMinutes, 0)).toBeCloseTo(downMinutes, 6)
  expect(outages).toHaveLength(1)
  expect(downMinutes).toBeGreaterThan(170)
  expect(availability).toBeLessThan(0.9)
  // It is not older than a day: a month has no more of it.
  expect((await read<{ availability: number }>(busPark, 'outages?days=30')).availability).toBeCloseTo(availability, 1)
  const facts = (await historyOf(world.system, 'router', busPark)).flatMap((entry) => entry.facts.map(({ type }) => type)).filter((type) => type.startsWith('router.outage'))
  expect(facts).toEqual(['router.outageOpened', 'router.outageClosed'])
}, 120_000)

test('what is wanted is brought on, and taken away with the router', async () => {
  const [, , hospital = ''] = ids
  const applied = await send<{ outcome: string }>(world.system, 'router', hospital, { type: 'router.configure', configuration: { walledGarden: ['records.example'] }, reason: 'records before login' })
  expect(applied.status).toBe(200)
  await vi.waitFor(async () => expect((await actorOf(world.system, 'router', hospital)).context).toMatchObject({ applied: { version: 1, added: 1 } }), { timeout: 10_000 })
  expect(await read(hospital, 'diff')).toMatchObject({ appliedVersion: 1, changes: [] })
  await send(world.system, 'router', hospital, { type: 'router.retire', reason: 'moved' })
  expect(await world.system.rows(`select 1 from radius.nas where shortname = $1`, [hospital])).toEqual([])
  expect(await world.system.rows(`select 1 from business.routers where id = $1`, [hospital])).toEqual([])
})

test('a second router of one address is not made', async () => {
  const [market = ''] = ids
  const { context } = await actorOf(world.system, 'router', market)
  const { tunnelAddress } = context as { tunnelAddress: string }
  const enrolment = { tokenHash: 'a'.repeat(64), expiresAt: 0, secretVersion: 1 }
  const input = { id: 'rtr_twin', name: 'twin', tunnelAddress, apiUrl: 'http://127.0.0.1:1', enrolment }
  const twin = await world.system.ask('/api/v1/actors/router', { body: { id: 'rtr_twin', input } })
  expect([twin.status, twin.text]).toEqual([422, expect.stringContaining('invalid-input')])
  expect((await world.system.ask('/api/v1/actors/router/rtr_twin')).status).toBe(404)
})
