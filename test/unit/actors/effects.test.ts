import { describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { GatewayError } from '../../../actors/gateways/errors.ts'
import type { MpesaGateway, StkPushRequest } from '../../../actors/gateways/mpesa/port.ts'
import { measureSms } from '../../../actors/gateways/sms/segments.ts'
import type { SmsMessage } from '../../../actors/gateways/sms/port.ts'
import { sendSms } from '../../../actors/notification/effects.ts'
import { textOf } from '../../../actors/notification/text.ts'
import { askReturnStatus, promptPayer, queryPayment, requestReturn } from '../../../actors/payment/effects.ts'
import type { EffectContext, EffectDefinition } from '../../../runtime/definition.ts'
import { fakeMpesa } from '../../support/fake-mpesa.ts'
import { START } from '../machines/play.ts'

function context(fields: Partial<EffectContext> = {}): EffectContext {
  return {
    key: 'main/payment/pay_1/1/0',
    address: { tenant: 'main', type: 'payment', id: 'pay_1' },
    attempt: 1,
    interrupted: false,
    signal: new AbortController().signal,
    at: START,
    correlationId: 'c',
    event: undefined,
    ...fields,
  }
}

const run = (effect: EffectDefinition, input: unknown, fields?: Partial<EffectContext>) => Promise.resolve(effect.run(input as never, context(fields)))

const limited = new GatewayError('rate-limited', 'spike arrest', { retryable: true, retryAfterMs: 10_000 })
const broken = new GatewayError('timeout', 'no answer within 15000 ms', { uncertain: true })
const invalid = new GatewayError('invalid-phone', 'not a Kenyan number')

describe('promptPayer', () => {
  const request = { phone: '254708374149', amount: 2_000, currency: 'KES', requestedAt: START }
  const asked: { request: StkPushRequest; key: string }[] = []
  const mpesa = (error?: Error) => fakeMpesa({
    stkPush: async (request, { idempotencyKey }) => {
      asked.push({ request, key: idempotencyKey })
      if (error !== undefined) throw error
      return { merchantRequestId: 'm', checkoutRequestId: 'ws_CO_1', responseDescription: '', customerMessage: '' }
    },
  })
  const effect = (error?: Error) => promptPayer({ mpesa: mpesa(error), description: 'Internet' })

  it('hands the stable key and the account to M-Pesa', async () => {
    asked.length = 0
    expect(await run(effect(), request)).toEqual({ outcome: 'accepted', checkoutRequestId: 'ws_CO_1', merchantRequestId: 'm' })
    expect(asked).toEqual([
      {
        request: { phone: '254708374149', amount: 2_000, currency: 'KES', accountReference: 'PAY1', description: 'Internet' },
        key: 'main/payment/pay_1/1/0',
      },
    ])
  })

  it('names the payment in the callback address, if told to', async () => {
    asked.length = 0
    await run(promptPayer({ mpesa: mpesa(), description: 'Internet', callbackUrl: ({ id }) => `https://x.example/stk/${id}` }), request)
    expect(asked[0]?.request.callbackUrl).toBe('https://x.example/stk/pay_1')
  })

  it.each([
    [limited, { outcome: 'refused', code: 'rate-limited', detail: 'spike arrest', retryAfterMs: 10_000 }],
    [new GatewayError('connection-failed', 'x', { retryable: true }), { outcome: 'refused', code: 'connection-failed', detail: 'x', retryAfterMs: 5_000 }],
    [invalid, { outcome: 'refused', code: 'invalid-phone', detail: 'not a Kenyan number', retryAfterMs: null }],
    [broken, { outcome: 'uncertain', code: 'timeout', detail: 'no answer within 15000 ms' }],
  ])('answers %s as the machine understands it', async (error, expected) => {
    expect(await run(effect(error), request)).toEqual(expected)
  })

  it('P2: asks nobody again after a crash in the middle', async () => {
    asked.length = 0
    expect(effect()).toMatchObject({ retry: { attempts: 1 }, noteBeforeCall: true })
    expect(await run(effect(), request, { attempt: 2, interrupted: true })).toMatchObject({ outcome: 'uncertain', code: 'interrupted' })
    expect(asked).toEqual([])
  })

  it('does not surprise a customer who asked long ago', async () => {
    asked.length = 0
    expect(await run(effect(), request, { at: START + 600_000 })).toMatchObject({ outcome: 'refused', code: 'too-late', retryAfterMs: null })
    expect(asked).toEqual([])
  })

  it('does not dress a mistake of ours up as an answer', async () => {
    await expect(run(effect(new TypeError('oops')), request)).rejects.toThrow('oops')
  })
})

describe('returns', () => {
  const resultUrls = ({ id }: { id: string }, about: string) => ({ resultUrl: `https://x.example/${id}.${about}`, timeoutUrl: 'https://x.example/t' })
  const request = { way: 'b2c', request: 2, receipt: 'NLJ7RT61SV', phone: '254708374149', amount: 2_000, currency: 'KES', reason: 'sold twice' }
  const asked: object[] = []
  const mpesa = fakeMpesa({
    payOut: async (payout, { idempotencyKey }) => {
      asked.push({ ...payout, idempotencyKey })
      return { originatorConversationId: 'theirs', conversationId: 'AG_1' }
    },
    reverse: async (reversal) => {
      asked.push(reversal)
      return { originatorConversationId: 'oc', conversationId: null }
    },
    askStatus: async (query) => {
      asked.push(query)
      return { originatorConversationId: null, conversationId: null }
    },
  })

  it('a payout has the number of its request, the same whenever it is asked for or about', async () => {
    asked.length = 0
    const outcome = await run(requestReturn({ mpesa, resultUrls }), request) as { originatorConversationId: string }
    expect(outcome).toEqual({ outcome: 'accepted', originatorConversationId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, conversationId: 'AG_1' })
    await run(askReturnStatus({ mpesa, resultUrls }), { way: 'b2c', request: 2, originatorConversationId: null })
    const { originatorConversationId } = outcome
    expect(asked).toMatchObject([{ originatorConversationId, idempotencyKey: 'main/payment/pay_1/1/0', resultUrl: 'https://x.example/pay_1.return' }, { originatorConversationId, resultUrl: 'https://x.example/pay_1.status' }])
    const other = await run(requestReturn({ mpesa, resultUrls }), { ...request, request: 3 })
    expect(other).not.toMatchObject({ originatorConversationId })
  })

  it('a reversal names the receipt, and is asked about by the number that it got', async () => {
    asked.length = 0
    expect(await run(requestReturn({ mpesa, resultUrls }), { ...request, way: 'reversal' })).toEqual({ outcome: 'accepted', originatorConversationId: 'oc', conversationId: null })
    await run(askReturnStatus({ mpesa, resultUrls }), { way: 'reversal', request: 2, originatorConversationId: 'oc' })
    expect(asked).toMatchObject([{ receipt: 'NLJ7RT61SV', amount: 2_000 }, { originatorConversationId: 'oc' }])
  })

  it('F2: what may have been sent before a crash is not sent again', async () => {
    expect(await run(requestReturn({ mpesa: fakeMpesa({}), resultUrls }), request, { interrupted: true })).toMatchObject({ outcome: 'uncertain', code: 'interrupted' })
  })

  it('tells what was refused from what may have been taken', async () => {
    const failing = (error: Error) => fakeMpesa({ reverse: () => Promise.reject(error) })
    expect(await run(requestReturn({ mpesa: failing(limited), resultUrls }), { ...request, way: 'reversal' })).toMatchObject({ outcome: 'refused', retryAfterMs: 10_000 })
    expect(await run(requestReturn({ mpesa: failing(broken), resultUrls }), { ...request, way: 'reversal' })).toMatchObject({ outcome: 'uncertain' })
  })
})

describe('queryPayment', () => {
  const effect = (stkQuery: MpesaGateway['stkQuery']) => queryPayment({ mpesa: fakeMpesa({ stkQuery }) })
  const request = { checkoutRequestId: 'ws_CO_1' }

  it('gives what M-Pesa says', async () => {
    expect(await run(effect(async () => ({ status: 'answered', resultCode: '0', resultDesc: 'ok' })), request)).toEqual({ outcome: 'answered', resultCode: '0', resultDesc: 'ok' })
    expect(await run(effect(async () => ({ status: 'pending', reason: 'no-result-yet', resultDesc: '' })), request)).toEqual({ outcome: 'pending', resultDesc: '' })
  })

  it('leaves repeating to the engine, which may: asking changes nothing', async () => {
    await expect(run(effect(() => Promise.reject(limited)), request)).rejects.toMatchObject({ name: 'RetryableError', retryAfterMs: 10_000 })
    await expect(run(effect(() => Promise.reject(invalid)), request)).rejects.toMatchObject({ name: 'TerminalError', code: 'invalid-phone' })
  })
})

describe('sendSms', () => {
  const credentials = createCredentialIssuer('an application key of good length')
  const about = { tenant: 'main', type: 'hotspot-session', id: 'pay_1' }
  const details = { packageName: '1 hour', expiresAt: Date.UTC(2026, 0, 1, 9, 5) }
  const request = { to: '254708374149', template: 'hotspot-credentials' as const, locale: 'en' as const, about, credentialVersion: 1, details }
  const { username, password } = credentials.issue(about, 1)
  const sent: SmsMessage[] = []
  const optedOut: string[][] = []
  const effect = (error?: Error) =>
    sendSms({
      sms: {
        send: async (message) => {
          sent.push(message)
          if (error !== undefined) throw error
          return { providerId: 'ATPid_1', status: 'sent', segments: 1 }
        },
      },
      credentials,
      timeZone: 'Africa/Nairobi',
      contactRules: {
        hasOptedOut: () => Promise.resolve(false),
        lastSentAt: () => Promise.resolve(undefined),
        optOut: async (tenant, { phone, reason }) => {
          optedOut.push([tenant, phone, reason])
          throw new Error('the database is away')
        },
      },
    })

  it('notes who has stopped our messages with the provider, whether it can be written down or not', async () => {
    expect(await run(effect(limited), request)).toMatchObject({ outcome: 'refused' })
    expect(optedOut).toEqual([])
    const stopped = new GatewayError('blocked-by-recipient', 'Twilio: 21610', {})
    expect(await run(effect(stopped), request)).toMatchObject({ outcome: 'refused', code: 'blocked-by-recipient', retryAfterMs: null })
    expect(optedOut).toEqual([['main', request.to, 'stopped with the provider']])
  })

  it('derives the credentials and makes the text only now', async () => {
    sent.length = 0
    expect(await run(effect(), request)).toEqual({ outcome: 'accepted', provider: 'sms', providerId: 'ATPid_1', cost: null, segments: 1 })
    expect(sent).toEqual([
      { to: '254708374149', key: 'main/payment/pay_1/1/0', text: `WiFi 1 hour: username ${username} password ${password} Valid until 01/01 12:05.` },
    ])
  })

  it('tells refused from uncertain, and never repeats by itself', async () => {
    expect(await run(effect(limited), request)).toMatchObject({ outcome: 'refused', retryAfterMs: 10_000 })
    expect(await run(effect(broken), request)).toMatchObject({ outcome: 'uncertain' })
    sent.length = 0
    expect(effect()).toMatchObject({ noteBeforeCall: true })
    expect(await run(effect(), request, { attempt: 2, interrupted: true })).toMatchObject({ outcome: 'uncertain', code: 'interrupted' })
    expect(sent).toEqual([])
  })

  it.each(['en', 'sw'] as const)('fits one SMS in %s', (locale) => {
    const text = textOf({ template: 'hotspot-credentials', locale, details: { ...details, packageName: 'x'.repeat(100) } }, { username, password }, { timeZone: 'Africa/Nairobi', now: 0 })
    expect(measureSms(text)).toMatchObject({ encoding: 'GSM-7', segments: 1 })
    expect(text).toContain(username)
    expect(text).toContain(password)
  })
})
