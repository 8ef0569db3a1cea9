import { describe, expect, test } from 'vitest'
import { signRequest } from '../../../actors/gateways/mpesa/timestamp.ts'
import { DARAJA_SANDBOX_CREDENTIALS } from '../../../sandbox/daraja/index.ts'
import { failureOf, fresh, PHONE, pushOf, startWorld } from './daraja-support.ts'

const { consumerKey, consumerSecret, shortcode, passkey } = DARAJA_SANDBOX_CREDENTIALS

async function post(url: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') {
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
}

async function tokenOf(url: string) {
  const authorization = `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64')}`
  const answer = await fetch(`${url}/oauth/v1/generate?grant_type=client_credentials`, { headers: { authorization } })
  return (await answer.json()) as { access_token: string; expires_in: unknown }
}

const fields = () => ({
  BusinessShortCode: shortcode, ...signRequest(shortcode, passkey, Date.now()), TransactionType: 'CustomerPayBillOnline', Amount: 1, PartyA: PHONE, PartyB: shortcode,
  PhoneNumber: PHONE, CallBackURL: 'https://pay.example.com/hooks/x/stk', AccountReference: 'ACC-1', TransactionDesc: 'One hour',
})

describe('is as strict as Safaricom', () => {
  test('expires_in is text', async () => {
    const { daraja } = await startWorld()
    expect((await tokenOf(daraja.url)).expires_in).toBe('3599')
  })

  test('no header, a wrong token and a good one', async () => {
    const { daraja } = await startWorld({ defaults: { callback: { manual: true } } })
    const url = `${daraja.url}/mpesa/stkpush/v1/processrequest`
    expect(await post(url, fields())).toMatchObject({ status: 404, json: { errorCode: '404.001.04' } })
    expect(await post(url, fields(), { authorization: 'Bearer nonsense' })).toMatchObject({ status: 404, json: { errorCode: '404.001.03' } })
    const authorization = `Bearer ${(await tokenOf(daraja.url)).access_token}`
    expect(await post(url, fields(), { authorization })).toMatchObject({ status: 200, json: { ResponseCode: '0' } })
    expect(await post(url, '{broken', { authorization })).toMatchObject({ status: 400, json: { errorCode: '400.002.05' } })
    expect(await post(url, [], { authorization })).toMatchObject({ status: 400, json: { errorCode: '400.002.05' } })
  })

  test.each([
    ['BusinessShortCode', '12'], ['Password', ''], ['Timestamp', '20260230101010'], ['TransactionType', 'PayBill'], ['Amount', 1.5], ['Amount', 0], ['Amount', 250_001],
    ['PartyA', '0708374149'], ['PartyB', 'x'], ['PhoneNumber', '+254708374149'], ['PhoneNumber', undefined], ['CallBackURL', 'http://pay.example.com/x'],
    ['CallBackURL', 'https://pay.example.com/mpesa/x'], ['AccountReference', 'x'.repeat(13)], ['TransactionDesc', 'x'.repeat(14)],
  ])('%s %j is 400.002.02', async (field, value) => {
    const { daraja } = await startWorld()
    const authorization = `Bearer ${(await tokenOf(daraja.url)).access_token}`
    expect(await post(`${daraja.url}/mpesa/stkpush/v1/processrequest`, { ...fields(), [field]: value }, { authorization }))
      .toMatchObject({ status: 400, json: { errorCode: '400.002.02', errorMessage: `Bad Request - Invalid ${field}` } })
  })

  test('a password of another second is wrong credentials', async () => {
    const { daraja } = await startWorld()
    const authorization = `Bearer ${(await tokenOf(daraja.url)).access_token}`
    const { Timestamp } = signRequest(shortcode, passkey, Date.now() + 1_000)
    expect(await post(`${daraja.url}/mpesa/stkpush/v1/processrequest`, { ...fields(), Timestamp }, { authorization }))
      .toMatchObject({ status: 500, json: { errorCode: '500.001.1001', errorMessage: '[MerchantValidate] - Wrong credentials' } })
  })
})

