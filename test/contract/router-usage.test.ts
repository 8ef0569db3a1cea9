/** The use of a router's own users in the tables: once, beside RADIUS's accounting, and only its looks say who is gone. */
import type { Knex } from 'knex'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKnex, openBusiness, type Business } from '../../db/index.ts'
import { createTestDatabase } from '../support/template-database.ts'

const ROUTER = { tenant: 'main', type: 'router', id: 'rtr_1' }
const T0 = Date.UTC(2028, 1, 29)
const HOUR_MS = 3_600_000
const LOGIN = { id: '1', record: 'asha:abc', username: 'asha', mac: 'A8:BB:CC:00:00:0A', ip: '10.5.50.2', seconds: 60, upload: 10, download: 90, isOver: false }
const RECORDS = [{ record: 'asha:abc', counters: { upload: 1, download: 2 }, owed: { upload: 3, download: 4 } }]

let knex: Knex
let business: Business
let close: () => Promise<void>
beforeAll(async () => {
  const database = await createTestDatabase()
  knex = createKnex(database.url, { max: 2, applicationName: 'test' })
  business = openBusiness(knex)
  close = async () => {
    await knex.destroy()
    await database.drop()
  }
})
afterAll(() => close())

beforeEach(async () => {
  for (const table of ['business.router_counts', 'business.router_users', 'business.routers', 'radius.radacct', 'radius.access', 'radius.radcheck', 'radius.nas']) await knex(table).delete()
  await knex('business.routers').insert({ ...routerRow, state: 'online' })
  await knex('radius.nas').insert({ nasname: '10.77.0.9', shortname: 'rtr_1', secret: 's' })
  await knex('radius.access').insert({ username: 'asha', tenant: 'main', actor_type: 'subscription', actor_id: 'sub_1', devices: 2, data_bytes: 1_000 })
  await knex('radius.radcheck').insert({ username: 'asha', attribute: 'Cleartext-Password', op: ':=', value: 'secret' })
})

const routerRow = { tenant: 'main', id: 'rtr_1', name: 'Island', tunnel_address: '10.77.0.9', provisioning: 'rest', api_url: 'http://10.77.0.9', secret_version: 1 }
const accounted = (): Promise<unknown[]> => knex('radius.radacct').select('acctstarttime as start', 'acctstoptime as stop', 'acctterminatecause as cause', 'acctinputoctets as up', 'acctoutputoctets as down')

