import { describe, expect, it, vi } from 'vitest'
import type { AccountChange, AccountingRecord, RadiusLogins } from '../../../api/ports/radius.ts'
import { accountingFeed } from '../../../api/radius/accounting-feed.ts'
import { accountingIn, attemptIn } from '../../../api/radius/attributes.ts'
import { silentLog, StandingError, type BatchItemResult } from '../../../runtime/index.ts'
import { testApp } from '../../support/api-fakes.ts'
import { noRadius } from '../../support/api-ports.ts'

const TOKEN = 'token-of-the-freeradius'
const NOW = 1_800_000_000_000

/** As rlm_rest writes it. */
const rest = (attributes: Record<string, string | number>) => Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { type: 'string', value: [value] }]))

async function ask(path: string, body: unknown, { logins = {}, headers = { authorization: `Bearer ${TOKEN}` }, token = TOKEN }: { logins?: Partial<RadiusLogins>; headers?: Record<string, string>; token?: string | null } = {}) {
  const records: AccountingRecord[] = []
  const closed: unknown[] = []
  const parts = noRadius()
  const { app } = await testApp({
    radius: {
      logins: { ...parts.logins, ...logins },
      accounting: { ...parts.accounting, record: async (record) => void records.push(record), closeAll: async (router) => void closed.push(router) },
      token: token ?? undefined,
      clock: () => NOW,
    },
    now: () => NOW,
  })
  const response = await app.inject({ method: 'POST', url: `/radius/${path}`, headers: { 'content-type': 'application/json', ...headers }, payload: JSON.stringify(body) })
  await app.close()
  return { status: response.statusCode, body: response.body === '' ? undefined : (JSON.parse(response.body) as unknown), records, closed }
}

describe('rlm_rest', () => {
  it.each(['authorize', 'post-auth', 'rejected', 'accounting'])('%s needs the token', async (path) => {
    expect((await ask(path, {}, { headers: {} })).status).toBe(401)
    expect((await ask(path, {}, { headers: { authorization: 'Bearer another-token-of-others' } })).status).toBe(401)
    expect((await ask(path, {}, { token: null })).body).toMatchObject({ status: 404, code: 'route-not-found' })
  })

  it('tells the password, the limits and the time left, and lets FreeRADIUS expand nothing in them', async () => {
    const find = async () => ({
      check: [{ attribute: 'Cleartext-Password', op: ':=', value: '%{User-Name}' }, { attribute: 'Expiration', op: ':=', value: String(NOW / 1_000 + 90) }],
      reply: [{ attribute: 'Mikrotik-Rate-Limit', op: ':=', value: '2M/5M' }, { attribute: 'Reply-Message', op: '+=', value: 'a' }, { attribute: 'Reply-Message', op: '+=', value: 'b' }],
    })
    const answer = await ask('authorize', rest({ 'User-Name': 'u' }), { logins: { find } })
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.body).toEqual({
      'control:Cleartext-Password': { value: ['%{User-Name}'], op: ':=', do_xlat: false },
      'reply:Mikrotik-Rate-Limit': { value: ['2M/5M'], op: ':=', do_xlat: false },
      'reply:Reply-Message': { value: ['a', 'b'], op: '+=', do_xlat: false },
      'reply:Session-Timeout': { value: [90], op: ':=', do_xlat: false },
    })
  })

  it('knows nobody by 404, and refuses by 401 with words that FreeRADIUS keeps until it has compared the password', async () => {
    expect((await ask('authorize', rest({ 'User-Name': 'u' }))).status).toBe(404)
    const check = [{ attribute: 'Cleartext-Password', op: ':=', value: '%{pw}' }, { attribute: 'Expiration', op: ':=', value: String(NOW / 1_000) }]
    const refusedWith = (words: string) => ({
      status: 401,
      body: { 'control:Cleartext-Password': { value: ['%{pw}'], op: ':=', do_xlat: false }, 'control:Tmp-String-1': { value: [words], op: ':=', do_xlat: false } },
    })
    const refused = async (logins: Partial<RadiusLogins>) => {
      const { status, body } = await ask('authorize', rest({ 'User-Name': 'u' }), { logins })
      return { status, body }
    }
    expect(await refused({ find: async () => ({ check, reply: [] }) })).toEqual(refusedWith('Your access has ended.'))
    const passwordOfRefused = async () => '%{pw}'
    expect(await refused({ passwordOfRefused, refusal: async () => 'Your connection is off.' })).toEqual(refusedWith('Your connection is off.'))
    // Paid between the two questions: let in the next time, with all its limits.
    expect(await refused({ passwordOfRefused })).toEqual(refusedWith('Try again in a moment.'))
  })

  it('a place that was taken meanwhile is refused after the password, too', async () => {
    expect((await ask('post-auth', rest({ 'User-Name': 'u' }))).status).toBe(204)
    const refused = await ask('post-auth', rest({ 'User-Name': 'u' }), { logins: { admit: async () => 'Another device.' } })
    expect(refused).toMatchObject({ status: 200, body: { 'control:Tmp-String-0': { value: ['Another device.'], do_xlat: false } } })
  })

  it('writes down who was rejected, with what he was told, and not what he tried', async () => {
    const noteRejected = vi.fn(async () => undefined)
    const answer = await ask('rejected', rest({ 'User-Name': 'u', 'Calling-Station-Id': 'd', 'User-Password': 'secret', 'Tmp-String-0': 'Your access has ended.' }), { logins: { noteRejected } })
    expect(answer.status).toBe(204)
    expect(noteRejected.mock.calls).toEqual([[{ username: 'u', station: 'd', session: '' }, 'Your access has ended.', NOW]])
  })

  it('takes accounting in either form', async () => {
    const told = { 'Acct-Status-Type': 'Stop', 'User-Name': 'u', 'Acct-Session-Id': 's', 'NAS-IP-Address': '10.8.0.2' }
    for (const body of [rest(told), told]) expect((await ask('accounting', body)).records).toMatchObject([{ kind: 'stop', username: 'u', sessionId: 's', nasAddress: '10.8.0.2' }])
    expect((await ask('accounting', rest({ 'Acct-Status-Type': 'Accounting-On', 'NAS-IP-Address': '10.8.0.2' }))).closed).toEqual([{ nasAddress: '10.8.0.2', at: NOW, cause: 'NAS-Reboot' }])
    expect(await ask('accounting', {})).toMatchObject({ status: 204, records: [], closed: [] })
  })
})

