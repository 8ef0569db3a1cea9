/** A customer without access: whoever has the password hears why, a stranger nothing, and nobody gets in; on the real FreeRADIUS, both ways alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SubscriptionPlan } from '../../../machines/plan.ts'
import { radclient, type Attributes, type Reply } from '../../support/freeradius/radclient.ts'
import { SECRET, startRadiusWorld, type RadiusWorld, type Sold } from '../../support/freeradius/world.ts'

const DEVICE = 'A8:BB:CC:00:00:0A'
/** With a comma in its words, which FreeRADIUS escapes on its way into SQL. */
const PRICE = 105_000

describe.each(['sql', 'rest'] as const)('a customer without access by %s', (way) => {
  let world: RadiusWorld
  beforeAll(async () => {
    world = await startRadiusWorld(way)
  }, 90_000)
  afterAll(() => world.end())

  let payments = 0
  const tell = ({ id }: Sold, event: { type: string; [field: string]: unknown }) => world.runtime.send({ type: 'subscription', id }, event)
  const pay = (access: Sold, amount = PRICE) => tell(access, { type: 'subscription.pay', paymentId: `pay_w${++payments}`, amount, currency: 'KES', receipt: null, paidAt: 0 })
  const endPaidTime = (access: Sold) => tell(access, { type: 'subscription.changeExpiry', expiresAt: new Date(0).toISOString(), reason: 'over' })
  async function subscriber(plan: Partial<SubscriptionPlan> = {}): Promise<Sold> {
    const access = await world.subscribe({ amount: PRICE, ...plan })
    await pay(access)
    return access
  }
  const use = (access: Sold, bytes: number) =>
    world.account('Interim-Update', { 'User-Name': access.username, 'Acct-Session-Id': `${access.id}-1`, 'Calling-Station-Id': DEVICE, 'Acct-Session-Time': 5, 'Acct-Output-Octets': bytes })

  const ask = (access: Sold, attributes: Attributes) => radclient({ port: world.freeradius.authPort, secret: SECRET, kind: 'auth' }, { 'User-Name': access.username, 'Calling-Station-Id': DEVICE, ...attributes })
  const BY = {
    PAP: (access: Sold) => ask(access, { 'User-Password': access.password }),
    CHAP: (access: Sold) => ask(access, { 'CHAP-Password': access.password }),
  }
  const reasonsOf = async ({ username }: Sold) => (await world.business.traces.attempts([username], 20)).toReversed().map(({ reply, reason }) => ({ reply, reason }))
  const refusedWith = (words: string | undefined): Reply => ({
    code: 'Access-Reject',
    attributes: { 'Message-Authenticator': expect.stringMatching(/^0x/) as string, ...(words === undefined ? {} : { 'Reply-Message': words }) },
  })
  const pays = (amount: string, { username }: Sold) => `Pay ${amount} to account ${username}`

  const CASES: [name: string, bring: (access: Sold) => Promise<unknown>, words: (access: Sold) => string][] = [
    ['suspended', endPaidTime, (access) => `Your connection is off. ${pays('KES 1,050', access)} and you are back online at once.`],
    ['blocked by staff, whatever they wrote', (access) => tell(access, { type: 'subscription.suspend', block: 'abuse', reason: 'sends spam' }), () => 'Your access is held back. Please contact us.'],
    ['terminated', (access) => tell(access, { type: 'subscription.terminate', reason: 'did not pay for years' }), () => 'Your subscription has ended. Please contact us.'],
    [
      'suspended with a part paid already',
      async (access) => {
        await endPaidTime(access)
        await pay(access, 45_000)
      },
      (access) => `Your connection is off. ${pays('KES 600', access)} and you are back online at once.`,
    ],
  ]

  it.each(CASES)('%s hears why with the password, and no more than anybody without it', async (_name, bring, words) => {
    const access = await subscriber()
    expect((await world.login(access, DEVICE)).code).toBe('Access-Accept')
    await bring(access)
    for (const login of Object.values(BY)) {
      expect(await login(access)).toEqual(refusedWith(words(access)))
      expect(await login({ ...access, password: 'wrong' })).toEqual(refusedWith(undefined))
      expect(await login({ ...access, username: '99999999' })).toEqual(refusedWith(undefined))
    }
    const told = { reply: 'Access-Reject', reason: words(access) }
    const wrong = { reply: 'Access-Reject', reason: 'The password was wrong.' }
    expect(await reasonsOf(access)).toEqual([{ reply: 'Access-Accept', reason: null }, told, wrong, told, wrong])
  })

  it('who has not paid yet hears what to pay', async () => {
    const access = await world.subscribe({ amount: PRICE })
    expect(await BY.CHAP(access)).toEqual(refusedWith(`Your connection starts when it is paid. ${pays('KES 1,050', access)}.`))
  })

  it('whose data is used up hears it from the counters first, and what to pay when the subscription knows', async () => {
    const access = await subscriber({ dataBytes: 1_000 })
    const isTold = () => world.runtime.waitFor({ type: 'subscription', id: access.id }, ({ states }) => states.includes('data.usedUp'), { timeoutMs: 15_000 })
    await use(access, 1_200)
    expect(await isTold()).toBeDefined()
    const words = `Your data is used up. ${pays('KES 1,050', access)} for new data at once.`
    expect(await BY.PAP(access)).toEqual(refusedWith(words))
    expect(await BY.CHAP({ ...access, password: 'wrong' })).toEqual(refusedWith(undefined))
    await pay(access)
    expect((await world.login(access, DEVICE)).code).toBe('Access-Accept')

    // Of a guest, whose rows are still there: counted, and not told to anybody yet.
    const guest = await world.sell({ dataBytes: 1_000 })
    await world.rows('alter table radius.radacct disable trigger note_change')
    await use(guest, 1_200)
    await world.rows('alter table radius.radacct enable trigger note_change')
    expect(await BY.PAP({ ...guest, password: 'wrong' })).toEqual(refusedWith(undefined))
    expect(await BY.PAP(guest)).toEqual(refusedWith('Your data is used up.'))
    expect(await BY.CHAP(guest)).toEqual(refusedWith('Your data is used up.'))
  })

  it('a row that was left behind past its end says so to its owner only', async () => {
    const access = await subscriber()
    await world.rows(`update radius.radcheck set value = $2 where username = $1 and attribute = 'Expiration'`, [access.username, String(Math.floor(Date.now() / 1_000) - 1)])
    for (const login of Object.values(BY)) {
      expect(await login({ ...access, password: 'wrong' })).toEqual(refusedWith(undefined))
      expect(await login(access)).toEqual(refusedWith('Your access has ended.'))
    }
  })

  it('another device hears that it is another only with the password', async () => {
    const access = await subscriber({ devices: 1 })
    expect((await world.login(access, DEVICE)).code).toBe('Access-Accept')
    expect(await world.login({ ...access, password: 'wrong' }, 'A8:BB:CC:00:00:0B')).toEqual(refusedWith(undefined))
    expect(await world.login(access, 'A8:BB:CC:00:00:0B')).toEqual(refusedWith('This access belongs to another device. Ask us to move it.'))
  })

  it('no other way of asking lets anybody in either: no password, an empty one, MS-CHAP', async () => {
    const access = await subscriber()
    await endPaidTime(access)
    const asked: Attributes[] = [{}, { 'User-Password': '' }, { 'MS-CHAP-Password': access.password }, { 'User-Password': '', 'User-Name': '99999999' }]
    for (const attributes of asked) expect(await ask(access, attributes)).toEqual(refusedWith(undefined))
    // Nor has a refused login bound a device, kept a place, or left a row that a stock configuration would take for access.
    await BY.PAP(access)
    for (const table of ['devices', 'admissions', 'radcheck', 'live_radcheck']) expect(await world.rows(`select from radius.${table} where username = $1`, [access.username])).toEqual([])
  })

  it('a payment brings access back with all its limits, and a new password is the one that is compared', async () => {
    const access = await subscriber()
    await endPaidTime(access)
    await tell(access, { type: 'subscription.renewPassword', reason: 'forgotten' })
    const [{ password = '' } = {}] = await world.rows<{ password: string }>('select password from radius.held_back where username = $1', [access.username])
    expect(password).not.toBe(access.password)
    expect(await BY.CHAP(access)).toEqual(refusedWith(undefined))
    expect((await BY.CHAP({ ...access, password })).attributes).toHaveProperty('Reply-Message')
    await pay(access)
    expect(await BY.CHAP({ ...access, password })).toMatchObject({ code: 'Access-Accept', attributes: { 'Mikrotik-Rate-Limit': '5M/10M', 'Session-Timeout': expect.stringMatching(/^3[56]\d\d$/) as string } })
    expect(await world.rows('select from radius.held_back where username = $1', [access.username])).toEqual([])
  })
})

