import { describe, expect, it } from 'vitest'
import type { NotificationInput } from '../../../machines/notification/events.ts'
import { notificationMachine } from '../../../machines/notification/machine.ts'
import { Play, START } from './play.ts'

const HOUR_MS = 3_600_000
const input: NotificationInput = {
  channel: 'sms',
  to: '254708374149',
  template: 'hotspot-credentials',
  locale: 'en',
  about: { tenant: 'main', type: 'hotspot-session', id: 'pay_1' },
  credentialVersion: 1,
  details: { packageName: '1 hour', expiresAt: START + 100 * HOUR_MS },
}
const accepted = (providerId = 'ATPid_1') => ({ outcome: 'accepted', provider: 'africas-talking', providerId, cost: { amount: 80, currency: 'KES' }, segments: 1 })
const refused = (retryAfterMs: number | null, code = 'provider-failed') => ({ outcome: 'refused', code, detail: 'no', retryAfterMs })
const UNCERTAIN = { outcome: 'uncertain', code: 'timeout', detail: 'no answer' }
const report = (status: string, fields: Record<string, unknown> = {}) => ({ type: 'notification.report', providerId: 'ATPid_1', status, ...fields })

const newSms = (details: { expiresAt?: number } = {}) => new Play(notificationMachine, { ...input, details: { packageName: '1 hour', expiresAt: START + 100 * HOUR_MS, ...details } })
const sentSms = () => newSms().answer('sendSms', accepted())

describe('notification: sending', () => {
  it('hands over at once, without a secret in its hands (N1)', () => {
    const sms = newSms()
    expect(sms.state).toBe('sending')
    expect(sms.calls.get('sendSms')).toEqual({
      to: '254708374149',
      template: 'hotspot-credentials',
      locale: 'en',
      about: input.about,
      credentialVersion: 1,
      details: input.details,
      isRepetition: false,
    })
  })

  it('keeps what the provider said', () => {
    const sms = sentSms()
    expect(sms.state).toBe('sent')
    expect(sms.context).toMatchObject({ providerId: 'ATPid_1', cost: { amount: 80, currency: 'KES' }, segments: 1, sentAt: START })
    expect(sms.facts).toMatchObject([{ type: 'notification.sent', to: '254708374149', about: input.about, providerId: 'ATPid_1' }])
  })

  it('tries again with growing pauses, six times in all', () => {
    const sms = newSms()
    const gaps: number[] = []
    for (let attempt = 1; attempt < 6; attempt++) {
      sms.answer('sendSms', refused(60_000))
      expect(sms.state).toBe('queued')
      gaps.push(sms.elapse('retryGap'))
    }
    expect(gaps).toEqual([60_000, 120_000, 240_000, 480_000, 960_000])
    sms.answer('sendSms', refused(60_000))
    expect(sms.state).toBe('failed')
    expect(sms.facts).toMatchObject([{ type: 'notification.failed', reason: 'refused', code: 'provider-failed' }])
  })

  it('fails at a refusal that will not change', () => {
    expect(newSms().answer('sendSms', refused(null, 'blocked-by-recipient')).context.failure).toMatchObject({ code: 'blocked-by-recipient' })
  })

  it('does not send what is of no use any more', () => {
    expect(newSms({ expiresAt: START }).state).toBe('failed')
    expect(newSms({ expiresAt: START + 30_000 }).answer('sendSms', refused(60_000)).state).toBe('failed')
    const late = newSms({ expiresAt: START + 70_000 }).answer('sendSms', refused(60_000))
    late.now += 20_000
    late.elapse('retryGap')
    expect(late.state).toBe('sending')
  })

  it('notices after an outage that the pause has outlasted the access', () => {
    const sms = newSms({ expiresAt: START + 70_000 }).answer('sendSms', refused(60_000))
    sms.send({ type: 'xstate.after.retryGap.notification.queued' }, 80_000)
    expect(sms.context.failure?.code).toBe('too-late')
  })

  it.each(['answer', 'error'])('N2: repeats an uncertain send once and no more (%s)', (how) => {
    const sms = newSms()
    const lose = () => (how === 'answer' ? sms.answer('sendSms', UNCERTAIN) : sms.breakDown('sendSms', { name: 'Error', message: 'time is over' }))
    lose()
    expect(sms.state).toBe('queued')
    expect(sms.elapse('retryGap')).toBe(60_000)
    lose()
    expect(sms.state).toBe('failed')
    expect(sms.context.failure?.reason).toBe('uncertain')
    expect(sms.calls.size).toBe(0)
  })
})