describe('reading attributes', () => {
  const read = (attributes: Record<string, unknown>) => {
    const message = accountingIn({ 'Acct-Status-Type': 'Interim-Update', 'User-Name': 'u', 'Acct-Session-Id': 's', ...attributes }, NOW)
    return message.kind === 'record' ? message.record : undefined
  }

  it.each([
    [{}, '0'],
    [{ 'Acct-Input-Octets': '' }, '0'],
    [{ 'Acct-Input-Octets': { type: 'integer', value: [] } }, '0'],
    [{ 'Acct-Input-Octets': 'many' }, '0'],
    [{ 'Acct-Input-Octets': 4_294_967_295, 'Acct-Input-Gigawords': 2 }, '12884901887'],
    [{ 'Acct-Input-Gigawords': '99999999999999999999' }, '9223372036854775807'],
  ])('%j are so many octets', (attributes, octets) => {
    expect(read(attributes)?.inputOctets).toBe(octets)
  })

  it('goes by when it arrived less the delay that the router names, not by its clock', () => {
    expect(read({ 'Event-Timestamp': 'Jan  1 1970 00:00:10 UTC', 'Acct-Delay-Time': 5 })?.at).toBe(NOW - 5_000)
  })

  it.each([['99999999999999999999'], [4_294_967_295]])('counts from its arrival what says to be %s seconds late', (delay) => {
    expect(read({ 'Acct-Delay-Time': delay })?.at).toBe(NOW)
  })

  it('takes no time that the database could not hold: a router that is answered with an error repeats it for ever', () => {
    expect(read({ 'Acct-Session-Time': '99999999999999999999' })?.sessionSeconds).toBeNull()
    expect(read({ 'Acct-Session-Time': 4_294_967_295 })?.sessionSeconds).toBe(4_294_967_295)
  })

  it.each([['1', 'start'], [2, 'stop'], ['Alive', 'interim'], ['3', 'interim']])('kind %s is %s', (status, kind) => {
    expect(read({ 'Acct-Status-Type': status })?.kind).toBe(kind)
  })

  it.each([[{ 'Acct-Status-Type': 'Tunnel-Start' }], [{ 'Acct-Session-Id': '' }], [{ 'User-Name': null }], [{ 'User-Name': { value: [{}] } }]])('%j counts nothing', (attributes) => {
    expect(read(attributes)).toBeUndefined()
  })

  it("makes the session's unique id as FreeRADIUS does, unless it has", () => {
    // md5 of `u,s,10.8.0.2,,,` by coreutils.
    expect(read({ 'NAS-IP-Address': '10.8.0.2' })?.uniqueId).toBe('f122f218306ce9775d9c68033db3a049')
    expect(read({ 'Acct-Unique-Session-Id': 'abc' })?.uniqueId).toBe('abc')
  })

  it('cuts at what RADIUS can carry, and takes no address that is none', () => {
    expect(attemptIn({ 'Calling-Station-Id': 'x'.repeat(300) }).station).toHaveLength(253)
    expect(read({ 'NAS-IP-Address': 'router', 'Framed-IP-Address': '' })).toMatchObject({ nasAddress: '0.0.0.0', framedIp: null })
    expect(read({ 'NAS-IPv6-Address': 'fe80::1%ether1', 'Framed-IP-Address': 'fe80::2%x' })).toMatchObject({ nasAddress: 'fe80::1', framedIp: 'fe80::2' })
  })
})

