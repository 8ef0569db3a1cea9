import { describe, expect, it } from 'vitest'
import { notificationInput } from '../../../machines/notification/events.ts'
import { notificationMachine } from '../../../machines/notification/machine.ts'
import { Play, START } from './play.ts'

const HOUR_MS = 3_600_000
const about = { tenant: 'main', type: 'subscription', id: 'sub_1' }
const REMINDER = { packageName: 'Home', accountNumber: '12345674', amount: 250_000, currency: 'KES', expiresAt: START + 48 * HOUR_MS }

const newSms = (template: 'subscription-reminder' | 'subscription-receipt' = 'subscription-reminder') =>
  new Play(
    notificationMachine,
    notificationInput.parse({
      to: '254708374149',
      template,
      about,
      details: template === 'subscription-reminder' ? REMINDER : { accountNumber: '12345674', amount: 1, currency: 'KES', receipt: null, expiresAt: null, balance: 0 },
    }),
  )
const held = (until: number) => ({ outcome: 'held', reason: 'quiet-hours', until })
const cancel = { type: 'notification.cancel', reason: 'paid' }

describe('notification: may it go now (N4)', () => {
  it('asks before each attempt', () => {
    const sms = newSms()
    expect([sms.state, sms.calls.get('checkClearance')]).toEqual(['clearing', { to: '254708374149', template: 'subscription-reminder' }])
    sms.answer('checkClearance', { outcome: 'clear' }).answer('sendSms', { outcome: 'refused', code: 'x', detail: '', retryAfterMs: 60_000 })
    sms.elapse('retryGap')
    expect(sms.state).toBe('clearing')
    expect(newSms('subscription-receipt').state).toBe('clearing')
  })

  it('waits until it may, and asks again then', () => {
    const sms = newSms().answer('checkClearance', held(START + 8 * HOUR_MS))
    expect([sms.state, sms.context.held]).toEqual(['held', { reason: 'quiet-hours', until: START + 8 * HOUR_MS }])
    expect(sms.elapse('heldTime')).toBe(8 * HOUR_MS)
    expect([sms.state, sms.context.held]).toEqual(['clearing', null])
    expect(sms.answer('checkClearance', { outcome: 'clear' }).state).toBe('sending')
  })

  it('is not sent to who has opted out', () => {
    const sms = newSms().answer('checkClearance', { outcome: 'suppressed', reason: 'opted-out' })
    expect([sms.state, sms.facts]).toMatchObject(['suppressed', [{ type: 'notification.suppressed', reason: 'opted-out' }]])
    expect(sms.calls.size).toBe(0)
  })

  it('is not sent when what it says is not so any more', () => {
    for (const sms of [newSms(), newSms().answer('checkClearance', held(START + HOUR_MS))]) {
      expect(sms.send(cancel)).toBe(true)
      expect([sms.state, sms.facts, sms.calls.size, sms.timers.size]).toMatchObject(['cancelled', [{ type: 'notification.cancelled', reason: 'paid' }], 0, 0])
    }
    expect(newSms().answer('checkClearance', { outcome: 'clear' }).send(cancel)).toBe(false)
  })

  it('is not sent when it would come too late', () => {
    const sms = newSms().answer('checkClearance', held(START + 49 * HOUR_MS))
    sms.elapse('heldTime')
    expect([sms.state, sms.context.failure?.code]).toEqual(['failed', 'too-late'])
  })

  it('needs somebody to say', () => {
    expect(newSms().breakDown('checkClearance', { name: 'Error', message: 'x' }).context.failure?.code).toBe('not-cleared')
  })
})

describe('what a notification is made from', () => {
  it.each([
    ['subscription-reminder', { ...REMINDER, expiresAt: undefined }],
    ['subscription-receipt', REMINDER],
    ['hotspot-credentials', REMINDER],
    ['odd', REMINDER],
  ])('%s has its own details', (template, details) => {
    expect(notificationInput.safeParse({ to: '254708374149', template, about, details }).success).toBe(false)
  })
})
