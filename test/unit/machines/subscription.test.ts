import { describe, expect, it } from 'vitest'
import { balanceOf } from '../../../machines/subscription/context.ts'
import {
  answered, begin, contextOf, DAY_MS, elapse, fired as timerFired, HOME, HOUR_MS, inputOf, iso, kindsOf, local, outage, pay, payment, serviceOf, START, statesOf, tell, told, WEEK, type Life,
} from './subscription.fixture.ts'
import type { Message } from './play.ts'

const PRICE = HOME.amount
const paid = (input = inputOf()): Life => pay(begin(input), input.plan.amount)
const endOf = (life: Life) => local(contextOf(life).expiresAt, contextOf(life).timeZone)
const suspend = (block: string, more: object = {}) => ({ type: 'subscription.suspend', block, reason: 'why', ...more })
const unsuspend = (block: string) => ({ type: 'subscription.unsuspend', block, reason: 'settled' })
const revoke = (paymentId: string, amount: number) => ({ type: 'subscription.revokePayment', paymentId, amount, reason: 'reversed' })
const change = (plan: object, at = 'term-end') => ({ type: 'subscription.changePackage', package: plan, at })
const moveTo = (at: number) => ({ type: 'subscription.changeExpiry', expiresAt: iso(at), reason: 'a gift' })

describe('the first payment', () => {
  it('starts a term of a calendar month', () => {
    const life = paid()
    expect(statesOf(life)).toEqual(['service.active', 'blocks.none', 'change.none', 'reminders.armed', 'access.settled', 'data.unlimited'])
    expect(endOf(life)).toBe('2026-02-01 12:00')
    expect(kindsOf(life.story)).toEqual(['created', 'paid', 'renewed', 'activated'])
    expect(life.story[1]).toMatchObject({ accountNumber: '12345674', phone: '254708374149', amount: PRICE, expiresAt: contextOf(life).expiresAt, balance: 0 })
  })

  it('S3: may come in parts', () => {
    const half = pay(begin(), PRICE / 2)
    expect([serviceOf(half), contextOf(half).credit, kindsOf(half.facts)]).toEqual(['pending', PRICE / 2, ['paid']])
    const whole = pay(elapse(half, DAY_MS), PRICE / 2)
    expect([serviceOf(whole), contextOf(whole).credit, endOf(whole)]).toEqual(['active', 0, '2026-02-02 12:00'])
  })

  it('S13: in another currency buys nothing and is told', () => {
    const life = pay(begin(), PRICE, { currency: 'TZS' })
    expect([serviceOf(life), contextOf(life).credit]).toEqual(['pending', 0])
    expect(life.facts).toMatchObject([{ type: 'subscription.paymentUnusable', paidCurrency: 'TZS', reason: 'currency' }])
    expect(contextOf(life).unusable).toHaveLength(1)
  })

  it('counts once', () => {
    const event = payment(PRICE)
    expect(told(tell(begin(), event), event)).toBeUndefined()
  })
})

describe('S1, S2: paying early, late and too much', () => {
  it('early extends from the end of the paid time', () => {
    expect(endOf(pay(elapse(paid(), 20 * DAY_MS), PRICE))).toBe('2026-03-01 12:00')
  })

  it('late begins now', () => {
    const late = elapse(paid(), 40 * DAY_MS)
    expect(serviceOf(late)).toBe('suspended')
    const back = pay(late, PRICE)
    expect([serviceOf(back), endOf(back), kindsOf(back.facts)]).toEqual(['active', '2026-03-10 12:00', ['paid', 'renewed', 'noticesVoid', 'restored']])
  })

  it('more than a term buys one; the rest renews at the end, as often as it lasts', () => {
    const life = pay(begin(), 2 * PRICE + 100)
    expect([endOf(life), contextOf(life).credit]).toEqual(['2026-02-01 12:00', PRICE + 100])
    const renewed = elapse(life, 31 * DAY_MS)
    expect([serviceOf(renewed), endOf(renewed), contextOf(renewed).credit]).toEqual(['active', '2026-03-01 12:00', 100])
    expect(kindsOf(renewed.facts)).toEqual(['renewed'])
    expect(serviceOf(elapse(renewed, 28 * DAY_MS))).toBe('grace')
  })

  it('keeps the credit of whoever pays absurdly far ahead', () => {
    let life = paid()
    for (let i = 0; i < 30; i++) life = pay(life, PRICE)
    expect(contextOf(life).terms).toHaveLength(25)
    expect(contextOf(life).credit).toBe(6 * PRICE)
  })

  it('a renewal that we make late begins when it is made; one in time at the end of the paid time', () => {
    const life = pay(begin(), 2 * PRICE)
    expect(endOf(outage(life, 31 * DAY_MS + 30_000))).toBe('2026-03-01 12:00')
    expect(endOf(outage(life, 33 * DAY_MS))).toBe('2026-03-03 12:00')
  })
})

