/** What the providers of SMS tell us, what anybody else may try to tell us, and what customers write: STOP and START. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { twilioSignature } from '../../actors/gateways/sms/twilio-report.ts'
import { derivedSecret } from '../../api/derived-secret.ts'
import { startTwilio, TWILIO_SANDBOX_CREDENTIALS, type Twilio } from '../../sandbox/twilio/index.ts'
import { SMS_HOOK_SECRET, startWorld, type World } from '../support/system-outside.ts'
import { actorOf, buy, historyOf, newPhone, smsOf, untilState } from '../support/system-shop.ts'

const APP_KEY = 'an application key of the tests, long enough'
const TWILIO_SECRET = derivedSecret(APP_KEY, 'twilio-hook')

let world: World
let twilio: Twilio
beforeAll(async () => {
  twilio = await startTwilio({ behaviour: { reports: [] } })
  const { accountSid, authToken } = TWILIO_SANDBOX_CREDENTIALS
  const env = { STANDING_APP_KEY: APP_KEY, TWILIO_BASE_URL: twilio.url, TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_SENDER: '+15005550006', TWILIO_CALLBACK_BASE_URL: 'https://wifi.example' }
  world = await startWorld({ daraja: {}, env })
})
afterAll(async () => {
  await world.end()
  await twilio.stop()
})

const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  world.system.ask<Record<string, unknown>>(path, { body: new URLSearchParams(form).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, anonymous: true })

interface Forgery {
  token?: string
  signed?: Record<string, string>
  secret?: string
  signature?: string
}

/** As Twilio does, unless something is said otherwise. */
function fromTwilio(what: 'status' | 'inbound', form: Record<string, string>, { token = TWILIO_SANDBOX_CREDENTIALS.authToken, signed = form, secret = TWILIO_SECRET, signature = '' }: Forgery = {}) {
  const called = `https://wifi.example/hooks/twilio/${secret}/${what}`
  return post(`/hooks/twilio/${secret}/${what}`, form, { 'x-twilio-signature': signature === '' ? twilioSignature(token, called, new URLSearchParams(signed)) : signature })
}
const report = (form: Record<string, string>, secret = SMS_HOOK_SECRET) => post(`/hooks/sms/${secret}/delivery`, form)

/** Resolves when every web hook that came was worked through; `outcome` of those that hold this text, oldest first. */
function outcomesWith(text: string): Promise<(string | null)[]> {
  return vi.waitFor(async () => {
    const rows = await world.system.rows<{ outcome: string | null }>('select outcome from business.hook_inbox where position($1 in body) > 0 order by id', [text])
    expect(rows.filter(({ outcome }) => outcome === null)).toEqual([])
    return rows.map(({ outcome }) => outcome)
  }, { timeout: 10_000, interval: 50 })
}

/** A login that went out by SMS and of which nothing was reported yet. */
async function sentBy(provider: 'africas-talking' | 'twilio'): Promise<{ sms: string; providerId: string }> {
  const phone = newPhone()
  world.daraja.control.next({ phone, callback: {} })
  world.sms.control.next({ phone, reports: [], ...(provider === 'twilio' ? { send: { statusCode: 405 } } : {}) })
  const { id } = await buy(world.system, { phone })
  const { context } = await untilState(world.system, 'notification', smsOf(id), 'sent').catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(await actorOf(world.system, 'payment', id))}`)
  })
  return { sms: smsOf(id), providerId: (context as { providerId: string }).providerId }
}

describe('a delivery report', () => {
  test("that is forged under Africa's Talking's name is not found, or names nobody", async () => {
    const { sms, providerId } = await sentBy('africas-talking')
    for (const secret of ['guessed', `${SMS_HOOK_SECRET}x`, TWILIO_SECRET]) expect((await report({ id: providerId, status: 'Failed' }, secret)).status).toBe(404)
    expect((await report({ id: 'ATPid_nobody', status: 'Failed' })).status).toBe(200)
    expect((await report({ id: providerId, status: 'Drop table' })).status).toBe(200)
    expect(await outcomesWith('Drop')).toEqual(['unreadable'])
    await report({ id: providerId, status: 'Success' })
    expect((await untilState(world.system, 'notification', sms, 'delivered')).context).toMatchObject({ reports: 1 })
  })

  test('that is forged under the name of Twilio is quarantined, and keeps out no true one', async () => {
    const { sms, providerId } = await sentBy('twilio')
    const failed = { MessageSid: providerId, MessageStatus: 'failed', ErrorCode: '30003' }
    const delivered = { MessageSid: providerId, MessageStatus: 'delivered' }
    const forgeries = [{ token: 'another token' }, { signed: { ...failed, MessageStatus: 'sent' } }, { signature: 'AAAA' }]
    for (const forgery of forgeries) expect((await fromTwilio('status', failed, forgery)).status).toBe(200)
    // A true signature of other content, at another address of ours.
    await post(`/hooks/twilio/${TWILIO_SECRET}/inbound`, delivered, { 'x-twilio-signature': twilioSignature(TWILIO_SANDBOX_CREDENTIALS.authToken, `https://wifi.example/hooks/twilio/${TWILIO_SECRET}/status`, new URLSearchParams(delivered)) })
    expect((await fromTwilio('status', failed, { secret: 'guessed' })).status).toBe(404)
    expect(await outcomesWith(providerId)).toEqual(['forged', 'forged'])
    expect((await actorOf(world.system, 'notification', sms)).states).toEqual(['sent'])
    await fromTwilio('status', delivered)
    await untilState(world.system, 'notification', sms, 'delivered')
    expect((await historyOf(world.system, 'notification', sms)).filter(({ event }) => event.type === 'notification.report')).toHaveLength(1)
  })

  test('that comes again counts once, and takes nothing back', async () => {
    const { sms, providerId } = await sentBy('africas-talking')
    const success = { id: providerId, status: 'Success' }
    await Promise.all([report(success), report(success), report(success)])
    await untilState(world.system, 'notification', sms, 'delivered')
    await report(success)
    await report({ id: providerId, status: 'Failed', failureReason: 'late' })
    await report({ id: providerId, status: 'Sent' })
    expect(await outcomesWith(providerId)).toEqual(['applied', 'applied', 'applied'])
    const { states, context } = await actorOf(world.system, 'notification', sms)
    expect([states, context]).toMatchObject([['delivered'], { reports: 3, failure: null }])
  })

  test('that says that the customer has stopped our messages with the network is his word on being written to', async () => {
    const { sms, providerId } = await sentBy('africas-talking')
    const { to: phone } = (await actorOf(world.system, 'notification', sms)).context as { to: string }
    await report({ id: providerId, status: 'Rejected', failureReason: 'UserInBlackList', phoneNumber: `+${phone}` })
    await untilState(world.system, 'notification', sms, 'failed')
    const { body } = await world.system.ask<{ data: { phone: string }[] }>('/api/v1/opt-outs?limit=200')
    expect(body.data.find((one) => one.phone === phone)).toMatchObject({ source: 'sms', reason: 'stopped with the provider' })
  })

  test('that overtakes the answer of its own send waits for it', async () => {
    const phone = newPhone()
    world.daraja.control.next({ phone, callback: {} })
    world.sms.control.next({ phone, reports: [{ status: 'Success', beforeAnswer: true }] })
    const { id } = await buy(world.system, { phone })
    expect((await untilState(world.system, 'notification', smsOf(id), 'delivered')).context).toMatchObject({ attempts: 1 })
  })
})

