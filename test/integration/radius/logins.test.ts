/** Who gets in, on the real FreeRADIUS, both ways alike: with SQL on our database, and with rlm_rest on our API. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loginForm } from '../../../api/payments/hotspot-login.ts'
import { SECRET, startRadiusWorld, type RadiusWorld, type Sold } from '../../support/freeradius/world.ts'
import { radclient } from '../../support/freeradius/radclient.ts'

const A = 'AA:BB:CC:00:00:0A'
const B = 'AA:BB:CC:00:00:0B'.replace('AA', 'A8') // of a maker, not made up
const MAKERS = 'A8:BB:CC:00:00:0A'
const GIB = 2 ** 30

describe.each(['sql', 'rest'] as const)('logins by %s', (way) => {
  let world: RadiusWorld
  beforeAll(async () => {
    world = await startRadiusWorld(way)
  }, 90_000)
  afterAll(() => world.end())

  const used = (access: Sold, session: string, attributes: Record<string, string | number>, device = MAKERS) =>
    world.account('Interim-Update', { 'User-Name': access.username, 'Acct-Session-Id': session, 'Calling-Station-Id': device, 'Acct-Session-Time': 60, ...attributes })

  it('nobody before paying, and nobody by a wrong password', async () => {
    const unpaid = { id: '', username: 'bcdfghjkmn', password: 'bcdfghjkmn' }
    expect(await world.login(unpaid, A)).toMatchObject({ code: 'Access-Reject', attributes: { 'Message-Authenticator': expect.stringMatching(/^0x/) as string } })
    const access = await world.sell()
    expect((await world.login({ ...access, password: 'wrong' }, A)).code).toBe('Access-Reject')
    // Nor has guessing bound the access to the guesser.
    expect((await world.login(access, MAKERS)).code).toBe('Access-Accept')
  })

  it('the payer, for the time that is left and at the speed that was sold, in a reply that is signed', async () => {
    const access = await world.sell({}, 50)
    const { code, attributes } = await world.login(access, MAKERS, { 'Acct-Session-Id': 's-1' })
    expect(code).toBe('Access-Accept')
    const left = Number(attributes['Session-Timeout'])
    expect(left).toBeGreaterThanOrEqual(3_540)
    // The end is rounded up to seconds and the present moment down, so nobody loses a started second.
    expect(left).toBeLessThanOrEqual(3_551)
    expect(attributes).toMatchObject({ 'Mikrotik-Rate-Limit': '2M/5M', 'Acct-Interim-Interval': '300', 'Message-Authenticator': expect.stringMatching(/^0x/) as string })
    expect(attributes).not.toHaveProperty('Mikrotik-Total-Limit')
  })

  it('by CHAP, as MikroTik hotspots do', async () => {
    const access = await world.sell()
    const chap = (password: string) =>
      radclient({ port: world.freeradius.authPort, secret: SECRET, kind: 'auth' }, { 'User-Name': access.username, 'CHAP-Password': password, 'Calling-Station-Id': MAKERS })
    expect((await chap('wrong')).code).toBe('Access-Reject')
    expect((await chap(access.password)).code).toBe('Access-Accept')
  })

  it('by the answer that a portal page gives to the challenge of its hotspot', async () => {
    const access = await world.sell()
    // radclient takes 17 bytes for a password in plain, and answers for it, unless one of them is below 32: the id sees to that.
    const chap = { id: Buffer.from([0x0f]), challenge: randomBytes(16) }
    const { password: answer } = loginForm(access, chap)
    // As the hotspot passes it on (RFC 2865, 5.3): the id and the 16 bytes of the answer.
    const login = (challenge: Buffer) =>
      radclient(
        { port: world.freeradius.authPort, secret: SECRET, kind: 'auth' },
        { 'User-Name': access.username, 'CHAP-Password': `0x0f${answer}`, 'CHAP-Challenge': `0x${challenge.toString('hex')}`, 'Calling-Station-Id': MAKERS },
      )
    expect((await login(randomBytes(16))).code).toBe('Access-Reject')
    expect((await login(chap.challenge)).code).toBe('Access-Accept')
  })

  it('a request that is not signed gets no answer, and binds nothing', async () => {
    const access = await world.sell()
    const unsigned = await radclient(
      { port: world.freeradius.authPort, secret: SECRET, kind: 'auth', isUnsigned: true, timeoutSeconds: 1 },
      { 'User-Name': access.username, 'User-Password': access.password, 'Calling-Station-Id': MAKERS },
    )
    expect(unsigned.code).toBeUndefined()
    expect(await world.rows('select from radius.devices where username = $1', [access.username])).toEqual([])
  })

  it('nobody after the end, be it the time, staff or a refund', async () => {
    const short = await world.sell({ durationSeconds: 1 })
    const [closed, revoked] = [await world.sell(), await world.sell()]
    await world.runtime.send({ type: 'hotspot-session', id: closed.id }, { type: 'session.close', reason: 'abuse' })
    await world.runtime.send({ type: 'hotspot-session', id: revoked.id }, { type: 'session.revoke', reason: 'reversed' })
    await world.until(short, ({ states }) => states.includes('expired'))
    for (const access of [short, closed, revoked]) expect((await world.login(access, A)).code).toBe('Access-Reject')
  })

  it('a row that was left behind past its end lets nobody in', async () => {
    const access = await world.sell()
    await world.rows(`update radius.radcheck set value = $2 where username = $1 and attribute = 'Expiration'`, [access.username, String(Math.floor(Date.now() / 1_000) - 1)])
    expect((await world.login(access, A)).code).toBe('Access-Reject')
  })

  it('one device, and no other after it; until staff move it, which costs no time', async () => {
    const access = await world.sell()
    expect((await world.login(access, 'a8-bb-cc-00-00-0a')).code).toBe('Access-Accept')
    expect((await world.login(access, MAKERS)).code).toBe('Access-Accept')
    const other = await world.login(access, B)
    expect(other).toMatchObject({ code: 'Access-Reject', attributes: { 'Reply-Message': 'This access belongs to another device. Ask us to move it.', 'Message-Authenticator': expect.any(String) as string } })
    expect(Object.keys(other.attributes).sort()).toEqual(['Message-Authenticator', 'Reply-Message'])

    const before = (await world.session(access)).context as { expiresAt: number }
    await world.runtime.send({ type: 'hotspot-session', id: access.id }, { type: 'session.changeDevice', reason: 'new phone' })
    await world.rows(`update radius.admissions set admitted_at = now() - interval '2 minutes' where username = $1`, [access.username])
    expect((await world.login(access, B)).code).toBe('Access-Accept')
    expect((await world.login(access, MAKERS)).code).toBe('Access-Reject')
    expect((await world.session(access)).context).toMatchObject({ expiresAt: before.expiresAt })
  })

  it('as many devices as were sold, and no more at once', async () => {
    const access = await world.sell({ devices: 2 })
    expect((await world.login(access, MAKERS, { 'Acct-Session-Id': 'd-1' })).code).toBe('Access-Accept')
    expect((await world.login(access, B, { 'Acct-Session-Id': 'd-2' })).code).toBe('Access-Accept')
    expect((await world.login(access, 'A8:BB:CC:00:00:0C', { 'Acct-Session-Id': 'd-3' })).code).toBe('Access-Reject')
  })

  it('a phone that makes up another address keeps its access, but two phones cannot share it at once', async () => {
    const access = await world.sell()
    const [first, second] = ['DA:A1:19:00:00:01', 'DA:A1:19:00:00:02']
    expect((await world.login(access, first, { 'Acct-Session-Id': 'r-1' })).code).toBe('Access-Accept')
    await world.account('Start', { 'User-Name': access.username, 'Acct-Session-Id': 'r-1', 'Calling-Station-Id': first })
    expect((await world.login(access, second, { 'Acct-Session-Id': 'r-2' })).code).toBe('Access-Reject')
    await world.account('Stop', { 'User-Name': access.username, 'Acct-Session-Id': 'r-1', 'Calling-Station-Id': first, 'Acct-Session-Time': 5 })
    expect((await world.login(access, second, { 'Acct-Session-Id': 'r-2' })).code).toBe('Access-Accept')
  })

  it('a device whose Stop was lost gets in again', async () => {
    const access = await world.sell()
    await world.login(access, MAKERS, { 'Acct-Session-Id': 'l-1' })
    await world.account('Start', { 'User-Name': access.username, 'Acct-Session-Id': 'l-1', 'Calling-Station-Id': MAKERS })
    expect((await world.login(access, MAKERS, { 'Acct-Session-Id': 'l-2' })).code).toBe('Access-Accept')
  })

  it('a router that does not tell the device still lets only so many in', async () => {
    const access = await world.sell()
    expect((await world.login(access, '', { 'Acct-Session-Id': 'n-1' })).code).toBe('Access-Accept')
    expect(await world.login(access, '', { 'Acct-Session-Id': 'n-2' })).toMatchObject({ code: 'Access-Reject', attributes: { 'Reply-Message': 'Another device is online with this access.' } })
  })

  it('station ids of 253 characters are taken as they are', async () => {
    const access = await world.sell()
    const long = 'x'.repeat(253)
    expect((await world.login(access, long, { 'Called-Station-Id': long })).code).toBe('Access-Accept')
    expect((await world.login(access, `${'x'.repeat(252)}y`)).code).toBe('Access-Reject')
  })

  it('of many logins at the same moment exactly one gets in', async () => {
    const access = await world.sell()
    const replies = await Promise.all(Array.from({ length: 12 }, (_, index) => world.login(access, `A8:BB:CC:00:01:${String(index + 10)}`, { 'Acct-Session-Id': `race-${index}` })))
    expect(replies.map(({ code }) => code).sort()).toEqual(['Access-Accept', ...Array.from({ length: 11 }, () => 'Access-Reject')])
  })

  it('what is left of the data is told at each login, beyond what 32 bits count', async () => {
    const access = await world.sell({ dataBytes: 10 * GIB })
    expect((await world.login(access, MAKERS, { 'Acct-Session-Id': 'q-1' })).attributes).toMatchObject({ 'Mikrotik-Total-Limit': String(2 * GIB), 'Mikrotik-Total-Limit-Gigawords': '2' })
    // 4 GiB and 1 KiB down, 1 GiB up.
    await used(access, 'q-1', { 'Acct-Output-Gigawords': 1, 'Acct-Output-Octets': 1_024, 'Acct-Input-Octets': GIB })
    const { attributes } = await world.login(access, MAKERS, { 'Acct-Session-Id': 'q-2' })
    expect(attributes).toMatchObject({ 'Mikrotik-Total-Limit': String(GIB - 1_024), 'Mikrotik-Total-Limit-Gigawords': '1' })
    // Exactly 4 GiB left: the low half is 0, which must not mean without limit.
    await used(access, 'q-2', { 'Acct-Input-Octets': GIB - 1_024 })
    expect((await world.login(access, MAKERS, { 'Acct-Session-Id': 'q-3' })).attributes).toMatchObject({ 'Mikrotik-Total-Limit': '0', 'Mikrotik-Total-Limit-Gigawords': '1' })
    await used(access, 'q-3', { 'Acct-Output-Gigawords': 1 })
    const over = await world.login(access, MAKERS, { 'Acct-Session-Id': 'q-4' })
    expect(over.code).toBe('Access-Reject')
    expect((await world.until(access, ({ context }) => (context as { endReason: string | null }).endReason !== null)).context).toMatchObject({ endReason: 'data' })
  })
})
