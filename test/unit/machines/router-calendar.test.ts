/** Fourteen months of a router: looked at by its own timer, down over month ends, changes of clocks and 29 February. */
import { describe, expect, it } from 'vitest'
import { monthsBetween } from '../../../machines/calendar.ts'
import { downtimeByMonth, type Outage } from '../../../machines/router/downtime.ts'
import { routerMachine } from '../../../machines/router/machine.ts'
import { ENROL, HOUR_MS, ROUTER, silent, WELL } from './router.fixture.ts'
import { Play } from './play.ts'

const MINUTE_MS = 60_000
const at = (text: string): number => Date.parse(text)
const START = at('2027-12-31T20:00:00Z')
const END = at('2029-03-01T00:00:00Z')

/** When it is really out of reach. */
const DOWN: [string, string][] = [
  ['2028-01-31T19:00:00Z', '2028-02-01T03:30:00Z'],
  ['2028-02-29T10:00:00Z', '2028-02-29T12:00:00Z'],
  ['2028-03-26T00:30:00Z', '2028-03-26T02:30:00Z'],
  ['2028-10-29T00:30:00Z', '2028-10-29T02:30:00Z'],
  ['2028-12-31T20:00:00Z', '2029-01-01T06:00:00Z'],
  ['2029-02-27T00:00:00Z', '2029-04-01T00:00:00Z'],
]

function play(): { looks: number[]; outages: Outage[]; totals: { outages: number; downMs: number } } {
  const router = new Play(routerMachine, { ...ROUTER, pollSeconds: 1_800, enrolment: { ...ROUTER.enrolment, expiresAt: START + HOUR_MS } }, START)
  router.send(ENROL)
  const [looks, outages]: [number[], Outage[]] = [[], []]
  while (router.now < END) {
    looks.push(router.now)
    router.answer('probeRouter', DOWN.some(([from, until]) => router.now >= at(from) && router.now < at(until)) ? silent() : WELL)
    for (const fact of router.facts as { type: string; since: number; until: number }[]) {
      if (fact.type === 'router.outageOpened') outages.push({ since: fact.since, until: null })
      if (fact.type === 'router.outageClosed') outages[outages.length - 1] = { since: fact.since, until: fact.until }
    }
    const gap = [...router.timers.keys()].find((id) => /(watch|recheck|return)Gap/.test(id))?.split('.')[2]
    router.elapse(gap ?? '')
  }
  return { looks, outages, totals: router.context.totals }
}

describe('fourteen months of a router', () => {
  const { looks, outages, totals } = play()

  it('is looked at every half hour, give or take a tenth, on whatever day; a gap is never skipped, and doubled only while it is down', () => {
    const gaps = looks.slice(1).map((look, index) => look - (looks[index] ?? 0))
    const whileUp = gaps.filter((_gap, index) => DOWN.every(([from, until]) => (looks[index] ?? 0) < at(from) || (looks[index] ?? 0) >= at(until)))
    expect(Math.max(...whileUp)).toBeLessThanOrEqual(33 * MINUTE_MS)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(66 * MINUTE_MS)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(27_000)
    const calm = gaps.filter((_gap, index) => (looks[index] ?? 0) > at('2028-04-01T00:00:00Z') && (looks[index] ?? 0) < at('2028-10-01T00:00:00Z'))
    expect(calm.reduce((sum, gap) => sum + gap, 0) / calm.length / MINUTE_MS).toBeCloseTo(30, 0)
  })

  it('has as many outages as there were, each as long as it was but for the gaps between looks: a tenth of it at most, for one that does not call', () => {
    expect(outages).toHaveLength(DOWN.length)
    for (const [index, { since, until }] of outages.entries()) {
      const [from = '', to = ''] = DOWN[index] ?? []
      expect(Math.abs(since - at(from))).toBeLessThanOrEqual(33 * MINUTE_MS)
      if (until !== null) expect(until - at(to)).toBeLessThanOrEqual(0.11 * (at(to) - since) + 2 * MINUTE_MS)
    }
    expect(outages.at(-1)?.until).toBeNull()
    const closed = outages.slice(0, -1)
    expect(totals).toEqual({ outages: closed.length, downMs: closed.reduce((sum, { since, until }) => sum + ((until ?? 0) - since), 0) })
  })

  it.each(['Africa/Nairobi', 'Europe/Amsterdam', 'UTC'])('in %s its months add up to the whole, and an outage over a month end counts in both', (zone) => {
    const months = downtimeByMonth(outages, START, END, zone)
    const sum = (pick: (month: (typeof months)[number]) => number): number => months.reduce((all, month) => all + pick(month), 0)
    expect(sum(({ from, until }) => until - from)).toBe(END - START)
    expect(sum(({ downMs }) => downMs)).toBe(outages.reduce((all, { since, until }) => all + (until ?? END) - since, 0))
    const down = months.filter(({ downMs }) => downMs > 0).map(({ month }) => month)
    expect(down).toEqual(['2028-01', '2028-02', '2028-03', '2028-10', '2028-12', '2029-01', '2029-02', ...(zone === 'UTC' ? [] : ['2029-03'])])
  })
})

describe('months of a place', () => {
  it('are as long as its clocks make them, and 29 February is in one', () => {
    const hours = (month: string, zone: string): number => {
      const found = monthsBetween(at('2027-12-15T00:00:00Z'), at('2029-04-15T00:00:00Z'), zone).find((one) => one.month === month)
      return ((found?.until ?? 0) - (found?.from ?? 0)) / HOUR_MS
    }
    expect(['2028-02', '2029-02', '2028-03', '2028-10'].map((month) => hours(month, 'Europe/Amsterdam'))).toEqual([29 * 24, 28 * 24, 31 * 24 - 1, 31 * 24 + 1])
    expect(['2028-02', '2028-03', '2028-10'].map((month) => hours(month, 'Africa/Nairobi'))).toEqual([29 * 24, 31 * 24, 31 * 24])
  })

  it('an outage of one second at the turn of the year is a begun minute in the month it was in, by the clock of the place', () => {
    const outage = { since: at('2028-12-31T21:30:00Z'), until: at('2028-12-31T21:30:01Z') }
    const months = (zone: string) => downtimeByMonth([outage], at('2028-12-01T00:00:00Z'), at('2029-01-31T00:00:00Z'), zone).filter(({ slaMinutes }) => slaMinutes > 0).map(({ month, slaMinutes }) => [month, slaMinutes])
    expect(months('Africa/Nairobi')).toEqual([['2029-01', 1]])
    expect(months('Europe/Amsterdam')).toEqual([['2028-12', 1]])
  })
})