describe('S11: grace', () => {
  const over = () => elapse(paid(), 31 * DAY_MS)

  it('is throttled, and ends in suspension', () => {
    const life = over()
    expect([serviceOf(life), contextOf(life).access.applied]).toMatchObject(['grace', { level: 'throttled', uploadKbps: 256, downloadKbps: 512 }])
    expect(life.facts[0]).toMatchObject({ type: 'subscription.graceStarted', amountDue: PRICE, graceEndsAt: START + 34 * DAY_MS, isSlowed: true })
    const atFullSpeed = { ...inputOf(), plan: { ...inputOf().plan, graceUploadKbps: null, graceDownloadKbps: null } }
    expect(elapse(paid(atFullSpeed), 31 * DAY_MS).facts[0]).toMatchObject({ type: 'subscription.graceStarted', isSlowed: false })
    const off = elapse(life, 3 * DAY_MS)
    expect([serviceOf(off), contextOf(off).access.applied]).toEqual(['suspended', { level: 'none' }])
    expect(off.facts[0]).toMatchObject({ type: 'subscription.suspended', amountDue: PRICE })
  })

  it('comes back only with a paid term, whatever is tried', () => {
    let life = tell(over(), moveTo(START + 32 * DAY_MS))
    expect(serviceOf(life)).toBe('active')
    life = elapse(life, DAY_MS)
    expect(serviceOf(life)).toBe('suspended')
    life = pay(life, PRICE)
    expect(serviceOf(elapse(life, 29 * DAY_MS))).toBe('grace')
  })

  it('is not there where the package has none', () => {
    expect(serviceOf(elapse(paid(inputOf({ plan: { ...HOME, graceSeconds: 0 } })), 31 * DAY_MS))).toBe('suspended')
  })

  it('is over after an outage that outlasted it', () => {
    const life = outage(paid(), 60 * DAY_MS)
    expect([serviceOf(life), kindsOf(life.story)]).toEqual(['suspended', ['created', 'paid', 'renewed', 'activated', 'suspended']])
  })
})

it('R9: of payments only the newest fifty are kept', () => {
  let life = begin()
  for (let number = 0; number < 60; number++) life = pay(life, 1, { paymentId: `pay_of_${number}` })
  const { payments, credit } = contextOf(life)
  expect([payments.length, payments[0]?.id, payments.at(-1)?.id, credit]).toEqual([50, 'pay_of_10', 'pay_of_59', 60])
})

describe('S4: debts', () => {
  const charge = (amount: number, reason = 'router') => ({ type: 'subscription.charge', amount, reason })

  it('are paid first, the oldest before all', () => {
    let life = tell(tell(begin(), charge(30_000, 'installation')), charge(50_000))
    life = pay(life, 40_000)
    expect(contextOf(life).debts).toMatchObject([{ reason: 'router', amount: 40_000 }])
    life = pay(life, PRICE)
    expect([serviceOf(life), contextOf(life).credit, contextOf(life).debts]).toEqual(['pending', PRICE - 40_000, []])
    expect(serviceOf(pay(life, 40_000))).toBe('active')
  })

  it('are paid from credit at once', () => {
    const life = tell(pay(begin(), 100_000), charge(30_000))
    expect([contextOf(life).credit, contextOf(life).debts]).toEqual([70_000, []])
  })
})

