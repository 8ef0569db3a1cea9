import { afterEach, describe, expect, it } from 'vitest'
import type { Role } from '../../../api/auth/permissions.ts'
import type { HookTrace, Traces } from '../../../api/ports/traces.ts'
import { registry } from '../../../actors/registry.ts'
import type { ActorView, HistoryEntry, Runtime } from '../../../runtime/index.ts'
import { testApp, type TestApp } from '../../support/api-fakes.ts'
import { lampView } from '../../support/fake-runtime.ts'
import { paymentView, sessionView } from '../../support/payment-views.ts'

let test: TestApp
afterEach(() => test.app.close())

const ID = 'pay_00000000'
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
const ms = (second: number): number => Date.parse(at(second))

function step(seq: number, second: number, event: HistoryEntry['event']): HistoryEntry {
  return { seq, at: at(second), event, eventId: `e${seq}`, outcome: 'applied', from: null, to: 'x', facts: [], effects: [], timers: [], source: 'x', correlationId: 'c', causationId: null, version: '1' }
}

const hook = (change: Partial<HookTrace> = {}): HookTrace => ({ id: '7', provider: 'daraja', kind: 'stk', receivedAt: ms(2), processedAt: ms(2), outcome: 'refused', note: 'event-not-accepted', attempts: 0, actor: { type: 'payment', id: ID }, ...change })

async function timeline(views: readonly ActorView[], histories: Record<string, HistoryEntry[]>, traces: Partial<Traces> = {}, role: Role = 'agent') {
  const asked: { actors: string[]; usernames: string[] } = { actors: [], usernames: [] }
  const runtime: Partial<Runtime> = {
    definitions: () => registry,
    get: async ({ type, id }) => views.find((view) => view.type === type && view.id === id),
    history: async ({ type, id }, { order, limit = 50 } = {}) => {
      const all = histories[`${type}/${id}`] ?? []
      return (order === 'desc' ? [...all].reverse() : all).slice(0, limit)
    },
  }
  const none: Traces = { hooks: async () => [], attempts: async () => [], logins: async () => [], sends: async () => [] }
  test = await testApp({
    runtime,
    traces: {
      ...none,
      ...traces,
      hooks: async (tenant, actors, limit) => {
        asked.actors.push(...actors.map(({ type, id }) => `${type}/${id}`))
        return traces.hooks?.(tenant, actors, limit) ?? []
      },
      attempts: async (usernames, limit) => {
        asked.usernames.push(...usernames)
        return traces.attempts?.(usernames, limit) ?? []
      },
    },
  })
  const response = await test.app.inject({ url: `/api/v1/payments/${ID}/timeline`, headers: test.as(role) })
  return { response, asked, body: response.json<{ data: { at: string; what: string; actor: unknown; data: Record<string, unknown> }[]; isComplete: boolean }>() }
}

describe('GET /api/v1/payments/{id}/timeline', () => {
  it('brings all records of a payment into the order of time, what was refused among them', async () => {
    const session = sessionView({ context: { credentialVersion: 2, resends: 1 } })
    const message = lampView({ type: 'notification', id: `${ID}-credentials-1` })
    const { body, asked } = await timeline(
      [paymentView('completed'), session, message],
      { [`payment/${ID}`]: [step(1, 1, { type: 'xstate.init' }), step(2, 4, { type: 'payment.claim', receipt: 'NLJ7RT61SV' })], [`hotspot-session/${ID}`]: [step(1, 3, { type: 'xstate.init' })] },
      { hooks: async () => [hook()], attempts: async () => [{ at: ms(5), username: 'u', reply: 'Access-Accept', reason: null, device: 'A8:BB:CC:00:00:01' }] },
    )
    expect(body.data.map(({ what }) => what)).toEqual(['xstate.init', 'daraja.stk', 'xstate.init', 'payment.claim', 'Access-Accept'])
    expect(body.data[1]).toMatchObject({ actor: { type: 'payment', id: ID }, data: { outcome: 'refused', note: 'event-not-accepted' } })
    expect(body.isComplete).toBe(true)
    expect(asked.actors).toEqual([`payment/${ID}`, `hotspot-session/${ID}`, `notification/${ID}-credentials-1`])
    // Of every version of its login.
    expect(asked.usernames).toHaveLength(2)
  })

  it('masks what is personal for those who may not see it', async () => {
    const parts: [ActorView[], Record<string, HistoryEntry[]>, Partial<Traces>] = [
      [paymentView('completed'), sessionView()],
      { [`payment/${ID}`]: [step(1, 1, { type: 'payment.callback', phone: '254708374149' })] },
      { attempts: async () => [{ at: ms(5), username: 'u', reply: 'Access-Accept', reason: null, device: 'A8:BB:CC:00:00:01' }] },
    ]
    const masked = await timeline(...parts)
    expect(masked.response.body).not.toMatch(/254708374149|A8:BB:CC/)
    await test.app.close()
    const plain = await timeline(...parts, 'senior')
    expect(plain.response.body).toMatch(/254708374149.*A8:BB:CC:00:00:01/)
    await test.app.close()
    expect((await timeline(...parts, 'viewer')).response.statusCode).toBe(403)
  })

  it('shows of a subscription what it was told of this payment, and no more', async () => {
    const { body } = await timeline(
      [paymentView('completed', { purpose: { kind: 'subscription', subscriptionId: 'sub_1' } })],
      { 'subscription/sub_1': [step(1, 1, { type: 'subscription.pay', paymentId: 'pay_other' }), step(2, 2, { type: 'subscription.pay', paymentId: ID }), step(3, 3, { type: 'subscription.account' })] },
    )
    expect(body.data).toMatchObject([{ what: 'subscription.pay', actor: { type: 'subscription', id: 'sub_1' }, data: { seq: 2 } }])
  })

  it('says when it is not all', async () => {
    const long = Array.from({ length: 201 }, (_, index) => step(index + 1, 1, { type: 'payment.claim', receipt: `R${index}` }))
    const { body } = await timeline([paymentView('completed')], { [`payment/${ID}`]: long })
    expect([body.isComplete, body.data.length, body.data[0]?.data['seq'], body.data.at(-1)?.data['seq']]).toEqual([false, 200, 2, 201])
  })
})
