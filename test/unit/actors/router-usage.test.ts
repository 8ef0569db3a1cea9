/** What is counted of a router's own users, read from a played router that counts as the real ones do. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { usageOf, type Counted, type LoginUsage, type Usage } from '../../../actors/router/usage.ts'
import { userComment } from '../../../actors/router/user-comment.ts'
import type { RouterRecord } from '../../../sandbox/routeros/record.ts'
import { PlayedRouter } from '../../../sandbox/routeros/router.ts'

const RECORD = userComment('asha', 'secret').slice('standing:user:'.length)
const PHONE = { user: 'asha', password: 'secret', mac: 'A8:BB:CC:00:00:0A', address: '10.5.50.2' }
const LAPTOP = { ...PHONE, mac: 'A8:BB:CC:00:00:0B', address: '10.5.50.3' }

function world() {
  let now = 0
  const router = new PlayedRouter(() => now)
  router.add('/ip/hotspot/user/profile', { name: 'two', 'shared-users': '2' })
  const addUser = (): RouterRecord => router.add('/ip/hotspot/user', { name: 'asha', password: 'secret', profile: 'two', comment: userComment('asha', 'secret') })
  let counted: Counted = { revision: 0, records: [], logins: [] }
  const logins = new Map<string, LoginUsage>()
  const copy = (menu: string): RouterRecord[] => router.list(menu).map((record) => ({ ...record }))
  /** @param between what happens after the users were read, and before the logins are */
  function look(between: () => void = () => undefined): Usage {
    const users = copy('/ip/hotspot/user')
    between()
    const usage = usageOf(counted, users, copy('/ip/hotspot/active'), now)
    counted = { revision: counted.revision + 1, records: usage.records, logins: usage.logins.filter(({ isOver }) => !isOver) }
    for (const login of usage.logins) logins.set(login.id, login)
    now += 1_000
    return usage
  }
  look()
  addUser()
  look()
  return {
    router, look, logins, addUser,
    pass: (seconds: number) => void (now += seconds * 1_000),
    end: (login: RouterRecord) => router.remove('/ip/hotspot/active', login['.id'] ?? ''),
    total: () => [...logins.values()].reduce((sum, { upload, download }) => sum + upload + download, 0),
  }
}

describe('the use of a router’s own users', () => {
  it('is seen while the login lasts, by login and direction', () => {
    const { router, look, logins, pass } = world()
    const phone = router.logIn(PHONE)
    router.use(phone, { upload: 10, download: 100 })
    pass(60)
    look()
    router.use(phone, { download: 50 })
    pass(60)
    expect(look().lives.get(RECORD)).toBe(160)
    expect([...logins.values()]).toEqual([{ id: expect.any(String) as string, record: RECORD, username: 'asha', mac: PHONE.mac, ip: PHONE.address, seconds: 121, upload: 10, download: 150, isOver: false }])
  })

  it('holds what a login used after the last look at it, and logins that no look has seen', () => {
    const { router, look, logins, end, total } = world()
    const phone = router.logIn(PHONE)
    router.use(phone, { download: 100 })
    look()
    router.use(phone, { download: 23 })
    end(phone)
    look()
    expect([...logins.values()]).toMatchObject([{ download: 123, isOver: true }])
    const laptop = router.logIn(LAPTOP)
    router.use(laptop, { upload: 7 })
    end(laptop)
    look()
    expect([...logins.values()]).toMatchObject([{ download: 123 }, { upload: 7, mac: null, isOver: true }])
    look()
    expect(total()).toBe(130)
  })

  it('counts a login once that ends while it is being looked at', () => {
    const { router, look, end, total } = world()
    const phone = router.logIn(PHONE)
    router.use(phone, { download: 100 })
    look()
    // Neither in the counters that were read, nor among the logins: what is known of it is owed.
    expect(look(() => end(phone)).lives.get(RECORD)).toBe(100)
    expect(look().lives.get(RECORD)).toBe(100)
    expect(total()).toBe(100)
  })

  it('does not wait for what a power cut has taken', () => {
    const { router, look, end, total } = world()
    router.use(router.logIn(PHONE), { download: 100 })
    look()
    router.powerCut()
    look()
    look()
    const again = router.logIn(PHONE)
    router.use(again, { download: 30 })
    end(again)
    expect(look().lives.get(RECORD)).toBe(30)
    expect(total()).toBe(130)
  })

  it('begins anew with a record that is made anew, and after its counters were reset', () => {
    const { router, look, end, total, addUser } = world()
    const [user = {}] = router.list('/ip/hotspot/user')
    const use = (download: number): void => {
      const login = router.logIn(PHONE)
      router.use(login, { download })
      end(login)
      look()
    }
    use(100)
    router.remove('/ip/hotspot/user', user['.id'] ?? '')
    look()
    const made = addUser()
    use(300)
    Object.assign(made, { 'bytes-in': '0', 'bytes-out': '0' })
    use(20)
    expect(total()).toBe(420)
  })

  it('leaves out what was used before we began to count, and whom RADIUS let in', () => {
    const user = { name: 'asha', comment: userComment('asha', 'secret'), 'bytes-in': '5', 'bytes-out': '5' }
    const byRadius = { user: 'asha', radius: 'true', 'bytes-in': '7' }
    const usage = usageOf({ revision: 0, records: [], logins: [] }, [user, { name: 'of-the-owner', 'bytes-in': '9' }], [byRadius], 0)
    expect([usage.logins, usage.lives]).toEqual([[], new Map([[RECORD, 10]])])
  })

  it('is exact in the end, whatever happens between looks', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('use' as const), device: fc.nat(1), bytes: fc.nat(1_000) }),
      fc.record({ do: fc.constant('end' as const), device: fc.nat(1) }),
      fc.record({ do: fc.constant('look' as const), ends: fc.option(fc.nat(1)) }),
      fc.record({ do: fc.constant('pass' as const), seconds: fc.nat(400) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { router, look, end, pass, total } = world()
        const online = (device: number): RouterRecord | undefined => router.list('/ip/hotspot/active').find((login) => login['mac-address'] === [PHONE, LAPTOP][device]?.mac)
        const endIt = (device: number): void => {
          const login = online(device)
          if (login !== undefined) end(login)
        }
        let used = 0
        for (const one of steps) {
          if (one.do === 'pass') pass(one.seconds)
          else if (one.do === 'end') endIt(one.device)
          else if (one.do === 'look') look(() => one.ends !== null && endIt(one.ends))
          else {
            router.use(online(one.device) ?? router.logIn([PHONE, LAPTOP][one.device] ?? PHONE), { download: one.bytes })
            used += one.bytes
          }
        }
        for (const device of [0, 1]) endIt(device)
        look()
        look()
        expect(total()).toBe(used)
      }),
      { numRuns: 500 },
    )
  })
})