describe('S6: money that goes back', () => {
  it('is taken from the credit', () => {
    const life = pay(begin(), PRICE + 1_000)
    const back = tell(life, revoke(contextOf(life).payments[0]?.id ?? '', 1_000))
    expect([serviceOf(back), contextOf(back).credit, back.facts[0]]).toMatchObject(['active', 0, { returned: 0 }])
  })

  it('then from time not used, and the rest is a debt; no grace is left', () => {
    const life = elapse(paid(), 15.5 * DAY_MS)
    const back = tell(life, revoke(contextOf(life).payments[0]?.id ?? '', PRICE))
    expect([serviceOf(back), contextOf(back).debts, balanceOf(contextOf(back))]).toMatchObject(['suspended', [{ amount: PRICE / 2 }], -PRICE / 2])
    expect(back.facts.find(({ type }) => type === 'subscription.paymentRevoked')).toMatchObject({ returned: PRICE / 2, balance: -PRICE / 2 })
    expect(contextOf(back).access.applied).toEqual({ level: 'none' })
    const again = pay(back, PRICE + PRICE / 2)
    expect([serviceOf(again), balanceOf(contextOf(again))]).toEqual(['active', 0])
  })

  it('takes a term that has not begun as a whole', () => {
    const life = pay(elapse(paid(), 10 * DAY_MS), PRICE)
    const back = tell(life, revoke(contextOf(life).payments[1]?.id ?? '', PRICE))
    expect([serviceOf(back), endOf(back), balanceOf(contextOf(back))]).toEqual(['active', '2026-02-01 12:00', 0])
  })

  it('never more than came', () => {
    const life = paid()
    const id = contextOf(life).payments[0]?.id ?? ''
    expect(told(life, revoke(id, PRICE + 1))).toBeUndefined()
    expect(told(tell(life, revoke(id, PRICE)), revoke(id, 1))).toBeUndefined()
    expect(serviceOf(tell(life, revoke('pay_of_old', 1)))).toBe('suspended')
  })
})

