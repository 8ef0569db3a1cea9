import { describe, expect, it } from 'vitest'
import { COOLDOWN_MS, checkClearance } from '../../../actors/notification/effects.ts'
import { defineNotification } from '../../../actors/notification/definition.ts'
import { fromVersion1 } from '../../../actors/notification/migrations.ts'
import { smsSends } from '../../../actors/notification/projections.ts'
import { quietSpan, releaseAt } from '../../../actors/notification/quiet-hours.ts'
import { textOf } from '../../../actors/notification/text.ts'
import { measureSms } from '../../../actors/gateways/sms/segments.ts'
import { newNotification } from '../../../machines/notification/context.ts'
import { notificationInput } from '../../../machines/notification/events.ts'
import { change } from './change.ts'

const at = (text: string): number => Date.parse(text)
const NIGHT = { from: '21:00', to: '07:00' }
const quietUntil = (...asked: Parameters<typeof quietSpan>) => quietSpan(...asked)?.endsAt

describe('quiet hours', () => {
  it.each([
    ['2026-01-01T20:59:59+03:00', undefined],
    ['2026-01-01T21:00:00+03:00', '2026-01-02T07:00:00+03:00'],
    ['2026-01-01T23:30:00+03:00', '2026-01-02T07:00:00+03:00'],
    ['2026-01-02T03:00:00+03:00', '2026-01-02T07:00:00+03:00'],
    ['2026-01-02T07:00:00+03:00', undefined],
  ])('over midnight: at %s until %s', (now, end) => {
    expect(quietUntil(NIGHT, 'Africa/Nairobi', at(now))).toBe(end === undefined ? undefined : at(end))
  })

  it('within a day, and none', () => {
    const noon = { from: '12:00', to: '14:00' }
    expect(quietUntil(noon, 'UTC', at('2026-01-01T13:00:00Z'))).toBe(at('2026-01-01T14:00:00Z'))
    expect(quietUntil(noon, 'UTC', at('2026-01-01T14:00:00Z'))).toBeUndefined()
    expect(quietUntil({ from: '00:00', to: '00:00' }, 'UTC', at('2026-01-01T00:00:00Z'))).toBeUndefined()
  })

  it('end at the local hour also in the nights when clocks change', () => {
    expect(quietUntil(NIGHT, 'Europe/Amsterdam', at('2026-03-28T23:00:00+01:00'))).toBe(at('2026-03-29T07:00:00+02:00'))
    expect(quietUntil(NIGHT, 'Europe/Amsterdam', at('2026-10-24T23:00:00+02:00'))).toBe(at('2026-10-25T07:00:00+01:00'))
  })
})

describe('messages of one night', () => {
  it('go in the order in which they were asked for, within ten minutes', () => {
    const night = ['2026-01-01T21:00:00+03:00', '2026-01-01T21:00:01+03:00', '2026-01-01T23:59:00+03:00', '2026-01-02T00:01:00+03:00', '2026-01-02T06:59:59+03:00']
    const released = night.map((moment) => releaseAt(NIGHT, 'Africa/Nairobi', at(moment)) ?? NaN)
    expect(released).toEqual(released.toSorted((a, b) => a - b))
    expect(new Set(released).size).toBe(night.length)
    expect([released[0], (released.at(-1) ?? NaN) < at('2026-01-02T07:10:00+03:00')]).toEqual([at('2026-01-02T07:00:00+03:00'), true])
    expect(releaseAt(NIGHT, 'Africa/Nairobi', at('2026-01-02T07:00:00+03:00'))).toBeUndefined()
  })
})

