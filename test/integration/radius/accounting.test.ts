/** What is counted, on the real FreeRADIUS, both ways alike, whatever comes in whatever order; and what the session learns of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SessionContext } from '../../../machines/hotspot-session/context.ts'
import type { ActorView } from '../../../runtime/index.ts'
import type { Attributes } from '../../support/freeradius/radclient.ts'
import { startRadiusWorld, type RadiusWorld, type Sold } from '../../support/freeradius/world.ts'

const DEVICE = 'A8:BB:CC:00:00:0A'
const GIGAWORD = 2 ** 32

interface Record {
  session: string
  open: boolean
  input: string
  output: string
  seconds: string | null
  cause: string | null
}

describe.each(['sql', 'rest'] as const)('accounting by %s', (way) => {
  let world: RadiusWorld
  beforeAll(async () => {
    world = await startRadiusWorld(way)
  }, 90_000)
  afterAll(() => world.end())

  const say = (access: Sold, kind: 'Start' | 'Stop' | 'Interim-Update', session: string, attributes: Attributes = {}) =>
    world.account(kind, { 'User-Name': access.username, 'Acct-Session-Id': session, 'Calling-Station-Id': DEVICE, 'Framed-IP-Address': '10.5.50.2', ...attributes })
  const counters = (seconds: number, input: number, output: number): Attributes => ({
    'Acct-Session-Time': seconds,
    'Acct-Input-Octets': input % GIGAWORD,
    'Acct-Input-Gigawords': Math.floor(input / GIGAWORD),
    'Acct-Output-Octets': output % GIGAWORD,
    'Acct-Output-Gigawords': Math.floor(output / GIGAWORD),
  })
  const records = (access: Sold) =>
    world.rows<Record>(
      `select acctsessionid as session, acctstoptime is null as open, acctinputoctets as input, acctoutputoctets as output, acctsessiontime as seconds, acctterminatecause as cause
       from radius.radacct where username = $1 order by acctsessionid`,
      [access.username],
    )
  const contextOf = ({ context }: ActorView): SessionContext => context as SessionContext
  const settled = (access: Sold, upload: number, download: number) =>
    world.until(access, (view) => contextOf(view).uploadBytes === upload && contextOf(view).downloadBytes === download && contextOf(view).online.length === 0)

  it('a login from its Start to its Stop, beyond what 32 bits count', async () => {
    const access = await world.sell()
    const used = 3 * GIGAWORD + 17
    expect((await say(access, 'Start', 'w-1')).code).toBe('Accounting-Response')
    const online = await world.until(access, ({ states }) => states.includes('online'))
    expect(contextOf(online).online).toEqual([{ id: 'w-1', device: DEVICE, nas: '10.8.0.2', ip: '10.5.50.2', since: expect.any(Number) as number }])
    for (const part of [0.25, 0.5, 0.75]) await say(access, 'Interim-Update', 'w-1', counters(600 * part, Math.floor(1_000 * part), Math.floor(used * part)))
    await say(access, 'Stop', 'w-1', { ...counters(600, 1_000, used), 'Acct-Terminate-Cause': 'User-Request' })
    expect(await records(access)).toEqual([{ session: 'w-1', open: false, input: '1000', output: String(used), seconds: '600', cause: 'User-Request' }])
    const over = await settled(access, 1_000, used)
    expect(over.states).toEqual(['ready'])
    expect(contextOf(over).logins).toBe(1)
    expect(await world.runtime.search({ values: [DEVICE] })).toEqual([])
  })

  it('counts each packet once, however often and in whatever order it comes', async () => {
    const access = await world.sell()
    const stop = { ...counters(300, 30, 300), 'Acct-Terminate-Cause': 'User-Request' }
    await say(access, 'Interim-Update', 'o-1', counters(200, 20, 200)) // the Start was lost
    await say(access, 'Interim-Update', 'o-1', counters(100, 10, 100)) // overtaken
    expect(await records(access)).toMatchObject([{ open: true, input: '20', output: '200', seconds: '200' }])
    await say(access, 'Interim-Update', 'o-1', counters(200, 20, 200))
    await say(access, 'Stop', 'o-1', stop)
    await say(access, 'Stop', 'o-1', stop)
    await say(access, 'Stop', 'o-1', { ...counters(290, 29, 290), 'Acct-Terminate-Cause': 'Lost-Carrier' })
    await say(access, 'Interim-Update', 'o-1', counters(250, 25, 250))
    await say(access, 'Start', 'o-1')
    expect(await records(access)).toEqual([{ session: 'o-1', open: false, input: '30', output: '300', seconds: '300', cause: 'User-Request' }])
    const [times] = await world.rows<{ lasted: number }>('select round(extract(epoch from acctstoptime - acctstarttime))::int as lasted from radius.radacct where username = $1', [access.username])
    // The first thing heard of it was said 200 seconds after it began; all of it was said within a moment here.
    expect(times?.lasted).toBeGreaterThanOrEqual(199)
    await settled(access, 30, 300)
  })

  it('a Stop before its Start is the end of it', async () => {
    const access = await world.sell()
    await say(access, 'Stop', 'b-1', counters(60, 5, 50))
    for (let time = 0; time < 2; time++) await say(access, 'Start', 'b-1')
    expect(await records(access)).toMatchObject([{ open: false, input: '5', output: '50' }])
    await settled(access, 5, 50)
  })

  it('adds up the logins of one access', async () => {
    const access = await world.sell({ devices: 2 })
    await say(access, 'Stop', 'a-1', counters(60, 1, 10))
    await say(access, 'Start', 'a-2')
    await say(access, 'Interim-Update', 'a-3', counters(60, 2, 20))
    const two = await world.until(access, (view) => contextOf(view).online.length === 2)
    expect(contextOf(two)).toMatchObject({ logins: 3, uploadBytes: 3, downloadBytes: 30 })
  })

  it('a router that was switched on knows of nobody any more; others are left alone', async () => {
    const [here, there] = [await world.sell(), await world.sell()]
    await say(here, 'Start', 'n-1')
    await say(here, 'Interim-Update', 'n-1', counters(60, 7, 70))
    await say(there, 'Start', 'n-2', { 'NAS-IP-Address': '10.8.0.3' })
    await world.until(there, ({ states }) => states.includes('online'))
    expect((await world.account('Accounting-On', { 'Acct-Session-Id': 'boot', 'User-Name': 'router' })).code).toBe('Accounting-Response')
    expect(await records(here)).toMatchObject([{ open: false, input: '7', output: '70', cause: 'NAS-Reboot' }])
    expect(await records(there)).toMatchObject([{ open: true }])
    expect((await settled(here, 7, 70)).states).toEqual(['ready'])
    await world.account('Accounting-Off', { 'Acct-Session-Id': 'boot', 'User-Name': 'router', 'NAS-IP-Address': '10.8.0.3' })
    await settled(there, 0, 0)
  })

  it('a login whose router has fallen silent keeps nobody out; it goes on when the router speaks again', async () => {
    const access = await world.sell()
    await say(access, 'Start', 's-1')
    await say(access, 'Interim-Update', 's-1', counters(60, 1, 10))
    await world.until(access, (view) => contextOf(view).uploadBytes === 1)
    expect(await world.business.radiusAccounting.closeStale(60_000, Date.now())).toBe(0)
    await world.rows(`alter table radius.radacct disable trigger keep_true`)
    await world.rows(`update radius.radacct set acctupdatetime = now() - interval '1 hour' where username = $1`, [access.username])
    await world.rows(`alter table radius.radacct enable trigger keep_true`)
    expect(await world.business.radiusAccounting.closeStale(60_000, Date.now())).toBe(1)
    await settled(access, 1, 10)
    expect(await records(access)).toMatchObject([{ open: false, cause: 'Stale-Session' }])
    await say(access, 'Interim-Update', 's-1', counters(3_700, 2, 20))
    expect(await records(access)).toMatchObject([{ open: true, input: '2', output: '20', cause: null }])
    await world.until(access, ({ states }) => states.includes('online'))
    await say(access, 'Stop', 's-1', counters(3_800, 3, 30))
    await settled(access, 3, 30)
  })

  it('empty counters are none', async () => {
    const access = await world.sell()
    await say(access, 'Stop', 'e-1')
    expect(await records(access)).toMatchObject([{ input: '0', output: '0' }])
  })

  it('the data is over when it is over, not at the next login', async () => {
    const access = await world.sell({ dataBytes: 1_000 })
    await say(access, 'Start', 'd-1', { 'NAS-IP-Address': '127.0.0.1' })
    await say(access, 'Interim-Update', 'd-1', { ...counters(60, 500, 500), 'NAS-IP-Address': '127.0.0.1' })
    const view = await world.until(access, ({ states }) => states.includes('disconnecting'))
    expect(contextOf(view)).toMatchObject({ endReason: 'data', uploadBytes: 500, downloadBytes: 500 })
    expect(await world.rows('select from radius.radcheck where username = $1', [access.username])).toEqual([])
    await say(access, 'Stop', 'd-1', { ...counters(61, 501, 500), 'NAS-IP-Address': '127.0.0.1' })
    expect(contextOf(await world.until(access, ({ states }) => states.includes('expired')))).toMatchObject({ uploadBytes: 501 })
  })
})