describe('S5, S7: a change of package', () => {
  const BIG = { ...HOME, id: 'big', name: 'Big', amount: 500_000, uploadKbps: 20_000, downloadKbps: 50_000 }

  it('at the end of the term: the agreed price counts from there', () => {
    let life = tell(paid(), change(BIG))
    expect(statesOf(life)).toContain('change.scheduled')
    life = pay(elapse(life, 10 * DAY_MS), PRICE)
    expect([endOf(life), contextOf(life).credit]).toEqual(['2026-02-01 12:00', PRICE])
    life = pay(life, PRICE)
    expect([endOf(life), contextOf(life).credit, contextOf(life).plan.id]).toEqual(['2026-03-01 12:00', 0, 'home'])
    expect(told(life, { type: 'subscription.cancelChange' })).toBeUndefined()
    expect(told(life, change(HOME))).toBeUndefined()
    life = elapse(life, 21 * DAY_MS)
    expect([statesOf(life)[2], contextOf(life).plan.id, contextOf(life).access.applied]).toMatchObject(['change.none', 'big', { uploadKbps: 20_000 }])
    expect(kindsOf(life.story)).not.toContain('graceStarted')
  })

  it('can be taken back while nothing was bought under it', () => {
    const life = tell(tell(paid(), change(BIG)), { type: 'subscription.cancelChange' })
    expect([statesOf(life)[2], contextOf(life).change]).toEqual(['change.none', null])
    expect(endOf(pay(life, PRICE))).toBe('2026-03-01 12:00')
  })

  it('at a date: the time that is left keeps its value', () => {
    let life = tell(paid(), change({ ...BIG, term: { unit: 'seconds', count: 31 * 86_400 } }, iso(START + 15 * DAY_MS)))
    life = elapse(life, 15 * DAY_MS)
    expect(contextOf(life).plan.id).toBe('big')
    expect((contextOf(life).expiresAt ?? 0) - life.now).toBe(8 * DAY_MS)
    expect(serviceOf(elapse(life, 8 * DAY_MS))).toBe('grace')
  })

  it('at a date before time that is bought under it already', () => {
    let life = tell(paid(), change(BIG, iso(START + 15.5 * DAY_MS)))
    life = pay(life, BIG.amount)
    expect(endOf(life)).toBe('2026-03-01 12:00')
    life = elapse(life, 15.5 * DAY_MS)
    // A quarter of a month of 31 days in the place of half of one, then the 28 days that were bought.
    expect((contextOf(life).expiresAt ?? 0) - life.now).toBe(7.75 * DAY_MS + 28 * DAY_MS)
    expect(serviceOf(elapse(life, 35 * DAY_MS))).toBe('active')
  })

  it('at once where no paid time lies before it, and another price may make credit enough', () => {
    const life = tell(pay(begin(), WEEK.amount), change(WEEK))
    expect([serviceOf(life), contextOf(life).plan.id, endOf(life)]).toEqual(['active', 'week', '2026-01-08 12:00'])
  })

  it('never at a date that is past, which is a mistake; at once by that word, and by a date that has just been now', () => {
    const life = elapse(paid(), 10 * DAY_MS)
    expect(told(life, change(BIG, iso(life.now - DAY_MS)))).toBeUndefined()
    expect(told(begin(), change(BIG, iso(START - 2 * 60_000)))).toBeUndefined()
    expect(told(tell(life, change(BIG)), change(WEEK, iso(START)))).toBeUndefined()
    for (const at of ['now', iso(life.now - 30_000)]) expect(contextOf(tell(life, change(BIG, at)))).toMatchObject({ plan: { id: 'big' }, change: null })
  })

  it('is exchanged from now on where staff fire its timer before its date', () => {
    const life = tell(paid(), change({ ...BIG, term: { unit: 'seconds', count: 31 * 86_400 } }, iso(START + 20 * DAY_MS)))
    const early = elapse(life, DAY_MS)
    const fired = timerFired(early, [...early.timers.keys()].find((id) => id.includes('untilChange')) ?? '')
    expect([contextOf(fired).plan.id, statesOf(fired)[2], contextOf(fired).terms[0]?.from]).toEqual(['big', 'change.none', START + DAY_MS])
    expect((contextOf(fired).expiresAt ?? 0) - fired.now).toBe(15 * DAY_MS)
  })

  it('is carried along when staff move the end of the term, and gone at the end of all', () => {
    let life = tell(tell(paid(), change(BIG)), moveTo(START + 40 * DAY_MS))
    expect(contextOf(life).change?.at).toBe(START + 40 * DAY_MS)
    life = elapse(life, 35 * DAY_MS)
    expect(contextOf(life).plan.id).toBe('home')
    expect(contextOf(elapse(life, 5 * DAY_MS)).plan.id).toBe('big')
    expect(statesOf(tell(life, { type: 'subscription.terminate', reason: 'moved' }))[2]).toBe('change.none')
  })

  it('keeps the currency', () => {
    expect(told(paid(), change({ ...BIG, currency: 'USD' }))).toBeUndefined()
  })
})

describe('S9, S10: blocks', () => {
  it('access is there only when none holds', () => {
    let life = tell(tell(paid(), suspend('abuse')), suspend('fraud'))
    expect([statesOf(life)[1], contextOf(life).access.applied]).toEqual(['blocks.openEnded', { level: 'none' }])
    life = tell(life, unsuspend('abuse'))
    expect(contextOf(life).access.applied).toEqual({ level: 'none' })
    life = tell(life, unsuspend('fraud'))
    expect([statesOf(life)[1], contextOf(life).access.applied]).toMatchObject(['blocks.none', { level: 'full' }])
    expect(told(life, unsuspend('fraud'))).toBeUndefined()
    expect(endOf(life)).toBe('2026-02-01 12:00')
  })

  it('with an end lift themselves, each at its own', () => {
    let life = tell(tell(paid(), suspend('holiday', { until: iso(START + 5 * DAY_MS) })), suspend('abuse', { until: iso(START + 2 * DAY_MS) }))
    expect(statesOf(life)[1]).toBe('blocks.limited')
    life = elapse(life, 2 * DAY_MS)
    expect(life.facts[0]).toMatchObject({ type: 'subscription.unblocked', block: 'abuse' })
    expect(contextOf(life).access.applied).toEqual({ level: 'none' })
    life = elapse(life, 3 * DAY_MS)
    expect([statesOf(life)[1], contextOf(life).access.applied.level]).toEqual(['blocks.none', 'full'])
  })

  it('a timed one does not lift another', () => {
    let life = tell(tell(paid(), suspend('abuse')), suspend('holiday', { until: iso(START + DAY_MS) }))
    life = elapse(life, DAY_MS)
    expect([statesOf(life)[1], contextOf(life).access.applied]).toEqual(['blocks.openEnded', { level: 'none' }])
  })

  it('may be made longer, and need an end that is to come', () => {
    let life = tell(paid(), suspend('holiday', { until: iso(START + DAY_MS) }))
    life = tell(life, suspend('holiday', { until: iso(START + 3 * DAY_MS) }))
    expect(statesOf(elapse(life, DAY_MS))[1]).toBe('blocks.limited')
    expect(statesOf(elapse(life, 3 * DAY_MS))[1]).toBe('blocks.none')
    expect(told(life, suspend('late', { until: iso(START - 1) }))).toBeUndefined()
  })
})