describe('quiet hours over a year', () => {
  const HOUR_MS = 3_600_000
  const isWithin = ({ from, to }: typeof NIGHT, time: string) => (from < to ? time >= from && time < to : time >= from || time < to)

  // 2028 has a 29th of February; the second hours end within the hour that comes twice, or not at all, when clocks change.
  it.each([
    ['Africa/Nairobi', NIGHT],
    ['Europe/Amsterdam', NIGHT],
    ['Europe/Amsterdam', { from: '22:00', to: '02:30' }],
    ['America/New_York', { from: '23:00', to: '01:30' }],
    ['Africa/Casablanca', { from: '12:00', to: '14:00' }],
    ['Australia/Lord_Howe', { from: '21:30', to: '01:45' }],
  ])('in %s, %j: at every half hour they are as the clock says, and end', (timeZone, hours) => {
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })
    const ends = new Set<number>()
    for (let now = Date.UTC(2028, 0, 1); now < Date.UTC(2029, 0, 1); now += HOUR_MS / 2) {
      const { startsAt, endsAt: end } = quietSpan(hours, timeZone, now) ?? {}
      if (startsAt === undefined || end === undefined) {
        if (isWithin(hours, clock.format(now))) throw new Error(`not quiet at ${new Date(now).toISOString()}`)
        continue
      }
      if (!isWithin(hours, clock.format(now)) || startsAt > now || end <= now || end - startsAt > 12 * HOUR_MS) throw new Error(`${new Date(now).toISOString()} until ${new Date(end).toISOString()}`)
      ends.add(end)
    }
    // Each night has one end, at which a message may go; the 366th ends in the next year, or began in the last.
    expect(ends.size).toBeGreaterThanOrEqual(366)
    expect(ends.size).toBeLessThanOrEqual(367)
    for (const end of ends) expect(quietUntil(hours, timeZone, end), new Date(end).toISOString()).toBeUndefined()
  }, 60_000)
})

describe('clearance', () => {
  const address = { tenant: 'main', type: 'notification', id: 'n' }
  async function cleared(template: string, now: string, { optedOut = false, lastSentAt }: { optedOut?: boolean; lastSentAt?: number } = {}) {
    const contactRules = { hasOptedOut: async () => optedOut, lastSentAt: async () => lastSentAt, optOut: async () => undefined }
    return await checkClearance({ contactRules, timeZone: 'Africa/Nairobi', quietHours: NIGHT }).run({ to: '254708374149', template } as never, { at: at(now), address } as never)
  }
  const DAY = '2026-01-01T12:00:00+03:00'
  const LATE = '2026-01-01T22:00:00+03:00'

  it('goes by day, waits by night', async () => {
    expect(await cleared('subscription-reminder', DAY)).toEqual({ outcome: 'clear' })
    expect(await cleared('subscription-reminder', LATE)).toEqual({ outcome: 'held', reason: 'quiet-hours', until: at('2026-01-02T07:01:00+03:00') })
    expect(await cleared('subscription-receipt', LATE)).toMatchObject({ outcome: 'held' })
  })

  it('minds who has opted out, but for receipts', async () => {
    expect(await cleared('subscription-reminder', DAY, { optedOut: true })).toEqual({ outcome: 'suppressed', reason: 'opted-out' })
    expect(await cleared('subscription-receipt', DAY, { optedOut: true })).toEqual({ outcome: 'clear' })
  })

  it('pauses between two alike to one phone', async () => {
    const lastSentAt = at(DAY) - 60_000
    expect(await cleared('subscription-reminder', DAY, { lastSentAt })).toEqual({ outcome: 'held', reason: 'cooldown', until: lastSentAt + COOLDOWN_MS })
    expect(await cleared('subscription-reminder', DAY, { lastSentAt: at(DAY) - COOLDOWN_MS })).toEqual({ outcome: 'clear' })
    expect(await cleared('subscription-receipt', DAY, { lastSentAt })).toEqual({ outcome: 'clear' })
  })
})

