import { describe, expect, it, vi } from 'vitest'
import { twilioSignature } from '../../../actors/gateways/sms/twilio-report.ts'
import { SMS_SECRET, testApp } from '../../support/api-fakes.ts'

const PATH = '/hooks/twilio/twilio-secret-1/status'
const twilio = { secret: 'twilio-secret-1', authToken: 'token', url: () => `https://standing.example${PATH}` }
const params = new URLSearchParams({ MessageSid: 'SM1', MessageStatus: 'delivered', To: '+254708374149', ErrorCode: '' })

async function post(signature: string | undefined, path = PATH) {
  const sendMany = vi.fn(async (items: readonly unknown[]) => items.map(() => ({ ok: true as const, result: { outcome: 'applied' as const, seq: 2, facts: [], actor: {} as never } })))
  const search = async () => [{ identifier: { kind: 'providerId', value: 'SM1' }, address: { tenant: 'main', type: 'notification', id: 'ntf_1' } }]
  const { app, inbox } = await testApp({ hooks: { smsSecret: SMS_SECRET, twilio, sweepEveryMs: 20 }, runtime: { sendMany, search } })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...(signature === undefined ? {} : { 'x-twilio-signature': signature }) }
  const response = await app.inject({ method: 'POST', url: path, headers, payload: params.toString() })
  await vi.waitFor(() => expect(inbox.rows.filter(({ outcome }) => outcome === null)).toEqual([]))
  await app.close()
  return { status: response.statusCode, outcomes: inbox.rows.map(({ provider, outcome }) => [provider, outcome]), sent: sendMany.mock.calls.flatMap(([items]) => items) }
}

describe("Twilio's status callback", () => {
  it('reaches the notification that its id names, as a report', async () => {
    const { status, sent } = await post(twilioSignature('token', twilio.url(), params))
    expect(status).toBe(200)
    expect(sent).toMatchObject([{ to: { type: 'notification', id: 'ntf_1' }, event: { type: 'notification.report', providerId: 'SM1', status: 'delivered', providerStatus: 'delivered' } }])
  })

  it.each([undefined, 'wrong', twilioSignature('another token', twilio.url(), params), twilioSignature('token', 'https://other.example', params)])('is quarantined with the signature %s', async (signature) => {
    expect(await post(signature)).toEqual({ status: 200, outcomes: [['twilio', 'forged']], sent: [] })
  })

  it('does not exist at another address', async () => {
    expect((await post(undefined, '/hooks/twilio/other/status')).status).toBe(404)
  })
})
