/** Why somebody cannot get in: what support finds of it, on the real FreeRADIUS, both ways alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { radclient } from '../../support/freeradius/radclient.ts'
import { SECRET, startRadiusWorld, type RadiusWorld } from '../../support/freeradius/world.ts'

const PHONE = 'A8:BB:CC:00:00:0A'
const OTHER = 'A8:BB:CC:00:00:0B'

describe.each(['sql', 'rest'] as const)('logins written down by %s', (way) => {
  let world: RadiusWorld
  beforeAll(async () => {
    world = await startRadiusWorld(way)
  }, 90_000)
  afterAll(() => world.end())

  const told = async (username: string) => (await world.business.traces.attempts([username], 10)).toReversed().map(({ reply, reason, device }) => ({ reply, reason, device }))

  it('tells a wrong password from one that is right', async () => {
    const access = await world.sell()
    const before = Date.now()
    await world.login({ ...access, password: 'wrong-one' }, PHONE)
    await world.login(access, PHONE)
    expect(await told(access.username)).toEqual([
      { reply: 'Access-Reject', reason: 'The password was wrong.', device: PHONE },
      { reply: 'Access-Accept', reason: null, device: PHONE },
    ])
    const [{ at = 0 } = {}] = await world.business.traces.attempts([access.username], 1)
    expect(Math.abs(at - before)).toBeLessThan(60_000)
  })

  it('and by CHAP', async () => {
    const access = await world.sell()
    await radclient({ port: world.freeradius.authPort, secret: SECRET, kind: 'auth' }, { 'User-Name': access.username, 'CHAP-Password': 'wrong-one', 'Calling-Station-Id': PHONE })
    expect(await told(access.username)).toEqual([{ reply: 'Access-Reject', reason: 'The password was wrong.', device: PHONE }])
  })

  it('says of a name that nobody has, of another device and of the end what it is', async () => {
    await world.login({ id: '', username: "nobody's %{User-Name}", password: 'x' }, PHONE)
    const [name] = await world.rows<{ reason: string }>('select reason from radius.radpostauth where callingstationid = $1 order by id desc limit 1', [PHONE])
    expect(name?.reason).toBe('There is no such username.')

    const access = await world.sell({ dataBytes: 1_000 })
    await world.login(access, PHONE, { 'Acct-Session-Id': `${way}-1` })
    await world.login(access, OTHER)
    await world.rows(`insert into radius.radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctinputoctets, acctstarttime, acctstoptime) values ($1, $1, $2, '10.8.0.2', 2000, now(), now())`, [`${way}-x`, access.username])
    await world.until(access, ({ states }) => states.includes('expired'))
    await world.login(access, PHONE)
    expect((await told(access.username)).slice(1)).toEqual([
      { reply: 'Access-Reject', reason: 'This access belongs to another device. Ask us to move it.', device: OTHER },
      { reply: 'Access-Reject', reason: 'Your access has ended.', device: PHONE },
    ])
  })

  it('a row that is past its end is so in words, too', async () => {
    const access = await world.sell()
    await world.rows(`update radius.radcheck set value = $2 where username = $1 and attribute = 'Expiration'`, [access.username, String(Math.floor(Date.now() / 1_000) - 1)])
    await world.login(access, PHONE)
    expect(await told(access.username)).toEqual([{ reply: 'Access-Reject', reason: 'Your access has ended.', device: PHONE }])
  })

  it('never the password that was tried, and nothing of who does not prove where he comes from', async () => {
    const access = await world.sell()
    await world.login({ ...access, password: 'my-bank-password' }, PHONE)
    await radclient({ port: world.freeradius.authPort, secret: SECRET, kind: 'auth', isUnsigned: true, timeoutSeconds: 1 }, { 'User-Name': access.username, 'User-Password': 'x', 'Calling-Station-Id': OTHER })
    expect(await told(access.username)).toHaveLength(1)
    const [{ all = '' } = {}] = await world.rows<{ all: string }>('select string_agg(p::text, $1) as all from radius.radpostauth p', ['\n'])
    expect(all).not.toContain('my-bank-password')
  })
})