describe('texts', () => {
  const credentials = { username: 'bcdfghjkmn', password: 'pqrstvwxyz' }
  const owed = { packageName: 'Home 10 Mbit/s', accountNumber: '12345674', amount: 250_050, currency: 'KES' }
  const moment = at('2026-02-01T12:00:00+03:00')
  const cases = [
    ['hotspot-credentials', { packageName: 'Home', expiresAt: moment, username: '12345674' }, 'username 12345674 password pqrstvwxyz'],
    ['subscription-reminder', { ...owed, expiresAt: moment }, 'ends in 7 days, 01/02 12:00. Pay KES 2,501 to account 12345674'],
    ['subscription-data-used-up', { ...owed, consequence: 'slowed', termEndsAt: moment }, 'is used up: low speed until 01/02 12:00. Pay KES 2,501 to account 12345674 for new data at once.'],
    ['subscription-data-used-up', { ...owed, amount: 0, consequence: 'cut-off', termEndsAt: moment }, 'is used up: off until 01/02 12:00.'],
    ['subscription-receipt', { accountNumber: '12345674', amount: 100_000, currency: 'KES', receipt: 'NLJ7RT61SV', expiresAt: moment, balance: -550 }, 'Received KES 1,000 (NLJ7RT61SV) for account 12345674. Paid until 01/02 12:00. Balance KES -5.50.'],
    ['subscription-grace', { ...owed, graceEndsAt: moment, isSlowed: false }, 'has ended; you are online until 01/02 12:00. Pay KES 2,501'],
    ['subscription-grace', { ...owed, graceEndsAt: moment, isSlowed: true }, 'online at low speed until 01/02 12:00. Pay KES 2,501'],
    ['subscription-grace', { ...owed, graceEndsAt: moment }, 'low speed until 01/02 12:00. Pay KES 2,501'],
    ['subscription-suspended', owed, 'Pay KES 2,501 to account 12345674'],
  ] as const

  const when = { timeZone: 'Africa/Nairobi', now: moment - 7 * 86_400_000 }

  it.each([
    ['2026-01-25T12:00:00+03:00', 'in 7 days', 'baada ya siku 7'],
    ['2026-01-31T00:00:00+03:00', 'tomorrow', 'kesho'],
    ['2026-01-31T23:59:59+03:00', 'tomorrow', 'kesho'],
    ['2026-02-01T00:00:00+03:00', 'today', 'leo'],
  ])('a reminder at %s says how far the end is, by the calendar of the zone: %s', (now, english, swahili) => {
    const reminder = (locale: 'en' | 'sw') => textOf({ template: 'subscription-reminder', locale, details: { ...owed, expiresAt: moment } }, credentials, { ...when, now: at(now) })
    expect([reminder('en'), reminder('sw')]).toEqual([
      `Home 10 Mbit/s ends ${english}, 01/02 12:00. Pay KES 2,501 to account 12345674 to stay online.`,
      `Home 10 Mbit/s inaisha ${swahili}, 01/02 12:00. Lipa KES 2,501 kwa akaunti 12345674 uendelee.`,
    ])
  })

  it.each(cases)('%s', (template, details, part) => {
    expect(textOf({ template, locale: 'en', details: details }, credentials, when)).toContain(part)
  })

  it.each(cases)('%s fits one SMS in both languages, whatever the package is called', (template, details) => {
    for (const locale of ['en', 'sw'] as const) {
      const long = 'packageName' in details ? { ...details, packageName: 'x'.repeat(100) } : details
      const text = textOf({ template, locale, details: long }, credentials, when)
      expect([measureSms(text).encoding, measureSms(text).segments, text]).toEqual(['GSM-7', 1, text])
    }
  })
})

describe('what was sent', () => {
  it('is kept with its cost, to the fraction of a minor unit', () => {
    const input = notificationInput.parse({ to: '254708374149', template: 'hotspot-credentials', about: { tenant: 'main', type: 'x', id: 'y' }, details: { packageName: 'p', expiresAt: 1 } })
    const data = { template: 'hotspot-credentials', provider: 'twilio', providerId: 'SM1', sendNumber: 2, cost: { amount: 1, currency: 'USD', decimal: '0.0075' }, segments: 1 }
    const sent = { key: 'k', address: { tenant: 'main', type: 'notification', id: 'n' }, seq: 1, type: 'notification.sent', data, at: 0, correlationId: 'c', causationId: 'c' }
    const [set] = smsSends(change({ address: sent.address, states: ['sent'], context: newNotification(input), facts: [sent] }))
    expect(set?.rows).toEqual([
      { tenant: 'main', notification_id: 'n', send_number: 2, phone: '254708374149', template: 'hotspot-credentials', provider: 'twilio', provider_id: 'SM1', segments: 1, cost: '0.0075', currency: 'USD', sent_at: '2026-01-01T00:00:00.000Z' },
    ])
  })

  it('R12: records of version 1 become those of today', () => {
    const input = notificationInput.parse({ to: '254708374149', template: 'hotspot-credentials', about: { tenant: 'main', type: 'x', id: 'y' }, details: { packageName: 'p', expiresAt: 1 } })
    const { provider: _p, sends: _s, lastCost: _l, held: _h, dropped: _d, ...old } = { ...newNotification(input), providerId: 'ATPid_1', sentAt: 5, resends: 1 }
    const { value, context } = fromVersion1.migrate({ value: 'sent', context: old as never, history: null })
    expect(value).toBe('sent')
    expect(context).toEqual({ ...newNotification(input), providerId: 'ATPid_1', sentAt: 5, resends: 1, provider: 'africas-talking', sends: 2 })
    expect(defineNotification({} as never)).toMatchObject({ version: '2', migrations: [fromVersion1] })
  })
})
