/** A year and more of sold hours and days: what was paid for is a length of time, whatever the calendar and the clocks on the wall do. */
import { describe, expect, it } from 'vitest'
import { expirationValue } from '../../../actors/radius-rows/values.ts'
import { hotspotSessionMachine } from '../../../machines/hotspot-session/machine.ts'
import { HOUR_PACKAGE } from './payment.fixture.ts'
import { Play } from './play.ts'

const HOUR_S = 3_600
const DAY_S = 24 * HOUR_S
const at = (text: string): number => Date.parse(text)

function bought(paidAt: number, durationSeconds: number): Play<typeof hotspotSessionMachine> {
  const session = new Play(hotspotSessionMachine, { source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: { ...HOUR_PACKAGE, durationSeconds }, macAddress: null, paidAt }, paidAt)
  expect(session.facts).toMatchObject([{ type: 'session.ready' }])
  return session
}

/** What FreeRADIUS's `expiration` gives a login as Session-Timeout: the time that is left. */
const sessionTimeout = (session: Play<typeof hotspotSessionMachine>): number => Number(expirationValue(session.context.expiresAt)) - Math.floor(session.now / 1_000)
const local = (ms: number, timeZone: string): string => new Date(ms).toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })

describe('a year of sold time', () => {
  it('is as long as was paid for, begun on each day of two years at an hour that clocks skip and repeat', () => {
    const lengths = [HOUR_S, DAY_S, 30 * DAY_S]
    for (let day = 0; day <= 2 * 366; day++) {
      const seconds = lengths[day % lengths.length] ?? 0
      const session = bought(at('2027-01-01T00:30:00Z') + day * DAY_S * 1_000, seconds)
      expect(session.dueInMs('paidTime')).toBe(seconds * 1_000)
      expect(sessionTimeout(session)).toBe(seconds)
    }
  })

  it.each([
    // Forward at 02:00, back at 03:00; and a place where clocks never change.
    ['Europe/Amsterdam', '2027-03-27T20:00:00+01:00', '2027-03-28 21:00'],
    ['Europe/Amsterdam', '2027-10-30T20:00:00+02:00', '2027-10-31 19:00'],
    ['Africa/Nairobi', '2027-03-27T20:00:00+03:00', '2027-03-28 20:00'],
    ['Africa/Nairobi', '2028-02-28T20:00:00+03:00', '2028-02-29 20:00'],
    ['Africa/Nairobi', '2027-02-28T20:00:00+03:00', '2027-03-01 20:00'],
    ['Africa/Nairobi', '2027-12-31T20:00:00+03:00', '2028-01-01 20:00'],
  ])('a day in %s from %s ends at %s there: after 24 hours, not at the same hour', (zone, start, end) => {
    const session = bought(at(start), DAY_S)
    expect(session.elapse('paidTime')).toBe(DAY_S * 1_000)
    expect(session.facts).toMatchObject([{ type: 'session.expired', usedSeconds: DAY_S }])
    expect(local(session.now, zone)).toBe(end)
  })

  it('ten logins over a change of clocks: time online, time between and what the last is told to have left add up to what was paid for', () => {
    for (const start of ['2027-03-27T20:00:00+01:00', '2027-10-30T20:00:00+02:00', '2028-02-28T20:00:00Z']) {
      const session = bought(at(start), DAY_S)
      let [online, between] = [0, 0]
      for (let login = 1; login <= 10; login++) {
        expect(sessionTimeout(session)).toBe(DAY_S - online - between)
        const revision = login * 2
        const known = { id: `s${login}`, device: 'AA:BB:CC:DD:EE:FF', nas: '10.8.0.2', ip: null, since: session.now }
        session.send({ type: 'session.account', revision: revision - 1, online: [known], uploadBytes: login, downloadBytes: login, logins: login })
        expect(session.state).toBe('online')
        session.send({ type: 'session.account', revision, online: [], uploadBytes: login, downloadBytes: login, logins: login }, 3_000_000)
        online += 3_000
        session.send({ type: 'session.account', revision: revision - 1, online: [], uploadBytes: 0, downloadBytes: 0, logins: 0 }, 1_800_000)
        between += 1_800
      }
      expect(session.elapse('paidTime')).toBe((DAY_S - online - between) * 1_000)
      expect(session.facts).toMatchObject([{ type: 'session.expired', usedSeconds: DAY_S, logins: 10, usedBytes: 20 }])
    }
  })
})
