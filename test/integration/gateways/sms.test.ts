import { describe, expect, onTestFinished, test } from 'vitest'
import { createAfricasTalkingClient, type AfricasTalkingOptions } from '../../../actors/gateways/sms/africas-talking.ts'
import { parseDeliveryReport } from '../../../actors/gateways/sms/delivery-report.ts'
import { SMS_SANDBOX_CREDENTIALS, startSms, type SmsOptions } from '../../../sandbox/sms/index.ts'
import { failureOf } from './daraja-support.ts'
import { deadUrl, serve, startReceiver } from './servers.ts'

const PHONE = '254712345678'
let keys = 0
const to = (phone = PHONE, text = 'Your code is 4711') => ({ to: phone, text, key: `sms-${(keys += 1)}` })

async function startWorld(options: SmsOptions = {}, clientOptions: Partial<AfricasTalkingOptions> = {}) {
  const receiver = await startReceiver()
  const sms = await startSms({ reportUrl: `${receiver.url}/hooks/sms`, reportAfterMs: 0, delivery: { retryAfterMs: 1 }, ...options })
  onTestFinished(async () => {
    await sms.stop()
    await receiver.stop()
  })
  const client = createAfricasTalkingClient({ ...SMS_SANDBOX_CREDENTIALS, baseUrl: sms.url, timeoutMs: 10_000, ...clientOptions })
  const reports = async (count: number) =>
    (await receiver.until(count)).map((body) => {
      const result = parseDeliveryReport(Object.fromEntries(new URLSearchParams(body)))
      if (!result.ok) throw new Error(result.problem)
      return result.report
    })
  return { sms, control: sms.control, receiver, client, reports }
}

describe('sending', () => {
  test('is accepted, costs, and is reported', async () => {
    const { client, control, reports } = await startWorld({}, { sender: 'STANDING' })
    const sent = await client.send(to(PHONE, 'Habari, 50% off & more €'))
    expect(sent).toEqual({ provider: 'africas-talking', providerId: expect.stringMatching(/^ATPid_/) as string, status: 'sent', cost: { amount: 80, currency: 'KES', decimal: '0.8000' }, segments: 1 })
    expect(control.messages()).toMatchObject([{ id: sent.providerId, to: PHONE, from: 'STANDING', text: 'Habari, 50% off & more €' }])
    expect(await reports(1)).toEqual([
      { providerId: sent.providerId, status: 'delivered', isFinal: true, providerStatus: 'Success', phone: PHONE, networkCode: '63902', retryCount: 0 },
    ])
  })

  test('with one key is sent once', async () => {
    const { client, control } = await startWorld()
    const message = to()
    const [first, second] = await Promise.all([client.send(message), client.send(message)])
    expect([second, await client.send(message)]).toEqual([first, first])
    expect(control.messages()).toHaveLength(1)
  })

  test.each([
    [401, 'risk-hold', false], [402, 'invalid-sender', false], [403, 'invalid-phone', false], [404, 'unsupported-number', false], [405, 'insufficient-balance', true],
    [406, 'blocked-by-recipient', false], [407, 'could-not-route', true], [409, 'do-not-disturb', false], [500, 'provider-failed', true], [501, 'network-failed', true],
    [502, 'refused-by-network', false],
  ])('HTTP 201 whose recipient has %i is a failure: %s', async (statusCode, code, retryable) => {
    const { client, control } = await startWorld()
    control.next({ send: { statusCode } })
    expect(await failureOf(client.send(to()))).toMatchObject({ code, retryable, uncertain: false, providerCode: String(statusCode) })
  })

  test('a magic phone chooses its status', async () => {
    const { client } = await startWorld()
    expect(await failureOf(client.send(to('254700020406')))).toMatchObject({ code: 'blocked-by-recipient' })
    expect(await client.send(to('254700020102'))).toMatchObject({ status: 'queued' })
  })

  test('a mistake of ours is found before anything is sent', async () => {
    const { client, control } = await startWorld()
    expect(await failureOf(client.send(to('0712345678')))).toMatchObject({ code: 'invalid-phone', retryable: false })
    expect(await failureOf(client.send(to(PHONE, ' ')))).toMatchObject({ code: 'invalid-text' })
    expect(await failureOf(client.send(to(PHONE, 'x'.repeat(1_000))))).toMatchObject({ code: 'invalid-text' })
    expect(control.messages()).toEqual([])
  })

  test('a wrong key is told without the key or the text', async () => {
    const { client } = await startWorld({}, { apiKey: 'wr0ng' })
    const error = await failureOf(client.send(to()))
    expect(error).toMatchObject({ code: 'wrong-credentials', retryable: false, uncertain: false })
    expect(JSON.stringify([error.message, error.stack, error.detail])).not.toMatch(/wr0ng|4711/)
  })

  test.each([
    [503, { code: 'provider-failed', uncertain: true, retryable: false }], [429, { code: 'rate-limited', retryable: true }], [400, { code: 'refused', retryable: false }],
  ])('HTTP %i', async (httpStatus, expected) => {
    const { client, control } = await startWorld()
    control.next({ send: { httpStatus } })
    expect(await failureOf(client.send(to()))).toMatchObject(expected)
  })

  test('nobody listening is not uncertain', async () => {
    const { client } = await startWorld({}, { baseUrl: await deadUrl() })
    expect(await failureOf(client.send(to()))).toMatchObject({ code: 'connection-failed', retryable: true, uncertain: false })
  })

  test.each([
    ['{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}', { code: 'invalid-sender', uncertain: false }],
    ['{"SMSMessageData":{"Message":"Something new","Recipients":[]}}', { code: 'answer-not-understood', uncertain: true }],
    ['<html>', { code: 'answer-not-understood', uncertain: true }],
  ])('an answer like %s', async (body, expected) => {
    const server = await serve((_request, response) => { response.writeHead(201).end(body) })
    const client = createAfricasTalkingClient({ ...SMS_SANDBOX_CREDENTIALS, baseUrl: server.url })
    expect(await failureOf(client.send(to()))).toMatchObject(expected)
    await server.stop()
  })
})

