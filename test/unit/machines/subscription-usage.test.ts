import { describe, expect, it } from 'vitest'
import { balanceOf } from '../../../machines/subscription/context.ts'
import { answered, begin, contextOf, DAY_MS, elapse, HOME, inputOf, iso, kindsOf, pay, serviceOf, START, statesOf, tell, told, type Life } from './subscription.fixture.ts'

const PRICE = HOME.amount
const paid = (input = inputOf()): Life => pay(begin(input), input.plan.amount)
const change = (plan: object, at: string) => ({ type: 'subscription.changePackage', package: plan, at })

const GIB = 2 ** 30
const DATA = { ...HOME, dataBytes: 10 * GIB }
const CUT_OFF = { ...DATA, graceSeconds: 0, graceUploadKbps: null, graceDownloadKbps: null }
const login = { id: 's-1', device: 'A8:BB:CC:00:00:0A', nas: '10.8.0.2', ip: '10.5.50.2', since: START }
let revision = 0
const account = (totalBytes: number, online = [login]) => {
  revision += 1
  return { type: 'subscription.account', revision, online, uploadBytes: GIB / 4, downloadBytes: totalBytes - GIB / 4, logins: 1 }
}
const grantOf = (life: Life) => contextOf(life).access.applied

describe('S14, S15, S16: what is used', () => {
  it('is known as a whole; what was overtaken tells nothing', () => {
    const [old, news] = [account(GIB, []), account(2 * GIB)]
    const life = tell(paid(), news)
    expect(contextOf(life).usage).toMatchObject({ online: [login], uploadBytes: GIB / 4, downloadBytes: 1.75 * GIB, logins: 1, at: START })
    expect(told(life, old)).toBeUndefined()
    expect(told(life, news)).toBeUndefined()
  })

  it('slows down who has used up the data of the term, until the next begins', () => {
    const life = tell(pay(pay(begin(inputOf({ plan: DATA })), PRICE), PRICE), account(9 * GIB))
    expect([statesOf(life)[5], grantOf(life).level]).toEqual(['data.within', 'full'])
    const usedUp = tell(elapse(life, DAY_MS), account(10 * GIB))
    expect([statesOf(usedUp)[5], serviceOf(usedUp)]).toEqual(['data.usedUp', 'active'])
    expect(grantOf(usedUp)).toMatchObject({ level: 'slowed', uploadKbps: HOME.graceUploadKbps, downloadKbps: HOME.graceDownloadKbps })
    expect(usedUp.facts[0]).toMatchObject({ type: 'subscription.dataUsedUp', usedBytes: 10 * GIB, consequence: 'slowed', termEndsAt: Date.UTC(2026, 1, 1, 9) })
    const next = tell(elapse(usedUp, 31 * DAY_MS), account(19 * GIB))
    expect([statesOf(next)[5], grantOf(next).level]).toEqual(['data.within', 'full'])
    expect(statesOf(tell(next, account(20 * GIB)))[5]).toBe('data.usedUp')
  })

  it('cuts off who has used up the data of a package without a slow speed, and cuts off whoever turns up', () => {
    const life = tell(paid(inputOf({ plan: CUT_OFF })), account(10 * GIB))
    expect([grantOf(life), life.facts[0]]).toMatchObject([{ level: 'none' }, { type: 'subscription.dataUsedUp', consequence: 'cut-off' }])
    expect(statesOf(life)).toContain('service.active')
    const asking = told(life, account(10 * GIB)) as Life
    expect(asking.call?.input).toEqual({ username: '12345674', change: { kind: 'disconnect' } })
    expect(told(answered(asking), account(10 * GIB, []))?.call).toBeUndefined()
    const off = elapse(life, 40 * DAY_MS)
    expect([serviceOf(off), grantOf(off).level]).toEqual(['suspended', 'none'])
    expect([grantOf(pay(off, PRICE)).level, kindsOf(pay(off, PRICE).facts)]).toEqual(['full', ['paid', 'renewed', 'noticesVoid', 'restored']])
  })

  it('counts anew with another package, and no more with one without limits', () => {
    const usedUp = tell(paid(inputOf({ plan: DATA })), account(10 * GIB))
    const now = elapse(usedUp, DAY_MS)
    expect(grantOf(tell(now, change({ ...DATA, id: 'more' }, iso(now.now)))).level).toBe('full')
    const unlimited = tell(now, change({ ...HOME, dataBytes: null }, iso(now.now)))
    expect([statesOf(unlimited)[5], grantOf(unlimited).level]).toEqual(['data.unlimited', 'full'])
  })

  it('goes on in grace as far as the data of the term goes', () => {
    const grace = elapse(tell(paid(inputOf({ plan: DATA })), account(10 * GIB)), 32 * DAY_MS)
    expect([serviceOf(grace), grantOf(grace).level, statesOf(grace)[5]]).toEqual(['grace', 'throttled', 'data.unlimited'])
  })
})