describe('a customer writes', () => {
  const optedOut = async (phone: string) => (await world.system.ask<{ data: { phone: string; source: string; reason: string }[] }>('/api/v1/opt-outs?limit=200')).body.data.find((one) => one.phone === phone)
  const write = (phone: string, text: string) => post(`/hooks/sms/${SMS_HOOK_SECRET}/inbound`, { from: `+${phone}`, to: '22384', text, id: crypto.randomUUID(), date: '2026-01-01 00:00:00' })

  test("STOP and START to Africa's Talking's number", async () => {
    const phone = newPhone()
    expect((await write(phone, 'When does my hour end?')).body).toEqual({ status: 'accepted' })
    expect(await outcomesWith(phone)).toEqual(['applied'])
    expect(await optedOut(phone)).toBeUndefined()
    await write(phone, 'Stop')
    await vi.waitFor(async () => expect(await optedOut(phone)).toMatchObject({ source: 'sms:africas-talking', reason: 'STOP by SMS' }), { timeout: 10_000 })
    expect((await world.system.ask('/api/v1/opt-outs', { body: { phone, reason: 'called us' } })).body).toMatchObject({ reason: 'STOP by SMS' })
    await write(phone, 'START')
    await vi.waitFor(async () => expect(await optedOut(phone)).toBeUndefined(), { timeout: 10_000 })
  })

  test('nothing under a wrong secret', async () => {
    expect((await post('/hooks/sms/guessed/inbound', { from: `+${newPhone()}`, text: 'STOP' })).status).toBe(404)
    expect((await post('/hooks/sms/guessed/opt-out', { phoneNumber: `+${newPhone()}` })).status).toBe(404)
  })

  test('opts out with the network, as often as they like', async () => {
    const phone = newPhone()
    for (let round = 0; round < 2; round += 1) {
      await post(`/hooks/sms/${SMS_HOOK_SECRET}/opt-out`, { senderId: 'STANDING', phoneNumber: `+${phone}` })
      await vi.waitFor(async () => expect(await optedOut(phone)).toBeDefined(), { timeout: 10_000 })
      await write(phone, 'START')
      await vi.waitFor(async () => expect(await optedOut(phone)).toBeUndefined(), { timeout: 10_000 })
    }
  })

  test("STOP to Twilio's number, and nobody writes it for them", async () => {
    const phone = newPhone()
    const stop = { From: `+${phone}`, To: '+15005550006', Body: 'STOP', MessageSid: `SM-${phone}` }
    await fromTwilio('inbound', stop, { token: 'another token' })
    expect(await outcomesWith(`SM-${phone}`)).toEqual(['forged'])
    expect(await optedOut(phone)).toBeUndefined()
    const answer = await fromTwilio('inbound', stop)
    expect([answer.status, answer.headers.get('content-type'), answer.text]).toEqual([200, expect.stringContaining('text/xml'), expect.stringContaining('<Response/>')])
    await vi.waitFor(async () => expect(await optedOut(phone)).toMatchObject({ source: 'sms:twilio' }), { timeout: 10_000 })
  })
})