describe('the use of a router’s own users', () => {
  it('is accounted once, whichever of two looks comes late', async () => {
    expect(await business.routers.counted(ROUTER)).toEqual({ revision: 0, records: [], logins: [] })
    await business.routers.saveUsage(ROUTER, 0, { records: RECORDS, logins: [LOGIN] }, T0)
    await business.routers.saveUsage(ROUTER, 0, { records: [], logins: [{ ...LOGIN, id: '2' }] }, T0)
    const { isOver: _isOver, ...login } = LOGIN
    expect(await business.routers.counted(ROUTER)).toEqual({ revision: 1, records: RECORDS, logins: [login] })
    expect(await accounted()).toEqual([{ start: new Date(T0 - 60_000), stop: null, cause: null, up: 10, down: 90 }])
  })

  it('is what is left less of the data, and ends at what was last seen', async () => {
    await business.routers.saveUsage(ROUTER, 0, { records: RECORDS, logins: [LOGIN] }, T0)
    await business.routers.saveUsage(ROUTER, 1, { records: RECORDS, logins: [{ ...LOGIN, download: 190, isOver: true }] }, T0 + HOUR_MS)
    expect(await accounted()).toMatchObject([{ stop: new Date(T0), cause: 'Lost-Carrier', up: 10, down: 190 }])
    expect(await business.routers.accesses(ROUTER, 10)).toMatchObject({ accesses: [{ username: 'asha', dataLeft: 800 }], total: 1 })
    expect((await business.routers.counted(ROUTER)).logins).toEqual([])
  })

  it('is not taken for silent between two looks, however far they are apart, unless the router is down; and may go on after that', async () => {
    await business.routers.saveUsage(ROUTER, 0, { records: RECORDS, logins: [LOGIN] }, T0)
    expect(await business.radiusAccounting.closeStale(20 * 60_000, T0 + HOUR_MS)).toBe(0)
    await knex('business.routers').update({ state: 'offline' })
    expect(await business.radiusAccounting.closeStale(20 * 60_000, T0 + HOUR_MS)).toBe(1)
    expect((await business.routers.counted(ROUTER)).logins).toHaveLength(1)
    await business.routers.saveUsage(ROUTER, 1, { records: RECORDS, logins: [{ ...LOGIN, seconds: 3_660, download: 290 }] }, T0 + HOUR_MS)
    expect(await accounted()).toEqual([{ start: new Date(T0 - 60_000), stop: null, cause: null, up: 10, down: 290 }])
  })

  it('names who was logged in at the last look, however long the router is away', async () => {
    const here = (): Promise<{ username: string; mac: string | null }[]> => business.routers.openSessions(ROUTER, '10.77.0.9', 10)
    expect(await business.routers.countedAt(ROUTER)).toBeNull()
    await business.routers.saveUsage(ROUTER, 0, { records: RECORDS, logins: [{ ...LOGIN, id: '0', username: 'otieno' }] }, T0 - HOUR_MS)
    await business.routers.saveUsage(ROUTER, 1, { records: RECORDS, logins: [{ ...LOGIN, id: '0', username: 'otieno', isOver: true }, LOGIN] }, T0)
    await knex('business.routers').update({ state: 'offline' })
    await business.radiusAccounting.closeStale(20 * 60_000, T0 + 5 * HOUR_MS)
    expect(await here()).toMatchObject([{ username: 'asha', mac: LOGIN.mac, address: LOGIN.ip }])
    expect(await business.routers.countedAt(ROUTER)).toBe(T0)
    await business.routers.saveUsage(ROUTER, 2, { records: RECORDS, logins: [{ ...LOGIN, isOver: true }] }, T0 + 6 * HOUR_MS)
    expect(await here()).toEqual([])
  })

  it('leads to the router itself, down or not, never to its RADIUS client; and no answer closes it', async () => {
    await knex('business.routers').update({ state: 'offline' })
    await business.routers.saveUsage(ROUTER, 0, { records: RECORDS, logins: [LOGIN] }, T0)
    const [login] = await business.liveLogins.of('asha')
    expect(login).toMatchObject({ nas: null, framedIp: '10.5.50.2', rest: { router: ROUTER, apiUrl: 'http://10.77.0.9' } })
    await business.liveLogins.closeGone([login?.recordId ?? ''])
    expect(await accounted()).toMatchObject([{ stop: null }])
  })

  it('is wanted of so many at most, and it is known of how many', async () => {
    await knex('radius.access').insert({ username: 'otieno', tenant: 'main', actor_type: 'subscription', actor_id: 'sub_2', devices: 1, data_bytes: null })
    await knex('radius.radcheck').insert([{ username: 'otieno', attribute: 'Cleartext-Password', op: ':=', value: 'secret' }, { username: 'asha', attribute: 'Expiration', op: ':=', value: String(T0 / 1_000) }])
    expect(await business.routers.accesses(ROUTER, 1)).toMatchObject({ accesses: [{ username: 'asha', until: T0 }], total: 2 })
    expect((await business.routers.accesses(ROUTER, 2)).accesses).toMatchObject([{ username: 'asha' }, { username: 'otieno', dataLeft: null, until: null }])
    await knex('radius.radcheck').where({ username: 'asha' }).delete()
    expect(await business.routers.withAccess(ROUTER, ['asha', 'otieno', 'of-the-owner'])).toEqual(['otieno'])
  })

  it('has the router looked at when an access allows something else', async () => {
    const mark = async (): Promise<string | undefined> => (await business.routers.provisioned())[0]?.mark
    const before = await mark()
    await knex('radius.access').update({ data_bytes: 2_000 })
    expect(await mark()).not.toBe(before)
  })
})