describe('notification: delivery reports (N3)', () => {
  it.each([
    ['delivered', 'delivered', 'notification.delivered'],
    ['failed', 'failed', 'notification.failed'],
    ['expired', 'failed', 'notification.failed'],
    ['sent', 'sent', undefined],
    ['buffered', 'sent', undefined],
  ])('%s leads to %s', (status, state, fact) => {
    const sms = sentSms()
    expect(sms.send(report(status))).toBe(true)
    expect(sms.state).toBe(state)
    expect(sms.facts).toMatchObject(fact === undefined ? [] : [{ type: fact, to: '254708374149', providerId: 'ATPid_1', cost: { amount: 80, currency: 'KES' } }])
  })

  it.each([
    ['delivered', 'delivered'],
    ['failed', 'failed'],
    ['buffered', 'sent'],
  ])('a report %s before the answer of the send waits for it', (status, state) => {
    const sms = newSms()
    expect(sms.send(report(status))).toBe(true)
    expect(sms.state).toBe('sending')
    sms.answer('sendSms', accepted())
    expect(sms.state).toBe(state)
    expect(sms.history[0]).toBe('notification.sent')
  })

  it('a report about another message does not count', () => {
    const early = newSms()
    early.send(report('failed', { providerId: 'ATPid_other' }))
    expect(early.answer('sendSms', accepted()).state).toBe('sent')
    expect(early.send(report('failed', { providerId: 'ATPid_other' }))).toBe(false)
  })

  it.each(['sent', 'buffered', 'failed', 'expired', 'delivered'])('%s after delivered is accepted and changes nothing', (status) => {
    const sms = sentSms()
    sms.send(report('delivered'))
    expect(sms.send(report(status))).toBe(true)
    expect(sms.state).toBe('delivered')
    expect(sms.facts).toEqual([])
    expect(sms.context).toMatchObject({ reports: 2, lastReport: { status: 'delivered' } })
  })

  it('names why the network did not deliver', () => {
    const sms = sentSms()
    sms.send(report('failed', { providerStatus: 'Rejected', failureReason: 'UserInBlackList' }))
    expect(sms.facts).toMatchObject([{ type: 'notification.failed', reason: 'not-delivered', code: 'UserInBlackList' }])
    expect(sms.send(report('buffered'))).toBe(true)
    expect(sms.facts).toEqual([])
  })

  it('a delivery corrects a failure that was reported before it', () => {
    const sms = sentSms()
    sms.send(report('failed'))
    sms.send(report('delivered'))
    expect(sms.state).toBe('delivered')
    expect(sms.context.failure).toBeNull()
  })

  it('without any word for three days it stays unconfirmed, and a late report still counts', () => {
    const sms = sentSms()
    expect(sms.elapse('deliveryWindow')).toBe(72 * HOUR_MS)
    expect(sms.state).toBe('unconfirmed')
    sms.send(report('buffered'))
    expect(sms.state).toBe('unconfirmed')
    sms.send(report('delivered'))
    expect(sms.state).toBe('delivered')
  })

  it('a late failure of an unconfirmed message counts', () => {
    const sms = sentSms()
    sms.elapse('deliveryWindow')
    sms.send(report('expired'))
    expect(sms.state).toBe('failed')
  })
})

describe('notification: once more', () => {
  const resend = { type: 'notification.resend', reason: 'customer lost it' }

  it('after a minute, five times', () => {
    const sms = sentSms()
    expect(sms.send(resend, 59_000)).toBe(false)
    for (let time = 1; time <= 5; time++) {
      expect(sms.send(resend, 60_000)).toBe(true)
      expect(sms.state).toBe('sending')
      sms.answer('sendSms', accepted(`ATPid_again_${time}`))
    }
    expect(sms.send(resend, 60_000)).toBe(false)
    expect(sms.context).toMatchObject({ resends: 5, cost: { amount: 480, currency: 'KES' }, segments: 6 })
  })

  it.each(['delivered', 'failed'])('after %s, and the old report does not count for the new message', (status) => {
    const sms = sentSms()
    sms.send(report(status))
    expect(sms.send(resend, 60_000)).toBe(true)
    sms.send(report(status))
    sms.answer('sendSms', accepted('ATPid_2'))
    expect(sms.state).toBe('sent')
  })

  it('after unconfirmed, but not when the access is over', () => {
    const sms = sentSms()
    sms.elapse('deliveryWindow')
    expect(sms.send(resend)).toBe(true)
    const late = sentSms()
    expect(late.send(resend, 101 * HOUR_MS)).toBe(false)
  })
})
