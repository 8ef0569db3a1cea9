/** A year and more of virtual time: month ends, 29 February, clocks that go forward and back, in three time zones. */
import { describe, expect, it } from 'vitest'
import { addMonths, isTimeZone } from '../../../machines/calendar.ts'
import { begin, contextOf, DAY_MS, elapse, HOME, inputOf, kindsOf, local, pay, serviceOf, type Life } from './subscription.fixture.ts'

const at = (text: string): number => Date.parse(text)

/** Pays each term a day before its end; the local ends, one a term. */
function endsOf(months: number, { start, timeZone, plan = HOME }: { start: string; timeZone: string; plan?: { amount: number } }): string[] {
  const ends: string[] = []
  let life = pay(begin(inputOf({ timeZone, plan }), at(start)), plan.amount)
  for (let month = 0; month < months; month++) {
    ends.push(local(contextOf(life).expiresAt, timeZone))
    life = pay(elapse(life, (contextOf(life).expiresAt ?? 0) - DAY_MS - life.now), plan.amount)
    expect(serviceOf(life)).toBe('active')
  }
  return ends
}

describe('months', () => {
  it('begun on a 31st end on the last day of each month, and come back to the 31st', () => {
    expect(endsOf(13, { start: '2027-01-31T08:00:00+03:00', timeZone: 'Africa/Nairobi' })).toEqual([
      '2027-02-28 08:00', '2027-03-31 08:00', '2027-04-30 08:00', '2027-05-31 08:00', '2027-06-30 08:00', '2027-07-31 08:00', '2027-08-31 08:00',
      '2027-09-30 08:00', '2027-10-31 08:00', '2027-11-30 08:00', '2027-12-31 08:00', '2028-01-31 08:00', '2028-02-29 08:00',
    ])
  })

  it.each([5, 50])('bought by credit begin where the last one ended, though the timer fires %i ms late', (lateMs) => {
    let life = pay(begin(inputOf({ timeZone: 'Africa/Nairobi' }), at('2027-01-31T08:00:00+03:00')), 6 * HOME.amount)
    const ends: string[] = []
    for (let month = 0; month < 6; month++) {
      ends.push(new Date(contextOf(life).expiresAt ?? 0).toISOString())
      life = elapse(life, (contextOf(life).expiresAt ?? 0) - life.now, lateMs)
    }
    expect(ends).toEqual(['02-28', '03-31', '04-30', '05-31', '06-30', '07-31'].map((day) => `2027-${day}T05:00:00.000Z`))
    expect([serviceOf(life), kindsOf(life.story).filter((kind) => kind === 'restored')]).toEqual(['grace', []])
  })

  it('begun on 29 February end on 28 February in other years, and on the 29th in the next leap year', () => {
    const YEAR = { ...HOME, term: { unit: 'months', count: 12 } }
    expect(endsOf(4, { start: '2028-02-29T23:30:00+03:00', timeZone: 'Africa/Nairobi', plan: YEAR })).toEqual(['2029-02-28 23:30', '2030-02-28 23:30', '2031-02-28 23:30', '2032-02-29 23:30'])
  })

  it('keep the local hour when clocks change', () => {
    expect(endsOf(12, { start: '2026-01-15T18:00:00+01:00', timeZone: 'Europe/Amsterdam' }).every((end) => end.endsWith('-15 18:00'))).toBe(true)
    const [march, , , , , , , november] = endsOf(9, { start: '2026-02-15T18:00:00+01:00', timeZone: 'Europe/Amsterdam' })
    expect([march, november]).toEqual(['2026-03-15 18:00', '2026-10-15 18:00'])
  })

  it('that would end in an hour which the clock skips end as much later; in one that comes twice, at the first', () => {
    expect(local(addMonths(at('2026-02-28T02:30:00+01:00'), 1, 'Europe/Amsterdam'), 'Europe/Amsterdam')).toBe('2026-03-28 02:30')
    expect(new Date(addMonths(at('2026-02-28T23:30:00Z'), 1, 'Europe/Amsterdam')).toISOString()).toBe('2026-03-31T22:30:00.000Z')
    expect(new Date(addMonths(at('2026-01-29T02:30:00+01:00'), 2, 'Europe/Amsterdam')).toISOString()).toBe('2026-03-29T01:30:00.000Z')
    expect(new Date(addMonths(at('2026-09-25T02:30:00+02:00'), 1, 'Europe/Amsterdam')).toISOString()).toBe('2026-10-25T00:30:00.000Z')
  })

  it('are as long as the calendar says, a term of days as long as its seconds', () => {
    const DAYS = { ...HOME, term: { unit: 'seconds', count: 30 * 86_400 } }
    expect(endsOf(3, { start: '2026-03-01T12:00:00+01:00', timeZone: 'Europe/Amsterdam', plan: DAYS })).toEqual(['2026-03-31 13:00', '2026-04-30 13:00', '2026-05-30 13:00'])
  })

  it('know places, not offsets', () => {
    expect(['Africa/Nairobi', 'Europe/Paris', 'UTC'].map(isTimeZone)).toEqual([true, true, true])
    expect(['+03:00', 'Africa/Nowhere', '', '../etc'].map(isTimeZone)).toEqual([false, false, false, false])
  })
})

describe('a year', () => {
  it.each(['Africa/Nairobi', 'Europe/Amsterdam'])('of a customer who pays in time, late, in parts and not at all, in %s', (timeZone) => {
    let life: Life = pay(begin(inputOf({ timeZone }), at('2027-12-31T20:00:00Z')), HOME.amount)
    const untilEnd = (days: number) => (life = elapse(life, (contextOf(life).expiresAt ?? 0) + days * DAY_MS - life.now))
    const counts = (type: string) => kindsOf(life.story).filter((kind) => kind === type).length

    untilEnd(-2)
    life = pay(life, HOME.amount)
    expect([local(contextOf(life).expiresAt, timeZone).slice(0, 10), counts('reminderDue')]).toEqual(['2028-02-29', 1])
    untilEnd(2)
    expect(serviceOf(life)).toBe('grace')
    life = pay(life, HOME.amount)
    untilEnd(10)
    expect(serviceOf(life)).toBe('suspended')
    life = pay(pay(life, 100_000), 150_000)
    expect([serviceOf(life), contextOf(life).credit]).toEqual(['active', 0])
    for (let month = 0; month < 9; month++) {
      untilEnd(-3)
      life = pay(life, HOME.amount)
    }
    untilEnd(-1)
    expect([serviceOf(life), life.now > at('2029-01-31T00:00:00Z')]).toEqual(['active', true])
    expect([counts('renewed'), counts('graceStarted'), counts('suspended'), counts('restored')]).toEqual([13, 2, 1, 2])
    // Two months were reminded of to the end; ten at seven days only, as the payment came before the last day; now both once more.
    expect(counts('reminderDue')).toBe(2 * 2 + 10 + 2)
  })
})
