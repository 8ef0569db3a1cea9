/** What support reads of a customer who cannot get in. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Role } from '../../../api/auth/permissions.ts'
import type { Traces } from '../../../api/ports/traces.ts'
import { newSubscription } from '../../../machines/subscription/context.ts'
import { testApp, type TestApp } from '../../support/api-fakes.ts'
import { lampView } from '../../support/fake-runtime.ts'
import { inputOf } from '../machines/subscription.fixture.ts'

let test: TestApp
afterEach(() => test.app.close())

const DEVICE = 'A8:BB:CC:00:00:01'
const OFF = 'Your connection is off. Pay KES 1,000 to account 12345674 and you are back online at once.'
const ms = (second: number): number => Date.UTC(2026, 0, 1, 0, 0, second)
const attempt = (second: number, reason: string | null) => ({ at: ms(second), username: '12345674', reply: reason === null ? 'Access-Accept' : 'Access-Reject', reason, device: DEVICE })
const login = { username: '12345674', device: DEVICE, nasAddress: '10.8.0.2', framedIp: '10.5.0.9', startedAt: ms(2), stoppedAt: ms(4), cause: 'User-Request', seconds: 2, uploadBytes: 10, downloadBytes: 20 }

async function logins(role: Role, traces: Partial<Traces> = {}, id = 'sub_1') {
  const asked: string[][] = []
  test = await testApp({
    runtime: { get: async ({ type, id: wanted }) => (type === 'subscription' && wanted === 'sub_1' ? lampView({ type, id: wanted, context: newSubscription(inputOf()) }) : undefined) },
    traces: {
      hooks: async () => [],
      sends: async () => [],
      logins: async () => traces.logins?.([], 0) ?? [],
      attempts: async (usernames, limit) => {
        asked.push([...usernames])
        return traces.attempts?.(usernames, limit) ?? []
      },
    },
  })
  const response = await test.app.inject({ url: `/api/v1/subscriptions/${id}/logins`, headers: test.as(role) })
  return { response, asked, body: response.json<{ data: { what: string; data: Record<string, unknown> }[]; isComplete: boolean }>() }
}

describe('GET /api/v1/subscriptions/{id}/logins', () => {
  it('has every attempt with its reason and every login with its use, the newest first', async () => {
    const { body, asked } = await logins('agent', { attempts: async () => [attempt(5, OFF), attempt(3, 'The password was wrong.'), attempt(1, null)], logins: async () => [login] })
    expect(body.data.map(({ what, data }) => [what, data['reason'] ?? data['cause']])).toEqual([
      ['Access-Reject', OFF],
      ['Accounting-Stop', 'User-Request'],
      ['Access-Reject', 'The password was wrong.'],
      ['Accounting-Start', undefined],
      ['Access-Accept', undefined],
    ])
    expect(body.data[1]?.data).toMatchObject({ seconds: 2, uploadBytes: 10, downloadBytes: 20 })
    expect(body.isComplete).toBe(true)
    expect(asked).toEqual([['12345674']])
  })

  it('masks the device for those who may not see it, and is not for everybody', async () => {
    const traces = { attempts: async () => [attempt(1, null)], logins: async () => [login] }
    expect((await logins('agent', traces)).response.body).not.toMatch(/A8:BB:CC|10\.5\.0\.9/)
    await test.app.close()
    expect((await logins('senior', traces)).response.body).toMatch(/A8:BB:CC:00:00:01/)
    await test.app.close()
    expect((await logins('viewer', traces)).response.statusCode).toBe(403)
  })

  it('says when it is not all, and when there is no such subscription', async () => {
    expect((await logins('agent', { attempts: async () => Array.from({ length: 200 }, () => attempt(1, OFF)) })).body.isComplete).toBe(false)
    await test.app.close()
    expect((await logins('agent', {}, 'sub_9')).response.json()).toMatchObject({ status: 404, code: 'actor-not-found' })
  })
})