/** A site that somebody has made for himself, which asks us and knows nothing of reasons: no post-auth, nothing beyond the password. */
const BARE = (asks: string) => `server bare {
	listen {
		type = auth
		ipaddr = *
		port = 1812
	}
	authorize {
		chap
		update control {
			&REST-HTTP-Header := "Authorization: Bearer $ENV{RADIUS_REST_TOKEN}"
		}
		${asks}
		pap
	}
	authenticate {
		Auth-Type PAP {
			pap
		}
		Auth-Type CHAP {
			chap
		}
	}
}
`

describe.each(['sql', 'rest'] as const)('a FreeRADIUS that was set up otherwise, by %s', (way) => {
  let world: RadiusWorld
  beforeAll(async () => {
    world = await startRadiusWorld(way, { files: { 'sites-enabled/standing': BARE(way) } })
  }, 90_000)
  afterAll(() => world.end())

  it('refuses who has no access, too, whatever the password', async () => {
    const access = await world.subscribe({ amount: PRICE })
    const login = (attributes: Attributes) => radclient({ port: world.freeradius.authPort, secret: SECRET, kind: 'auth' }, { 'User-Name': access.username, ...attributes })
    const ways: Attributes[] = [{ 'User-Password': access.password }, { 'CHAP-Password': access.password }]
    const codes = async () => (await Promise.all(ways.map(login))).map(({ code }) => code)
    expect(await codes()).toEqual(['Access-Reject', 'Access-Reject'])
    const pay = (paymentId: string) => world.runtime.send({ type: 'subscription', id: access.id }, { type: 'subscription.pay', paymentId, amount: PRICE, currency: 'KES', receipt: null, paidAt: 0 })
    await pay('pay_b1')
    expect(await codes()).toEqual(['Access-Accept', 'Access-Accept'])
    await world.runtime.send({ type: 'subscription', id: access.id }, { type: 'subscription.suspend', block: 'abuse', reason: 'spam' })
    expect(await codes()).toEqual(['Access-Reject', 'Access-Reject'])
  })
})