describe('S12: reminders', () => {
  const reminders = (life: Life) => life.story.filter(({ type }) => type === 'subscription.reminderDue').map(({ distanceSeconds, at }) => [Number(distanceSeconds) / 86_400, local(Number(at))])

  it('come at their distances, once each', () => {
    expect(reminders(elapse(paid(), 31 * DAY_MS))).toEqual([[7, '2026-01-25 12:00'], [1, '2026-01-31 12:00']])
  })

  it('stop with the payment, and begin anew for the next end', () => {
    const life = pay(elapse(paid(), 25 * DAY_MS), PRICE)
    expect(life.facts).toMatchObject([{ type: 'subscription.paid' }, { type: 'subscription.renewed' }, { type: 'subscription.noticesVoid', notices: [expect.stringMatching(/^rem-/)] }, {}])
    expect(reminders(elapse(life, 34 * DAY_MS)).slice(1)).toEqual([[7, '2026-02-22 12:00'], [1, '2026-02-28 12:00']])
  })

  it('are not for credit that renews by itself', () => {
    expect(reminders(elapse(pay(begin(), 2 * PRICE), 31 * DAY_MS))).toEqual([])
  })

  it('after an outage only the nearest', () => {
    expect(reminders(outage(paid(), 30.5 * DAY_MS))).toEqual([[1, '2026-02-01 00:00']])
    expect(reminders(elapse(outage(paid(), 25 * DAY_MS), 6 * DAY_MS))).toEqual([[7, '2026-01-26 12:00'], [1, '2026-01-31 12:00']])
    expect(reminders(outage(paid(), 31 * DAY_MS))).toEqual([])
  })

  it('come anew after a moved end, the nearest at once if it is due', () => {
    const told = elapse(paid(), 30 * DAY_MS)
    expect(reminders(elapse(tell(told, moveTo(START + 60 * DAY_MS)), 30 * DAY_MS)).slice(2)).toEqual([[7, '2026-02-23 12:00'], [1, '2026-03-01 12:00']])
    expect(reminders(tell(paid(), moveTo(START + 3 * DAY_MS)))).toEqual([[7, '2026-01-01 12:00']])
  })

  it('are not told again when the end is corrected, but when their moment lies ahead again', () => {
    const life = elapse(paid(), 25 * DAY_MS)
    const end = contextOf(life).expiresAt ?? 0
    const corrected = tell(tell(life, moveTo(end + 60_000)), moveTo(end - 60_000))
    expect(reminders(corrected)).toEqual([[7, '2026-01-25 12:00']])
    expect(reminders(elapse(corrected, 10 * DAY_MS)).slice(1)).toEqual([[1, '2026-01-31 11:59']])
    expect(reminders(elapse(tell(life, moveTo(end + 5 * DAY_MS)), 10 * DAY_MS)).slice(1)).toEqual([[7, '2026-01-30 12:00'], [1, '2026-02-05 12:00']])
  })

  it('are not told right after a payment for a term shorter than their distance', () => {
    const short = paid(inputOf({ plan: { ...WEEK, term: { unit: 'seconds', count: 86_400 }, reminderSeconds: [7 * 86_400, 3_600] } }))
    expect(reminders(short)).toEqual([])
    expect(reminders(elapse(short, DAY_MS))).toHaveLength(1)
  })
})

