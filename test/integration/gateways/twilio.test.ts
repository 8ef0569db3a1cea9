import { describe, expect, onTestFinished, test } from 'vitest'
import { GatewayError } from '../../../actors/gateways/errors.ts'
import { withFallback } from '../../../actors/gateways/sms/fallback.ts'
import type { SmsGateway, SmsMessage } from '../../../actors/gateways/sms/port.ts'
import { isSignedByTwilio, parseTwilioReport, twilioSignature } from '../../../actors/gateways/sms/twilio-report.ts'
import { createTwilioClient, type TwilioOptions } from '../../../actors/gateways/sms/twilio.ts'
import { startTwilio, TWILIO_SANDBOX_CREDENTIALS, type TwilioOptions as StandInOptions } from '../../../sandbox/twilio/index.ts'
import { failureOf } from './daraja-support.ts'
import { deadUrl, startReceiver } from './servers.ts'

const PHONE = '254712345678'
let keys = 0
const to = (phone = PHONE, text = 'Habari & karibu') => ({ to: phone, text, key: `twilio-${(keys += 1)}` })

async function startWorld(options: StandInOptions = {}, clientOptions: Partial<TwilioOptions> = {}) {
  const receiver = await startReceiver()
  const twilio = await startTwilio({ reportAfterMs: 0, ...options })
  onTestFinished(async () => {
    await twilio.stop()
    await receiver.stop()
  })
  const callback = `${receiver.url}/hooks/twilio`
  const client = createTwilioClient({ ...TWILIO_SANDBOX_CREDENTIALS, baseUrl: twilio.url, sender: '+15005550006', statusCallback: () => callback, timeoutMs: 10_000, ...clientOptions })
  return { twilio, client, receiver, callback }
}

describe('sending by Twilio', () => {
  test('is accepted, and reported', async () => {
    const { client, twilio, receiver } = await startWorld()
    const sent = await client.send(to())
    expect(sent).toEqual({ provider: 'twilio', providerId: expect.stringMatching(/^SM[0-9a-f]{32}$/) as string, status: 'queued', segments: 1 })
    expect(twilio.messages()).toMatchObject([{ id: sent.providerId, to: PHONE, from: '+15005550006', text: 'Habari & karibu' }])
    const reports = (await receiver.until(2)).map((body) => parseTwilioReport(Object.fromEntries(new URLSearchParams(body))))
    expect(reports).toMatchObject([{ ok: true, report: { providerId: sent.providerId, status: 'sent', phone: PHONE } }, { report: { status: 'delivered', isFinal: true } }])
  })

  test('tells the price where Twilio does, exactly', async () => {
    const { client } = await startWorld({ behaviour: { price: '-0.00750' } })
    expect((await client.send(to())).cost).toEqual({ amount: 1, currency: 'USD', decimal: '0.00750' })
  })

  test('by a messaging service, and once a key', async () => {
    const { client, twilio } = await startWorld({}, { sender: `MG${'0'.repeat(32)}`, statusCallback: () => undefined })
    const message = to()
    await Promise.all([client.send(message), client.send(message)])
    expect(twilio.messages()).toMatchObject([{ from: `MG${'0'.repeat(32)}` }])
  })

  test.each([
    [400, 21211, 'invalid-phone', false, false],
    [400, 21610, 'blocked-by-recipient', false, false],
    [400, 21614, 'unsupported-number', false, false],
    [400, 21660, 'refused', false, false],
    [429, 20429, 'rate-limited', true, false],
    [503, 20503, 'rate-limited', true, false],
    [500, 20500, 'provider-failed', false, true],
  ])('HTTP %i with code %i is %s', async (status, providerCode, code, retryable, uncertain) => {
    const { client } = await startWorld({ behaviour: { refuse: { status, code: providerCode } } })
    expect(await failureOf(client.send(to()))).toMatchObject({ code, retryable, uncertain, providerCode: String(providerCode) })
  })

  test('with wrong credentials, to no number, or nowhere', async () => {
    const { client } = await startWorld({}, { authToken: 'wrong' })
    expect(await failureOf(client.send(to()))).toMatchObject({ code: 'wrong-credentials' })
    expect(await failureOf(client.send(to('0712')))).toMatchObject({ code: 'invalid-phone' })
    expect(await failureOf(client.send(to(PHONE, ' ')))).toMatchObject({ code: 'invalid-text' })
    const { client: lost } = await startWorld({}, { baseUrl: await deadUrl() })
    expect(await failureOf(lost.send(to()))).toMatchObject({ code: 'connection-failed', retryable: true, uncertain: false })
  })
})

