/** Access that has ended is over on the router, too: our Disconnect and CoA against a router of ours and FreeRADIUS's own listener. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRadiusClient } from '../../../actors/gateways/radius/client.ts'
import type { NasSession } from '../../../actors/gateways/radius/port.ts'
import { startNas, type Nas } from '../../../sandbox/nas/index.ts'
import { radclient } from '../../support/freeradius/radclient.ts'
import { SECRET, startRadiusWorld, type RadiusWorld, type Sold } from '../../support/freeradius/world.ts'

const client = createRadiusClient({ waitsMs: [100, 200] })
const session: NasSession = { username: 'bcdfghjkmn', acctSessionId: 's-1', framedIp: '10.5.50.2' }

describe('Disconnect and CoA to a router', () => {
  let nas: Nas
  beforeEach(async () => {
    nas = await startNas({ secret: SECRET })
  })
  afterEach(() => nas.stop())
  const router = () => ({ host: '127.0.0.1', port: nas.coaPort, secret: SECRET })

  it('disconnect names the session, and is done', async () => {
    nas.logins.add({ username: session.username, session: session.acctSessionId })
    expect(await client.disconnect(router(), session)).toEqual({ outcome: 'done' })
    expect(nas.requests()).toMatchObject([{ code: 'Disconnect-Request', attributes: { 'User-Name': session.username, 'Acct-Session-Id': 's-1', 'Framed-IP-Address': '10.5.50.2' } }])
    expect(nas.logins.list()).toEqual([])
  })

  it('a session that the router does not know is gone', async () => {
    expect(await client.disconnect(router(), session)).toEqual({ outcome: 'gone', errorCause: 503 })
  })

  it('another NAK is a refusal', async () => {
    nas.behave({ nak: 'Administratively-Prohibited' })
    expect(await client.disconnect(router(), session)).toEqual({ outcome: 'refused', errorCause: 501 })
  })

  it('silence is a router out of reach, asked as often as said; so are another secret, a closed port and a name that nobody has', async () => {
    nas.behave('silence')
    expect(await client.disconnect(router(), session)).toEqual({ outcome: 'unreachable' })
    expect(nas.requests()).toHaveLength(2)
    nas.behave('router')
    // Nobody else waits for a router that has just been waited for.
    expect(await client.disconnect(router(), session)).toEqual({ outcome: 'unreachable', isSpared: true })
    expect(nas.requests()).toHaveLength(2)
    const other = createRadiusClient({ waitsMs: [100, 200] })
    expect(await other.disconnect({ ...router(), secret: 'another' }, session)).toEqual({ outcome: 'unreachable' })
    expect(nas.requests()).toHaveLength(2)
    expect(await client.disconnect({ ...router(), port: 1 }, session)).toEqual({ outcome: 'unreachable' })
    expect(await client.disconnect({ ...router(), host: 'router.invalid' }, session)).toEqual({ outcome: 'unreachable' })
  })

  it('a forged answer is none', async () => {
    const forger = createSocket('udp4')
    forger.on('message', (packet, { port, address }) => {
      const answer = Buffer.concat([Buffer.from([41, packet[1] ?? 0, 0, 20]), randomBytes(16)])
      for (const bytes of [answer, answer.subarray(0, 7), Buffer.alloc(0), Buffer.alloc(5_000)]) forger.send(bytes, port, address)
    })
    await new Promise<void>((resolve) => forger.bind(0, '127.0.0.1', resolve))
    expect(await client.disconnect({ ...router(), port: (forger.address()).port }, session)).toEqual({ outcome: 'unreachable' })
    await new Promise<void>((resolve) => forger.close(() => resolve()))
  })

  it('can be given up', async () => {
    nas.behave('silence')
    const giveUp = new AbortController()
    const call = client.disconnect(router(), session, { signal: giveUp.signal })
    await nas.until(({ code }) => code === 'Disconnect-Request')
    giveUp.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    await expect(client.disconnect(router(), session, { signal: giveUp.signal })).rejects.toThrow('enough')
  })

  it('CoA brings the new speed in RouterOS words', async () => {
    nas.logins.add({ username: session.username, session: session.acctSessionId })
    expect(await client.changeAuthorization(router(), session, { 'Mikrotik-Rate-Limit': '512k/1M', 'Mikrotik-Address-List': 'grace', 'Session-Timeout': 600 })).toEqual({ outcome: 'done' })
    const [seen] = nas.requests()
    expect(seen).toMatchObject({ code: 'CoA-Request', attributes: { 'Session-Timeout': 600, 'Vendor-Specific': { 'Mikrotik-Rate-Limit': '512k/1M', 'Mikrotik-Address-List': 'grace' } } })
    expect(nas.logins.list()).toHaveLength(1)
  })

  it("is what FreeRADIUS's own client sends, too", async () => {
    nas.logins.add({ username: session.username, session: session.acctSessionId })
    const reply = await radclient({ port: nas.coaPort, secret: SECRET, kind: 'disconnect' }, { 'User-Name': session.username, 'Acct-Session-Id': 's-1' })
    expect(reply.code).toBe('Disconnect-ACK')
  })
})

describe('the end of an access', () => {
  let world: RadiusWorld
  let nas: Nas
  beforeAll(async () => {
    nas = await startNas({ secret: SECRET })
    const port = await freeUdpPort()
    world = await startRadiusWorld('sql', {
      files: {
        'sites-enabled/coa': [
          'server coa {',
          `listen {\ntype = coa\nipaddr = 127.0.0.1\nport = ${port}\n}`,
          'recv-coa {',
          'if (!&Message-Authenticator) {\nreject\n}',
          'if (&User-Name == "gone") {\nupdate reply {\n&Error-Cause := Session-Context-Not-Found\n}\nreject\n}',
          'ok\n}',
          'send-coa {\nok\n}',
          '}\n',
        ].join('\n'),
      },
    })
    coaPort = port
    await world.rows('update radius.nas set coa_port = $1', [nas.coaPort])
  }, 90_000)
  afterAll(async () => {
    await world.end()
    await nas.stop()
  })
  let coaPort = 0

  async function online(offer = {}): Promise<Sold> {
    const access = await world.sell(offer)
    const acctSession = `${access.id}-1`
    nas.logins.add({ username: access.username, session: acctSession })
    await world.account('Start', { 'User-Name': access.username, 'Acct-Session-Id': acctSession, 'Calling-Station-Id': 'A8:BB:CC:00:00:0A', 'NAS-IP-Address': '127.0.0.1' })
    await world.until(access, ({ states }) => states.includes('online'))
    return access
  }
  const stop = (access: Sold) => world.account('Stop', { 'User-Name': access.username, 'Acct-Session-Id': `${access.id}-1`, 'NAS-IP-Address': '127.0.0.1', 'Acct-Session-Time': 5 })
  const send = (access: Sold, event: { type: string; [field: string]: unknown }) => world.runtime.send({ type: 'hotspot-session', id: access.id }, event)

  it("FreeRADIUS's own listener takes what we send", async () => {
    const server = { host: '127.0.0.1', port: coaPort, secret: SECRET }
    expect(await client.disconnect(server, session)).toEqual({ outcome: 'done' })
    expect(await client.changeAuthorization(server, session, { 'Mikrotik-Rate-Limit': '512k/1M' })).toEqual({ outcome: 'done' })
    expect(await client.disconnect(server, { ...session, username: 'gone' })).toEqual({ outcome: 'gone', errorCause: 503 })
    expect(world.freeradius.log()).toContain('Mikrotik-Rate-Limit = "512k/1M"')
  })

  it('by time, staff or refund cuts off whoever is online, for the reason given', async () => {
    const short = await online({ durationSeconds: 2 })
    const [closed, revoked] = [await online(), await online()]
    await send(closed, { type: 'session.close', reason: 'abuse' })
    await send(revoked, { type: 'session.revoke', reason: 'reversed' })
    for (const [access, endReason] of [[short, 'time'], [closed, 'admin'], [revoked, 'refund']] as const) {
      const view = await world.until(access, ({ states }) => states.includes('expired'))
      expect(view.context).toMatchObject({ endReason })
      expect(nas.logins.find(`${access.id}-1`)).toBeUndefined()
    }
  })

  it('waits for a router that is out of reach, and holds nobody else up', async () => {
    const access = await online()
    nas.behave('silence')
    await send(access, { type: 'session.close', reason: 'abuse' })
    await vi.waitFor(async () => expect((await world.session(access)).effects).toMatchObject([{ status: 'retrying', lastError: { message: 'no answer from router 127.0.0.1' } }]), { timeout: 5_000, interval: 20 })
    expect((await world.session(access)).states).toEqual(['disconnecting'])
    const other = await world.sell()
    expect((await world.login(other, 'A8:BB:CC:00:00:0A')).code).toBe('Access-Accept')
    expect(await world.rows('select from radius.radcheck where username = $1', [access.username])).toEqual([])
    nas.behave('router')
    await world.until(access, ({ states }) => states.includes('expired'))
    expect(nas.logins.find(`${access.id}-1`)).toBeUndefined()
  })

  it('a session that the router has lost is over, though no Stop ever came', async () => {
    const access = await online()
    nas.logins.remove(`${access.id}-1`)
    await send(access, { type: 'session.close', reason: 'abuse' })
    await world.until(access, ({ states, context }) => states.includes('expired') && (context as { online: unknown[] }).online.length === 0)
    expect(await world.rows('select acctterminatecause as cause from radius.radacct where username = $1 and acctstoptime is not null', [access.username])).toEqual([{ cause: 'Lost-Carrier' }])
  })

  it('whoever turns up after the end is cut off, too', async () => {
    const access = await world.sell()
    await send(access, { type: 'session.close', reason: 'abuse' })
    await world.until(access, ({ states }) => states.includes('expired'))
    nas.logins.add({ username: access.username, session: `${access.id}-1` })
    await world.account('Start', { 'User-Name': access.username, 'Acct-Session-Id': `${access.id}-1`, 'NAS-IP-Address': '127.0.0.1' })
    await nas.until(({ attributes, answer }) => attributes['User-Name'] === access.username && answer === 'ACK')
  })

  it('a kick cuts off and leaves the access as it is', async () => {
    const access = await online()
    await send(access, { type: 'session.kick', reason: 'stuck' })
    await world.until(access, ({ states }) => states.includes('online') && nas.logins.find(`${access.id}-1`) === undefined)
    await stop(access)
    await world.until(access, ({ states }) => states.includes('ready'))
    expect((await world.login(access, 'A8:BB:CC:00:00:0A')).code).toBe('Access-Accept')
  })
})

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}