describe('S17: a payment while the data is used up', () => {
  const usedUp = (plan: object = CUT_OFF) => tell(elapse(paid(inputOf({ plan: plan as never })), 9 * DAY_MS), account(10 * GIB))
  const END = [Date.UTC(2026, 1, 1, 9), Date.UTC(2026, 2, 1, 9), Date.UTC(2026, 3, 1, 9)]
  const seen = (life: Life) => [statesOf(life)[5], grantOf(life).level]
  const revoke = (life: Life, index: number, amount = PRICE) => tell(life, { type: 'subscription.revokePayment', paymentId: contextOf(life).payments[index]?.id, amount, reason: 'x' })

  it('brings the data of the term that it buys forward, for all the time to its end, and loses no day', () => {
    const life = pay(usedUp(), PRICE)
    expect([...seen(life), contextOf(life).expiresAt]).toEqual(['data.within', 'full', END[1]])
    expect(kindsOf(life.facts)).toEqual(['paid', 'renewed', 'noticesVoid', 'dataRestored'])
    expect(life.facts.find(({ type }) => type === 'subscription.noticesVoid')).toMatchObject({ notices: [expect.stringMatching(/^data-/)] })
    // Not given once more when its own time begins.
    const later = tell(elapse(life, 40 * DAY_MS), account(19 * GIB))
    expect(seen(later)).toEqual(['data.within', 'full'])
    expect(seen(tell(later, account(20 * GIB)))).toEqual(['data.usedUp', 'none'])
    expect(serviceOf(elapse(later, 30 * DAY_MS))).toBe('suspended')
  })

  it('is enough when it makes up the rest of a term; before, nothing changes', () => {
    const half = pay(usedUp(DATA), PRICE / 2)
    expect(seen(half)).toEqual(['data.usedUp', 'slowed'])
    expect(seen(pay(half, PRICE / 2))).toEqual(['data.within', 'full'])
  })

  it('takes the next term of several that were paid for, and again the one after', () => {
    const ahead = pay(usedUp(), PRICE)
    const again = pay(tell(elapse(ahead, DAY_MS), account(20 * GIB)), PRICE)
    expect([...seen(again), contextOf(again).expiresAt]).toEqual(['data.within', 'full', END[2]])
    expect(contextOf(again).armed.quota).toBe(END[2])
    expect(seen(tell(again, account(29 * GIB)))).toEqual(['data.within', 'full'])
    const before = tell(pay(paid(inputOf({ plan: CUT_OFF })), PRICE), account(10 * GIB))
    expect(seen(before)).toEqual(['data.usedUp', 'none'])
    const third = pay(before, PRICE)
    expect([...seen(third), contextOf(third).armed.quota]).toEqual(['data.within', 'full', END[1]])
    // The third month has its own.
    expect(seen(tell(elapse(tell(third, account(20 * GIB)), 60 * DAY_MS), account(29 * GIB)))).toEqual(['data.within', 'full'])
  })

  it('S6: takes the data back with the money', () => {
    const back = revoke(pay(usedUp(), PRICE), 1)
    expect([...seen(back), contextOf(back).expiresAt, balanceOf(contextOf(back))]).toEqual(['data.usedUp', 'none', END[0], 0])
    const twice = revoke(pay(tell(elapse(pay(usedUp(), PRICE), DAY_MS), account(20 * GIB)), PRICE), 2)
    expect([...seen(twice), contextOf(twice).expiresAt]).toEqual(['data.usedUp', 'none', END[1]])
    const both = revoke(twice, 1)
    expect([...seen(both), contextOf(both).expiresAt]).toEqual(['data.usedUp', 'none', END[0]])
    const next = pay(elapse(both, 30 * DAY_MS), PRICE)
    expect(seen(next)).toEqual(['data.within', 'full'])
  })

  it('S7: gives one allowance of another package for the time of both', () => {
    const life = pay(usedUp(), PRICE)
    const other = tell(life, change({ ...CUT_OFF, id: 'other' }, iso(life.now)))
    expect([contextOf(other).terms.length, contextOf(other).armed.quota]).toEqual([2, contextOf(other).expiresAt])
    const used = tell(other, account(20 * GIB))
    expect(seen(used)).toEqual(['data.usedUp', 'none'])
    expect(seen(elapse(used, 30 * DAY_MS))).toEqual(['data.usedUp', 'none'])
  })

  it('leaves the data of an agreed change for its own time', () => {
    const agreed = tell(usedUp(), change({ ...CUT_OFF, id: 'more', dataBytes: 50 * GIB }, 'term-end'))
    const life = pay(agreed, PRICE)
    expect([...seen(life), contextOf(life).expiresAt]).toEqual(['data.usedUp', 'none', END[1]])
    expect(seen(elapse(life, 30 * DAY_MS))).toEqual(['data.within', 'full'])
  })

  it('brings nothing forward while there is data', () => {
    const life = pay(tell(paid(inputOf({ plan: CUT_OFF })), account(9 * GIB)), PRICE)
    expect(seen(tell(life, account(10 * GIB)))).toEqual(['data.usedUp', 'none'])
    expect(seen(tell(elapse(life, 32 * DAY_MS), account(18 * GIB)))).toEqual(['data.within', 'full'])
  })
})

describe('another device', () => {
  it('is let in, and whoever is online is logged out', () => {
    const asking = told(paid(), { type: 'subscription.changeDevice', reason: 'a new router' }) as Life
    expect([asking.call?.input, contextOf(asking).deviceGeneration]).toEqual([{ username: '12345674', change: { kind: 'disconnect' } }, 2])
    expect(statesOf(answered(asking))).toContain('access.settled')
    expect(told(tell(asking, { type: 'subscription.terminate', reason: 'x' }), { type: 'subscription.changeDevice', reason: 'x' })).toBeUndefined()
  })
})