describe('telling the actors', () => {
  const change = (username: string, about: AccountChange['about'] = { tenant: 'main', type: 'hotspot-session', id: `pay_${username}` }): AccountChange => ({
    username, version: 7, isRouterBack: username === 'back', about, online: [], uploadBytes: 1, downloadBytes: 2, logins: 1,
  })
  const refusal = (code: ConstructorParameters<typeof StandingError>[0]): BatchItemResult => ({ ok: false, error: new StandingError(code) })

  function feedOf(changes: AccountChange[], results: BatchItemResult[]) {
    const sendMany = vi.fn(async () => results)
    const told: string[] = []
    const accounting = { changes: async () => changes.splice(0), markTold: async (marks: readonly { username: string; version: number }[]) => void told.push(...marks.map(({ username }) => username)), closeStale: async () => 0, askAgain: async () => 0 }
    return { feed: accountingFeed({ accounting, runtime: { sendMany }, log: silentLog, clock: () => NOW }), sendMany, told }
  }

  it('sends all of it under its version', async () => {
    const { feed, sendMany, told } = feedOf([change('a')], [{ ok: true } as BatchItemResult])
    await feed.sweep()
    expect(sendMany).toHaveBeenCalledWith(
      [{ to: { tenant: 'main', type: 'hotspot-session', id: 'pay_a' }, event: { type: 'session.account', revision: 7, online: [], uploadBytes: 1, downloadBytes: 2, logins: 1 }, eventId: 'radius:a:7' }],
      { source: 'radius' },
    )
    expect(told).toEqual(['a'])
  })

  it('says so where a router is back', async () => {
    const { feed, sendMany } = feedOf([change('back')], [{ ok: true } as BatchItemResult])
    await feed.sweep()
    expect(sendMany).toHaveBeenCalledWith([expect.objectContaining({ event: expect.objectContaining({ routerBack: true }) as unknown })], { source: 'radius' })
  })

  it('closes silent logins by the clock that routers report by, once a minute of it', async () => {
    let now = NOW
    const closeStale = vi.fn(async () => 0)
    const feed = accountingFeed({ accounting: { changes: async () => [], markTold: async () => undefined, closeStale, askAgain: async () => 0 }, runtime: { sendMany: async () => [] }, log: silentLog, clock: () => now, staleAfterMs: 5 })
    await feed.sweep()
    await feed.sweep()
    now += 60_000
    await feed.sweep()
    expect(closeStale.mock.calls).toEqual([[5, NOW], [5, NOW + 60_000]])
  })

  it('comes back to what may go better another time, and to nothing else', async () => {
    const { feed, told } = feedOf(
      ['a', 'b', 'c', 'd', 'e'].map((username) => change(username)),
      [refusal('overloaded'), refusal('event-not-accepted'), refusal('actor-blocked'), refusal('actor-done'), { ok: false, error: new Error('the database is away') }],
    )
    await feed.sweep()
    expect(told).toEqual(['b', 'd'])
  })

  it('has nobody to tell of an access that is long over', async () => {
    const { feed, sendMany, told } = feedOf([{ ...change('a'), about: undefined }], [])
    await feed.sweep()
    expect(sendMany).not.toHaveBeenCalled()
    expect(told).toEqual(['a'])
  })
})
