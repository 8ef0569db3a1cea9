import { describe, expect, it } from 'vitest'
import { parseAfricasTalkingInbound, parseAfricasTalkingOptOut, parseTwilioInbound } from '../../../actors/gateways/sms/inbound.ts'

describe('an SMS from a customer', () => {
  it.each([
    ['STOP', 'stop'], ['stop', 'stop'], [' Stop! ', 'stop'], ['"stop"', 'stop'], ['Stop all', 'stop'], ['UNSUBSCRIBE', 'stop'], ['opt-out', 'stop'], ['Acha.', 'stop'],
    ['START', 'start'], ['unstop', 'start'], ['Anza', 'start'],
    ['please stop', null], ['stop by at noon', null], ['STOPPED', null], ['', null], ['5', null],
  ])('%j wishes %s', (text, wish) => {
    expect(parseAfricasTalkingInbound({ from: '+254708374149', to: '22384', text, id: 'x' })).toEqual({ ok: true, phone: '254708374149', wish })
    expect(parseTwilioInbound({ From: '+254708374149', Body: text, MessageSid: 'SM1' })).toEqual({ ok: true, phone: '254708374149', wish })
  })

  it.each([['ARRET', 'STOP', 'stop'], ['STOP', 'HELP', null], ['x', 'START', 'start']])('%s is what Twilio has judged it to be: %s', (Body, OptOutType, wish) => {
    expect(parseTwilioInbound({ From: '+254708374149', Body, OptOutType })).toMatchObject({ wish })
  })

  it.each(['0708374149', '254708374149', ' 254708374149', '+254 708 374149'])('is of the phone %j', (phoneNumber) => {
    expect(parseAfricasTalkingOptOut({ senderId: 'STANDING', phoneNumber })).toEqual({ ok: true, phone: '254708374149', wish: 'stop' })
  })

  it.each([{}, undefined, 'x', { from: 5 }, { from: 'Safaricom', text: 'STOP' }, { From: '+1', Body: 'STOP' }, { phoneNumber: '' }])('%j is none', (body) => {
    for (const parse of [parseAfricasTalkingInbound, parseAfricasTalkingOptOut, parseTwilioInbound]) expect(parse(body)).toMatchObject({ ok: false })
    for (const parse of [parseAfricasTalkingInbound, parseTwilioInbound]) expect(JSON.stringify(parse(body))).not.toContain('Safaricom')
  })
})
