import { describe, expect, it } from 'vitest'
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

describe('another device', () => {
  it('is let in, and whoever is online is logged out', () => {
    const asking = told(paid(), { type: 'subscription.changeDevice', reason: 'a new router' }) as Life
    expect([asking.call?.input, contextOf(asking).deviceGeneration]).toEqual([{ username: '12345674', change: { kind: 'disconnect' } }, 2])
    expect(statesOf(answered(asking))).toContain('access.settled')
    expect(told(tell(asking, { type: 'subscription.terminate', reason: 'x' }), { type: 'subscription.changeDevice', reason: 'x' })).toBeUndefined()
  })
})