describe('callbacks', () => {
  test.each([1, 17, 1001, 1019, 1025, 1032, 1037, 2001, 9999, 7777])('result code %i', async (resultCode) => {
    const { client, callbacks } = await startWorld()
    await client.stkPush(pushOf(`25470000${String(resultCode).padStart(4, '0')}`), fresh())
    const [callback] = await callbacks(1)
    expect(callback).toMatchObject({ resultCode: String(resultCode) })
    expect(callback).not.toHaveProperty('receipt')
  })

  test('twice, with the same receipt', async () => {
    const { client, callbacks } = await startWorld()
    await client.stkPush(pushOf('254700010001'), fresh())
    const [first, second] = await callbacks(2)
    expect(second).toEqual(first)
  })

  test('before the push is answered', async () => {
    const { client, receiver } = await startWorld()
    let receivedAtAnswer = -1
    await client.stkPush(pushOf('254700010003'), fresh()).then(() => { receivedAtAnswer = receiver.received.length })
    expect(receivedAtAnswer).toBe(1)
  })

  test('never: the query tells', async () => {
    const { client, control, receiver } = await startWorld()
    const { checkoutRequestId } = await client.stkPush(pushOf('254700010004'), fresh())
    await control.until(({ state }) => state === 'answered')
    await control.idle()
    expect(receiver.received).toEqual([])
    expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ resultCode: '0' })
  })

  test('with another amount and another phone', async () => {
    const { client, callbacks } = await startWorld()
    await client.stkPush(pushOf('254700010005', 1_000), fresh())
    expect((await callbacks(1))[0]).toMatchObject({ amount: 1_100, phone: '254700010005' })
    await client.stkPush(pushOf('254700010006'), fresh())
    expect((await callbacks(2))[1]).toMatchObject({ amount: 1_000, phone: '254711111111' })
  })

  test.each([['texts', '0'], ['prefixed', '0'], ['prefixed', '1032']] as const)('in the dialect %s with code %s mean the same', async (dialect, resultCode) => {
    const { client, control, callbacks } = await startWorld()
    control.next({ callback: { dialect, resultCode } })
    await client.stkPush(pushOf(), fresh())
    const [callback] = await callbacks(1)
    expect(callback).toMatchObject({ resultCode, ...(resultCode === '0' ? { amount: 1_000, phone: PHONE } : { resultDesc: 'Request cancelled by user' }) })
  })

  test('unreachable first, paid after all: the success stays', async () => {
    const { client, control, callbacks } = await startWorld()
    control.next({ callback: { manual: true } })
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    for (const resultCode of [1037, 0, 1032]) await control.answer(checkoutRequestId, resultCode)
    expect((await callbacks(3)).map(({ resultCode }) => resultCode)).toEqual(['1037', '0', '1032'])
    expect(await client.stkQuery({ checkoutRequestId })).toMatchObject({ resultCode: '0' })
  })

  test('of several plans for one prompt all come', async () => {
    const { client, control, callbacks } = await startWorld()
    control.next({ callback: [{ resultCode: 1037 }, { afterMs: 10, times: 2 }] })
    await client.stkPush(pushOf(), fresh())
    expect((await callbacks(3)).map(({ resultCode }) => resultCode).sort()).toEqual(['0', '0', '1037'])
  })

  test('a copy is the same to the byte, whenever it is sent', async () => {
    let now = Date.now()
    const { client, control, receiver } = await startWorld({ clock: () => (now += 1_000) }, { clock: () => now })
    control.next({ callback: { times: 2 } })
    await client.stkPush(pushOf(), fresh())
    const [first, second] = await receiver.until(2)
    expect(second).toBe(first)
  })

  test('are tried again until they are taken, and not for ever', async () => {
    const { client, control, receiver } = await startWorld({ delivery: { attemptsMax: 3, retryAfterMs: 1 } })
    receiver.answerWith(503, 500)
    await client.stkPush(pushOf(), fresh())
    const taken = await control.until(({ deliveries }) => deliveries.length === 1)
    expect(taken.deliveries).toEqual([{ attempts: 3, httpStatus: 200, resultCode: '0' }])
    control.reset()
    receiver.answerWith(503, 503, 503)
    await client.stkPush(pushOf(), fresh())
    const lost = await control.until(({ deliveries }) => deliveries.length === 1)
    expect(lost.deliveries).toEqual([{ attempts: 3, httpStatus: 503, resultCode: '0' }])
  })

  test('an unreachable receiver is given up and recorded', async () => {
    const { client, control, receiver } = await startWorld({ delivery: { attemptsMax: 2, retryAfterMs: 1 } })
    await receiver.stop()
    await client.stkPush(pushOf(), fresh())
    const { deliveries } = await control.until((prompt) => prompt.deliveries.length === 1)
    expect(deliveries).toEqual([{ attempts: 2, error: 'ECONNREFUSED', resultCode: '0' }])
  })

  test('still waiting when it stops are dropped at once', async () => {
    const { client, daraja, receiver } = await startWorld({ callbackAfterMs: 3_600_000 })
    await client.stkPush(pushOf(), fresh())
    await daraja.stop()
    expect(receiver.received).toEqual([])
  })
})