describe("Twilio's signature", () => {
  const url = 'https://mycompany.com/myapp.php?foo=1&bar=2'
  const params = new URLSearchParams({ CallSid: 'CA1234567890ABCDE', Caller: '+14158675309', Digits: '1234', From: '+14158675309', To: '+18005551212' })

  test('is that of its documentation', () => {
    expect(twilioSignature('12345', url, params)).toBe('RSOYDt4T1cUTdK1PDd93/VVr8B8=')
  })

  test('is over address, parameters and token', () => {
    const signature = twilioSignature('12345', url, params)
    const body = Buffer.from(params.toString())
    const check = (change: object) => isSignedByTwilio({ authToken: '12345', url, body, signature, ...change })
    expect(check({})).toBe(true)
    for (const change of [{ authToken: '12346' }, { url: `${url}3` }, { body: Buffer.from(`${params.toString()}&Extra=1`) }, { signature: undefined }, { signature: `${signature}=` }, { signature: '' }]) expect(check(change)).toBe(false)
  })

  test.each([{}, { MessageSid: 'SM1' }, { MessageSid: 'SM1', MessageStatus: 'odd' }, 'x', null])('a report %j is none', (body) => {
    expect(parseTwilioReport(body).ok).toBe(false)
  })
})

describe('two providers', () => {
  const sent = (provider: string) => ({ provider, providerId: 'x', status: 'sent' as const, segments: 1 })
  const gateway = (provider: string, error?: GatewayError): SmsGateway & { calls: number } => ({
    calls: 0,
    async send(_message: SmsMessage) {
      this.calls += 1
      if (error !== undefined) throw error
      return sent(provider)
    },
  })
  const failure = (code: string, fate: object = {}) => new GatewayError(code, code, fate)

  test.each(['insufficient-balance', 'wrong-credentials', 'connection-failed', 'invalid-sender', 'rate-limited'])('the second sends what the first did not take: %s', async (code) => {
    const second = gateway('second')
    expect(await withFallback(gateway('first', failure(code)), second).send(to())).toEqual(sent('second'))
    expect(second.calls).toBe(1)
  })

  test.each([failure('blocked-by-recipient'), failure('invalid-phone'), failure('timeout', { uncertain: true })])('the second is not asked after $code', async (error) => {
    const second = gateway('second')
    await expect(withFallback(gateway('first', error), second).send(to())).rejects.toBe(error)
    expect(second.calls).toBe(0)
  })

  test('a repetition goes to the second at once, and back to the first', async () => {
    const [first, second] = [gateway('first'), gateway('second')]
    expect(await withFallback(first, second).send({ ...to(), isRepetition: true })).toEqual(sent('second'))
    expect(first.calls).toBe(0)
    expect(await withFallback(first, gateway('second', failure('refused'))).send({ ...to(), isRepetition: true })).toEqual(sent('first'))
  })

  test('when both fail, the one counts that may change, or may have taken it', async () => {
    const [later, never, perhaps] = [failure('rate-limited', { retryable: true, retryAfterMs: 1 }), failure('refused'), failure('timeout', { uncertain: true })]
    await expect(withFallback(gateway('1', later), gateway('2', never)).send(to())).rejects.toBe(later)
    await expect(withFallback(gateway('1', never), gateway('2', later)).send(to())).rejects.toBe(later)
    await expect(withFallback(gateway('1', later), gateway('2', perhaps)).send(to())).rejects.toBe(perhaps)
  })
})
