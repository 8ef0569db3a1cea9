/** What a customer without access is told: what helps him, short enough for a Reply-Message, and never what staff wrote. */
import { describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { subscriptionHeldBack } from '../../../actors/subscription/radius-rows.ts'
import { whyRefused } from '../../../actors/subscription/why-refused.ts'
import { newSubscription, type SubscriptionContext } from '../../../machines/subscription/context.ts'
import { AMOUNT_MAX } from '../../../machines/plan.ts'
import { inputOf } from '../machines/subscription.fixture.ts'
import { change } from './change.ts'

const input = inputOf()
const suspended: SubscriptionContext = { ...newSubscription(input), startedAt: 1, expiresAt: 5_000, plan: { ...input.plan, amount: 100_000 } }
const held = { abuse: { reason: 'sends spam', since: 2, until: null } }
const ended = { reason: 'moved away', at: 3 }

describe('the words of a refusal', () => {
  it.each<[Partial<SubscriptionContext>, RegExp]>([
    [{}, /is off\. Pay KES 1,000 to account \d{8} /],
    [{ credit: 25_050 }, /Pay KES 750 /],
    [{ debts: [{ id: 'd', amount: 50_000, reason: 'a router', at: 1 }] }, /Pay KES 1,500 /],
    [{ startedAt: null, expiresAt: null }, /starts when it is paid\. Pay KES 1,000 /],
    [{ coverage: 'paid' }, /data is used up\. Pay KES 1,000 /],
    [{ blocks: held }, /^Your access is held back\. Please contact us\.$/],
    [{ blocks: held, end: ended }, /^Your subscription has ended\. Please contact us\.$/],
  ])('%j', (record, words) => {
    expect(whyRefused({ ...suspended, ...record })).toMatch(words)
  })

  it.each(['en', 'sw'] as const)('fit into a Reply-Message in %s, whatever is owed', (locale) => {
    const dear = { ...suspended, locale, plan: { ...suspended.plan, amount: AMOUNT_MAX } }
    for (const record of [dear, { ...dear, startedAt: null }, { ...dear, coverage: 'paid' as const }, { ...dear, blocks: held }, { ...dear, end: ended }]) {
      expect(Buffer.byteLength(whyRefused(record))).toBeLessThanOrEqual(253)
    }
  })
})

describe('who is held back', () => {
  const project = subscriptionHeldBack(createCredentialIssuer('an application key of good length'))
  const address = { tenant: 'main', type: 'subscription', id: 'sub_1' }
  const key = { username: input.accountNumber }
  const step = (context: SubscriptionContext, previousContext?: SubscriptionContext) => project(change({ address, states: [], context, previousContext }))

  it('is written with the step that ends the access or changes what is said, and goes with the one that brings it back', () => {
    const paid: SubscriptionContext = { ...suspended, coverage: 'paid', expiresAt: 9_000 }
    const row = { table: 'radius.held_back', key, rows: [{ ...key, password: expect.any(String) as string, reason: expect.stringContaining('KES 1,000') as string }] }
    expect(step(suspended, paid)).toEqual([row])
    expect(step(suspended)).toEqual([row])
    expect(step({ ...suspended, usage: { ...suspended.usage, revision: 7 } }, suspended)).toEqual([])
    expect(step({ ...suspended, credit: 40_000 }, suspended)).toMatchObject([{ rows: [{ reason: expect.stringContaining('KES 600') as string }] }])
    expect(step(paid, suspended)).toEqual([{ table: 'radius.held_back', key, rows: [] }])
    expect(step(paid)).toEqual([])
  })

  it('is told the new price from the step on in which the agreed change takes place', () => {
    const plan = { ...suspended.plan, amount: 200_000 }
    const waiting: SubscriptionContext = { ...suspended, change: { plan, at: 7_000, when: 'date', agreedAt: 1 } }
    expect(whyRefused(waiting)).toContain('KES 1,000')
    expect(step({ ...suspended, plan, change: null }, waiting)).toMatchObject([{ rows: [{ reason: expect.stringContaining('KES 2,000') as string }] }])
  })
})