describe('control', () => {
  test('a scenario for a phone is not used by another', async () => {
    const { client, control, callbacks } = await startWorld()
    control.next({ phone: '254712000001', callback: { resultCode: 1 } })
    control.next({ callback: { resultCode: 2 } })
    await client.stkPush(pushOf('254712000002'), fresh())
    expect(await callbacks(1)).toMatchObject([{ resultCode: '2' }])
    await client.stkPush(pushOf('254712000001'), fresh())
    expect(await callbacks(2)).toMatchObject([{ resultCode: '2' }, { resultCode: '1' }])
  })

  test('by HTTP: scenarios, prompts, answers', async () => {
    const { daraja, client, callbacks } = await startWorld()
    const scenario = await post(`${daraja.url}/_sandbox/scenarios`, { phone: '+254 708 374 149', callback: { manual: true } })
    expect(scenario.status).toBe(201)
    const { checkoutRequestId } = await client.stkPush(pushOf(), fresh())
    const prompts = await (await fetch(`${daraja.url}/_sandbox/prompts`)).json()
    expect(prompts).toMatchObject({ data: [{ checkoutRequestId, phone: PHONE, amount: 10, state: 'open' }] })
    const answered = await post(`${daraja.url}/_sandbox/prompts/${checkoutRequestId}/answer`, { resultCode: 0, amount: 9 })
    expect(answered).toMatchObject({ status: 200, json: { attempts: 1, httpStatus: 200 } })
    expect(await callbacks(1)).toMatchObject([{ resultCode: '0', amount: 900 }])
    expect(await post(`${daraja.url}/_sandbox/prompts/nobody/answer`, {})).toMatchObject({ status: 404 })
    expect(await post(`${daraja.url}/_sandbox/scenarios`, { push: 'explode' })).toMatchObject({ status: 422 })
  })

  test('by HTTP: a default, repeated scenarios, ended tokens, all forgotten', async () => {
    const { daraja, client, callbacks, control } = await startWorld()
    await post(`${daraja.url}/_sandbox/scenarios`, { always: true, callback: { resultCode: 1 } })
    await post(`${daraja.url}/_sandbox/scenarios`, { repeat: 2, push: { error: 'spike-arrest' } })
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ code: 'rate-limited' })
    expect(await failureOf(client.stkPush(pushOf(), fresh()))).toMatchObject({ code: 'rate-limited' })
    expect((await post(`${daraja.url}/_sandbox/tokens/expire`, {})).status).toBe(204)
    await client.stkPush(pushOf(), fresh())
    expect(control.tokensIssued()).toBe(2)
    expect(await callbacks(1)).toMatchObject([{ resultCode: '1' }])
    expect((await fetch(`${daraja.url}/_sandbox/scenarios`, { method: 'DELETE' })).status).toBe(204)
    await client.stkPush(pushOf(), fresh())
    expect((await callbacks(2))[1]).toMatchObject({ resultCode: '0' })
  })

  test('remembers a bounded number of prompts', async () => {
    const { client, control } = await startWorld({ promptsMax: 2 })
    for (const phone of ['254712000001', '254712000002', '254712000003']) await client.stkPush(pushOf(phone), fresh())
    expect(control.prompts().map(({ phone }) => phone)).toEqual(['254712000002', '254712000003'])
  })

  test('a prompt that nobody answers stops blocking its phone after a while', async () => {
    let now = Date.now()
    const { client } = await startWorld({ clock: () => now, defaults: { callback: { manual: true } } })
    await client.stkPush(pushOf(), fresh())
    now += 60_000
    expect(await client.stkPush(pushOf(), fresh())).toHaveProperty('checkoutRequestId')
  })
})