describe('routers', () => {
  const asked = (life: Life | undefined) => life?.call?.input

  it('are told the limits and the time that is left', () => {
    expect(asked(told(begin(), payment(PRICE)))).toEqual({
      username: '12345674',
      change: { kind: 'coa', uploadKbps: 5_000, downloadKbps: 10_000, addressList: 'standing-active', sessionTimeoutSeconds: 34 * 86_400 },
    })
    expect(asked(told(paid(), suspend('abuse')))).toEqual({ username: '12345674', change: { kind: 'disconnect' } })
  })

  it('are told the newest: an older request ends', () => {
    const asking = told(paid(), suspend('abuse')) as Life
    const after = told(asking, unsuspend('abuse')) as Life
    expect(asked(after)).toMatchObject({ change: { kind: 'coa' } })
    expect(statesOf(answered(after))[4]).toBe('access.settled')
  })

  it('that refuse a change are made to end the session', () => {
    const refused = told({ ...(told(paid(), moveTo(START + 50 * DAY_MS)) as Life), call: undefined }, { type: 'xstate.done.actor.applyAccess', output: { sessions: 0, gone: 0, refused: 1 } }) as Life
    expect([statesOf(refused)[4], asked(refused)]).toEqual(['access.cutting', { username: '12345674', change: { kind: 'disconnect' } }])
    expect(statesOf(answered(refused))[4]).toBe('access.settled')
  })

  describe('that are silent (S18)', () => {
    const MINUTE_MS = 60_000
    const login = { id: 's-1', device: null, nas: '10.8.0.2', ip: null, since: START }
    const accounting = (revision: number, ...online: object[]): Message => ({ type: 'subscription.account', revision, online, uploadBytes: 0, downloadBytes: 0, logins: 1 })
    const later = (life: Life, ms: number): Life => ({ ...life, now: life.now + ms })
    /** Online, and its router does not answer the newest change. */
    const waiting = (): Life => told(later(tell(paid(), accounting(1, login)), MINUTE_MS), moveTo(START + 50 * DAY_MS)) as Life

    it('are asked again by what accounting tells, not before ten minutes and then once', () => {
      const early = told(later(waiting(), 9 * MINUTE_MS), accounting(2, login)) as Life
      expect([contextOf(early).access.askedAt, asked(early)]).toEqual([waiting().now, expect.not.objectContaining({ isAgain: true })])
      const again = told(later(early, MINUTE_MS), accounting(3, login)) as Life
      expect([contextOf(again).access.askedAt, asked(again)]).toMatchObject([again.now, { isAgain: true, change: { kind: 'coa', sessionTimeoutSeconds: 53 * 86_400 - 660 } }])
      expect(contextOf(told(later(again, 9 * MINUTE_MS), accounting(4, login)) as Life).access.askedAt).toBe(again.now)
      expect(contextOf(told(later(again, 10 * MINUTE_MS), accounting(3, login)) ?? again).access.askedAt, 'an old one').toBe(again.now)
      expect(contextOf(told(later(again, 10 * MINUTE_MS), accounting(4, login)) as Life).access.askedAt).toBe(again.now + 10 * MINUTE_MS)
    })

    it('are asked at once when they are back, however lately they were asked', () => {
      const again = told(later(waiting(), 10 * MINUTE_MS), accounting(2, login)) as Life
      const back = { ...accounting(3, login), routerBack: true }
      expect(contextOf(told(later(again, 1_000), back) as Life).access.askedAt).toBe(again.now + 1_000)
      expect(contextOf(told(later(again, 1_000), accounting(3, login)) as Life).access.askedAt).toBe(again.now)
    })

    it('are asked anew, and as often as at first, for something else', () => {
      const again = told(later(waiting(), 10 * MINUTE_MS), accounting(2, login)) as Life
      expect(asked(told(again, suspend('abuse')))).toEqual({ username: '12345674', change: { kind: 'disconnect' } })
      expect(asked(told(answered(again), suspend('abuse')))).toEqual({ username: '12345674', change: { kind: 'disconnect' } })
    })

    it('are asked no more when nobody is online there any more', () => {
      const gone = told(later(waiting(), 1_000), accounting(2)) as Life
      expect(contextOf(gone).access.askedAt).toBe(gone.now)
    })

    it('have a login told that was taken for closed meanwhile, when it is back; not one that is new', () => {
      const settled = answered(told(later(waiting(), 20 * MINUTE_MS), accounting(2)) as Life)
      expect(statesOf(settled)[4]).toBe('access.settled')
      const back = told(later(settled, 1_000), accounting(3, login)) as Life
      expect([statesOf(back)[4], asked(back)]).toMatchObject(['access.applying', { change: { kind: 'coa', uploadKbps: 5_000 } }])
      const known = told(later(answered(back), MINUTE_MS), accounting(4, login)) as Life
      expect(statesOf(known)[4]).toBe('access.settled')
      const anew = told(later(settled, 1_000), accounting(3, { ...login, id: 's-2', since: settled.now })) as Life
      expect(statesOf(anew)[4]).toBe('access.settled')
    })

    it('are waited for in one that was back and is silent again, and where a session is to be ended', () => {
      const back = told(later(told(later(waiting(), 20 * MINUTE_MS), accounting(2)) as Life, 1_000), accounting(3, login)) as Life
      expect([contextOf(back).access.askedAt, asked(back)]).toMatchObject([back.now, { isAgain: true }])
      const cutting = told(tell(paid(), accounting(1, login)), { type: 'subscription.changeDevice', reason: 'x' }) as Life
      const again = told(later(cutting, 10 * MINUTE_MS), accounting(2, login)) as Life
      expect([statesOf(again)[4], asked(again)]).toEqual(['access.cutting', { username: '12345674', isAgain: true, change: { kind: 'disconnect' } }])
    })
  })

  it('are tried again when a call was given up', () => {
    const failed = told({ ...(told(paid(), suspend('abuse')) as Life), call: undefined }, { type: 'xstate.error.actor.applyAccess', error: { name: 'Error', message: 'x' } }) as Life
    expect(statesOf(failed)[4]).toBe('access.failed')
    expect(statesOf(elapse(failed, 5 * 60_000))[4]).toBe('access.settled')
  })
})