describe('when the answer is lost', () => {
  test('a message that timed out is uncertain, is not sent again with its key, and its report still comes', async () => {
    const { client, control, reports } = await startWorld({}, { timeoutMs: 500 })
    control.next({ send: 'timeout-after-accepting' })
    const message = to()
    expect(await failureOf(client.send(message))).toMatchObject({ code: 'timeout', uncertain: true, retryable: false })
    expect(await failureOf(client.send(message))).toMatchObject({ code: 'timeout', uncertain: true })
    expect(await reports(1)).toMatchObject([{ status: 'delivered' }])
    expect(control.messages()).toHaveLength(1)
  })

  test('given up by the caller, or broken off', async () => {
    const { client, control } = await startWorld()
    control.next({ send: 'timeout-after-accepting' })
    const stop = new AbortController()
    const failure = failureOf(client.send(to(), { signal: stop.signal }))
    await control.until(() => true)
    stop.abort()
    expect(await failure).toMatchObject({ code: 'aborted', uncertain: true })
    expect(await failureOf(client.send(to('254700021011')))).toMatchObject({ code: 'connection-lost', uncertain: true })
  })
})

describe('delivery reports', () => {
  test('before the send is answered', async () => {
    const { client, receiver } = await startWorld()
    let receivedAtAnswer = -1
    await client.send(to('254700021002')).then(() => { receivedAtAnswer = receiver.received.length })
    expect(receivedAtAnswer).toBe(1)
  })

  test('of several plans all come, repeated ones too', async () => {
    const { client, control, reports } = await startWorld()
    control.next({ reports: [{ status: 'Success', afterMs: 0 }, { status: 'Sent', afterMs: 10, times: 2 }] })
    await client.send(to())
    expect((await reports(3)).map(({ status }) => status).sort()).toEqual(['delivered', 'sent', 'sent'])
  })

  test('out of order, by hand', async () => {
    const { client, control, reports } = await startWorld({ defaults: { reports: [] } })
    const { providerId } = await client.send(to())
    for (const status of ['Success', 'Sent', 'Buffered', 'Expired'] as const) await control.report(providerId, status)
    expect((await reports(4)).map(({ status }) => status)).toEqual(['delivered', 'sent', 'buffered', 'expired'])
  })

  test('by hand, with a reason, to an address that is set later', async () => {
    const { client, control, receiver, reports } = await startWorld({ defaults: { reports: [] } })
    control.setReportUrl(undefined)
    const { providerId } = await client.send(to())
    await expect(control.report(providerId, 'Success')).rejects.toThrow('no report address')
    control.setReportUrl(`${receiver.url}/later`)
    await control.report(providerId, 'Failed', 'UserIsInactive')
    expect(await reports(1)).toMatchObject([{ status: 'failed', failureReason: 'UserIsInactive' }])
  })

  test('none for a message that was refused', async () => {
    const { client, control, receiver } = await startWorld()
    await failureOf(client.send(to('254700020403')))
    await control.idle()
    expect(receiver.received).toEqual([])
  })
})

test('the stand-in can be held by HTTP', async () => {
  const { sms, client } = await startWorld()
  const post = (body: unknown) => fetch(`${sms.url}/_sandbox/scenarios`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  expect((await post({ phone: PHONE, send: { statusCode: 405 } })).status).toBe(201)
  expect((await post({ send: 'teleport' })).status).toBe(422)
  expect(await failureOf(client.send(to()))).toMatchObject({ code: 'insufficient-balance', retryable: true })
  await client.send(to())
  const outbox = await (await fetch(`${sms.url}/_sandbox/messages`)).json()
  expect(outbox).toMatchObject({ data: [{ statusCode: 405 }, { statusCode: 101, text: 'Your code is 4711' }] })
  expect((await fetch(`${sms.url}/_sandbox/scenarios`, { method: 'DELETE' })).status).toBe(204)
})
