/** A subscription on the real FreeRADIUS: in with its speed, slow in grace, refused when nobody pays; and what open sessions are told of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SubscriptionContext } from '../../../machines/subscription/context.ts'
import type { ActorView } from '../../../runtime/index.ts'
import { startNas, type Nas } from '../../../sandbox/nas/index.ts'
import { SECRET, startRadiusWorld, type RadiusWorld, type Sold } from '../../support/freeradius/world.ts'

const DEVICE = 'A8:BB:CC:00:00:0A'
const GRACE = { graceSeconds: 3_600, graceUploadKbps: 256, graceDownloadKbps: 512 }
const FULL = { 'Mikrotik-Rate-Limit': '5M/10M', 'Acct-Interim-Interval': '300' }
const SLOW = { 'Mikrotik-Rate-Limit': '256k/512k' }

describe.each(['sql', 'rest'] as const)('a subscription by %s', (way) => {
  let world: RadiusWorld
  let nas: Nas
  beforeAll(async () => {
    nas = await startNas({ secret: SECRET })
    world = await startRadiusWorld(way)
    await world.rows('update radius.nas set coa_port = $1', [nas.coaPort])
  }, 90_000)
  afterAll(async () => {
    await world.end()
    await nas.stop()
  })

  let payments = 0
  const tell = ({ id }: Sold, event: { type: string; [field: string]: unknown }) => world.runtime.send({ type: 'subscription', id }, event)
  const pay = (access: Sold) => tell(access, { type: 'subscription.pay', paymentId: `pay_s${++payments}`, amount: 1_000, currency: 'KES', receipt: null, paidAt: 0 })
  const endPaidTime = (access: Sold) => tell(access, { type: 'subscription.changeExpiry', expiresAt: new Date(0).toISOString(), reason: 'over' })
  const usage = ({ context }: ActorView) => (context as SubscriptionContext).usage
  async function until({ id }: Sold, fits: (view: ActorView) => boolean): Promise<ActorView> {
    const view = await world.runtime.waitFor({ type: 'subscription', id }, fits, { timeoutMs: 15_000 })
    if (view === undefined) throw new Error(`it did not come to that: ${JSON.stringify(await world.runtime.get({ type: 'subscription', id }))}`)
    return view
  }
  const inStates = (access: Sold, ...states: string[]) => until(access, (view) => states.every((state) => view.states.includes(state)))
  const account = ({ username }: Sold, session: string, kind: 'Start' | 'Interim-Update', bytes = 0) =>
    world.account(kind, { 'User-Name': username, 'Acct-Session-Id': session, 'Calling-Station-Id': DEVICE, 'NAS-IP-Address': '127.0.0.1', 'Acct-Session-Time': 5, 'Acct-Output-Octets': bytes })
  async function online(access: Sold): Promise<string> {
    const session = `${access.id}-1`
    nas.logins.add({ username: access.username, session })
    await account(access, session, 'Start')
    await until(access, (view) => usage(view).online.length === 1)
    return session
  }
  const told = (access: Sold, code: string, attributes: Record<string, string>) =>
    nas.until((request) => {
      const vendor = (request.attributes['Vendor-Specific'] ?? {}) as Record<string, unknown>
      return request.code === code && request.attributes['User-Name'] === access.username && Object.entries(attributes).every(([name, value]) => vendor[name] === value)
    })

  it('is let in at full speed when it is paid, slowly in grace, and not before or after', async () => {
    const access = await world.subscribe({ ...GRACE })
    expect((await world.login(access, DEVICE)).code).toBe('Access-Reject')
    await pay(access)
    expect(await world.login(access, DEVICE)).toMatchObject({ code: 'Access-Accept', attributes: FULL })
    await endPaidTime(access)
    await inStates(access, 'service.grace')
    expect(await world.login(access, DEVICE)).toMatchObject({ code: 'Access-Accept', attributes: { ...SLOW, 'Mikrotik-Address-List': 'standing-grace' } })
    await tell(access, { type: 'subscription.terminate', reason: 'moved away' })
    expect((await world.login(access, DEVICE)).code).toBe('Access-Reject')
  })

  it('is refused when it is suspended, and let in again with the payment', async () => {
    const access = await world.subscribe({})
    await pay(access)
    await endPaidTime(access)
    await inStates(access, 'service.suspended')
    expect((await world.login(access, DEVICE)).code).toBe('Access-Reject')
    await pay(access)
    const { code, attributes } = await world.login(access, DEVICE)
    expect([code, attributes]).toMatchObject(['Access-Accept', FULL])
    expect(attributes).not.toHaveProperty('Mikrotik-Address-List')
  })

  it('open sessions are slowed down in grace, brought back by the payment, and ended by a suspension', async () => {
    const access = await world.subscribe({ ...GRACE })
    await pay(access)
    const session = await online(access)
    await endPaidTime(access)
    await told(access, 'CoA-Request', { ...SLOW, 'Mikrotik-Address-List': 'standing-grace' })
    await inStates(access, 'service.grace', 'access.settled')
    await pay(access)
    await told(access, 'CoA-Request', { 'Mikrotik-Rate-Limit': '5M/10M', 'Mikrotik-Address-List': 'standing-active' })
    await inStates(access, 'service.active', 'access.settled')
    await tell(access, { type: 'subscription.suspend', block: 'abuse', reason: 'spam' })
    await told(access, 'Disconnect-Request', {})
    await inStates(access, 'access.settled')
    expect(nas.logins.find(session)).toBeUndefined()
  })

  it('is slowed down when its data is used up, or cut off where there is no slow speed', async () => {
    const [slow, off] = [await world.subscribe({ ...GRACE, dataBytes: 1_000 }), await world.subscribe({ dataBytes: 1_000 })]
    for (const access of [slow, off]) {
      await pay(access)
      const session = await online(access)
      await account(access, session, 'Interim-Update', 1_200)
      expect(usage(await inStates(access, 'data.usedUp', 'access.settled')).downloadBytes).toBe(1_200)
    }
    await told(slow, 'CoA-Request', { ...SLOW, 'Mikrotik-Address-List': 'standing-active' })
    expect(await world.login(slow, DEVICE)).toMatchObject({ code: 'Access-Accept', attributes: SLOW })
    await told(off, 'Disconnect-Request', {})
    expect((await world.login(off, DEVICE)).code).toBe('Access-Reject')
    // A payment brings the data of the next term forward (S17), and the next term has data in any case (S14).
    await pay(off)
    expect(await world.login(off, DEVICE)).toMatchObject({ code: 'Access-Accept', attributes: { 'Mikrotik-Total-Limit': '1000' } })
    await pay(slow)
    await told(slow, 'CoA-Request', { 'Mikrotik-Rate-Limit': '5M/10M', 'Mikrotik-Address-List': 'standing-active' })
    await endPaidTime(off)
    await inStates(off, 'service.suspended')
    await pay(off)
    expect(await world.login(off, DEVICE)).toMatchObject({ code: 'Access-Accept', attributes: { 'Mikrotik-Total-Limit': '1000' } })
  })

  it('is bound to its devices until staff let others in', async () => {
    const access = await world.subscribe({ devices: 1 })
    await pay(access)
    expect((await world.login(access, DEVICE)).code).toBe('Access-Accept')
    await world.rows('delete from radius.admissions where username = $1', [access.username])
    expect((await world.login(access, 'A8:BB:CC:00:00:0B')).code).toBe('Access-Reject')
    await tell(access, { type: 'subscription.changeDevice', reason: 'a new router' })
    await inStates(access, 'access.settled')
    expect((await world.login(access, 'A8:BB:CC:00:00:0B')).code).toBe('Access-Accept')
  })
})