describe('the end', () => {
  it('takes the access, and tells of money that still comes', () => {
    const life = tell(paid(), { type: 'subscription.terminate', reason: 'moved away' })
    expect([statesOf(life), contextOf(life).access.applied]).toEqual([['service.terminated', 'blocks.none', 'change.none', 'reminders.idle', 'access.settled', 'data.unlimited'], { level: 'none' }])
    const late = pay(life, 1_000)
    expect([contextOf(late).credit, late.facts]).toMatchObject([1_000, [{ type: 'subscription.paid' }, { type: 'subscription.paymentUnusable', reason: 'terminated' }]])
    expect(contextOf(pay(life, 1_000, { currency: 'TZS' })).unusable).toHaveLength(1)
    expect(told(late, suspend('abuse'))).toBeUndefined()
    expect(told(late, change(WEEK))).toBeUndefined()
    expect(late.timers.size).toBe(0)
  })
})

it('name, phone and password can change', () => {
  const life = tell(paid(), { type: 'subscription.changeContact', phone: '254711111111' })
  expect(contextOf(life)).toMatchObject({ phone: '254711111111', name: 'Wanjiru' })
  expect(tell(life, { type: 'subscription.renewPassword', reason: 'lost' }).facts).toMatchObject([{ type: 'subscription.passwordRenewed', credentialVersion: 2 }])
})

it('an hour is an hour', () => {
  const life = paid(inputOf({ plan: { ...WEEK, term: { unit: 'seconds', count: 3_600 }, graceSeconds: 0 } }))
  expect(serviceOf(elapse(life, HOUR_MS - 1))).toBe('active')
  expect(serviceOf(elapse(life, HOUR_MS))).toBe('suspended')
})
