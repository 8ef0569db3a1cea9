import { describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { radiusAccess, radiusRows } from '../../../actors/hotspot-session/radius-rows.ts'
import { openPrompts, paymentReceipts } from '../../../actors/payment/projections.ts'
import { expirationValue, rateLimitValue } from '../../../actors/radius-rows/values.ts'
import { newPayment } from '../../../machines/payment/context.ts'
import type { PackageSnapshot } from '../../../machines/package.ts'
import { newSession } from '../../../machines/hotspot-session/context.ts'
import { HOUR_PACKAGE, INPUT, PAY_STATES, SECOND_MONEY } from '../machines/payment.fixture.ts'
import { change } from './change.ts'

const payment = newPayment(INPUT)
const key = { tenant: 'main', phone: '254708374149', payment_id: 'pay_1' }

describe('open prompts', () => {
  it.each(PAY_STATES)('%s', (state) => {
    const rows = openPrompts(change({ states: [state], context: payment }))
    const isOpen = !['completed', 'failed', 'cancelled', 'review'].includes(state)
    expect(rows).toEqual(isOpen ? [{ table: 'business.open_prompts', key, rows: [{ ...key, opened_at: '2026-01-01T00:00:00.000Z' }] }] : [])
  })

  it('are written once and removed at the end', () => {
    const before = { previousStates: ['prompting'], previousContext: payment }
    expect(openPrompts(change({ states: ['awaiting'], context: payment, ...before }))).toEqual([])
    expect(openPrompts(change({ states: ['completed'], context: payment, ...before }))).toEqual([{ table: 'business.open_prompts', key, rows: [] }])
    expect(openPrompts(change({ states: ['completed'], context: payment, previousStates: ['failed'], previousContext: payment }))).toEqual([])
  })

  it('do not keep a customer from paying when no prompt can stand on the phone any more', () => {
    const [second, third] = [{ ...payment, queries: 2 }, { ...payment, queries: 3 }]
    expect(openPrompts(change({ states: ['querying'], context: third, previousStates: ['awaiting'], previousContext: second }))).toEqual([
      { table: 'business.open_prompts', key, rows: [] },
    ])
  })
})

describe('payment receipts', () => {
  const paid = { ...payment, receipt: 'NLJ7RT61SV', completedAt: Date.UTC(2026, 0, 2) }

  it('are written when a payment gets its receipt', () => {
    expect(paymentReceipts(change({ states: ['completed'], context: paid, previousStates: ['awaiting'], previousContext: payment }))).toEqual([
      {
        table: 'business.payment_receipts',
        key: { tenant: 'main', payment_id: 'pay_1', receipt: 'NLJ7RT61SV' },
        rows: [{ tenant: 'main', payment_id: 'pay_1', receipt: 'NLJ7RT61SV', amount: 2_000, currency: 'KES', paid_at: '2026-01-02T00:00:00.000Z', credited: true }],
      },
    ])
  })

  it('are the payment\'s from when the money is heard of, and free again when none came', () => {
    const held = { ...payment, held: [{ ...SECOND_MONEY, receipt: 'NLJ7RT61SV', amount: 500 }] }
    const table = 'business.payment_receipts'
    const completed = { key: 'k', address: { tenant: 'main', type: 'payment', id: 'pay_1' }, seq: 4, type: 'payment.completed', data: {}, at: 0, correlationId: 'c', causationId: 'c' }
    const key = { tenant: 'main', payment_id: 'pay_1', receipt: 'NLJ7RT61SV' }
    expect(paymentReceipts(change({ states: ['review'], context: held, previousStates: ['awaiting'], previousContext: payment }))).toMatchObject([{ table, key, rows: [{ amount: 500, credited: false }] }])
    expect(paymentReceipts(change({ states: ['completed'], context: paid, facts: [completed], previousStates: ['review'], previousContext: held }))).toMatchObject([{ table, key, rows: [{ credited: true }] }])
    expect(paymentReceipts(change({ states: ['failed'], context: payment, previousStates: ['review'], previousContext: held }))).toEqual([{ table, key, rows: [] }])
  })

  it('are free for the payment that further money becomes, in the step that credits this one', () => {
    const first = { ...SECOND_MONEY, amount: 500 }
    const facts = ['payment.completed', 'payment.duplicateReceived'].map((type) => ({ key: 'k', address: { tenant: 'main', type: 'payment', id: 'pay_1' }, seq: 4, type, data: { receipt: first.receipt }, at: 0, correlationId: 'c', causationId: 'c' }))
    const sets = paymentReceipts(change({ states: ['completed'], context: { ...paid, parted: [first.receipt] }, facts, previousStates: ['review'], previousContext: { ...payment, held: [first] } }))
    expect(sets).toMatchObject([{ key: { receipt: first.receipt }, rows: [] }, { key: { receipt: 'NLJ7RT61SV' }, rows: [{ credited: true }] }])
  })

  it('are left alone by everything else', () => {
    expect(paymentReceipts(change({ states: ['completed'], context: paid, previousStates: ['completed'], previousContext: paid }))).toEqual([])
    expect(paymentReceipts(change({ states: ['completed'], context: { ...paid, receipt: null } }))).toEqual([])
    expect(paymentReceipts(change({ states: ['prompting'], context: payment }))).toEqual([])
  })
})

describe('RADIUS rows', () => {
  const issuer = createCredentialIssuer('an application key of good length')
  const project = radiusRows(issuer)
  const address = { tenant: 'main', type: 'hotspot-session', id: 'pay_1' }
  const { username, password } = issuer.issue(address, 1)
  const session = (offer: Partial<PackageSnapshot> = {}) => ({
    ...newSession({ source: { kind: 'payment', id: 'pay_1' }, phone: '254708374149', package: { ...HOUR_PACKAGE, ...offer }, macAddress: null, paidAt: 0 }),
    expiresAt: Date.UTC(2026, 0, 1, 1),
  })
  const attributes = (offer: Partial<PackageSnapshot>) => {
    const sets = project(change({ address, states: ['ready'], context: session(offer) }))
    return Object.fromEntries(sets.flatMap(({ rows }) => rows.map(({ attribute, value }) => [String(attribute), value])))
  }

  it('come with the step that makes a session ready', () => {
    const row = (attribute: string, value: string) => ({ username, attribute, op: ':=', value })
    expect(project(change({ address, states: ['ready'], context: session() }))).toEqual([
      {
        table: 'radius.radcheck',
        key: { username },
        rows: [row('Cleartext-Password', password), row('Simultaneous-Use', '1'), row('Expiration', String(Date.UTC(2026, 0, 1, 1) / 1_000))],
      },
      { table: 'radius.radreply', key: { username }, rows: [row('Mikrotik-Rate-Limit', '2M/5M'), row('Acct-Interim-Interval', '300')] },
    ])
  })

  it('go with the step that ends it', () => {
    expect(project(change({ address, states: ['expired'], previousStates: ['online'], context: session() }))).toEqual([
      { table: 'radius.radcheck', key: { username }, rows: [] },
      { table: 'radius.radreply', key: { username }, rows: [] },
    ])
  })

  it.each([
    [['online'], ['ready']],
    [['ready'], ['ready']],
    [['closed'], ['expired']],
  ])('are not touched by a step to %s from %s', (states, previousStates) => {
    expect(project(change({ address, states, previousStates, context: session() }))).toEqual([])
  })

  it.each([
    [2_000, 5_000, '2M/5M'],
    [512, 2_048, '512k/2048k'],
    [null, 5_000, '0/5M'],
    [1_500, null, '1500k/0'],
  ])('rate limit %s up, %s down is %s: upload first, as the router receives it', (up, down, value) => {
    expect(rateLimitValue(up, down)).toBe(value)
  })

  it('no limit, no row', () => {
    expect(attributes({ uploadKbps: null, downloadKbps: null, devices: 3 })).toMatchObject({ 'Simultaneous-Use': '3' })
    expect(attributes({ uploadKbps: null, downloadKbps: null })).not.toHaveProperty('Mikrotik-Rate-Limit')
    expect(attributes({})).not.toHaveProperty('Mikrotik-Total-Limit')
  })

  it.each([
    [1_000_000, { 'Mikrotik-Total-Limit': '1000000' }],
    [2 ** 32 - 1, { 'Mikrotik-Total-Limit': '4294967295' }],
    [2 ** 32, { 'Mikrotik-Total-Limit': '0', 'Mikrotik-Total-Limit-Gigawords': '1' }],
    [10 * 2 ** 30, { 'Mikrotik-Total-Limit': String(2 * 2 ** 30), 'Mikrotik-Total-Limit-Gigawords': '2' }],
  ])('%s bytes are split where 32 bits end', (dataBytes, expected) => {
    expect(attributes({ dataBytes })).toMatchObject(expected)
    if (dataBytes < 2 ** 32) expect(attributes({ dataBytes })).not.toHaveProperty('Mikrotik-Total-Limit-Gigawords')
  })

  it('the end is the same moment in whatever time zone FreeRADIUS runs', () => {
    expect(expirationValue(Date.UTC(2026, 0, 1) + 1)).toBe(String(Date.UTC(2026, 0, 1) / 1_000 + 1))
  })

  it('the rules of the access stay until late accounting has had its time, and change with the devices', () => {
    const rules = radiusAccess(issuer)
    const context = session({ devices: 2, dataBytes: 1_000 })
    const other = { ...context, deviceGeneration: 2 }
    const row = { username, tenant: 'main', actor_type: 'hotspot-session', actor_id: 'pay_1', devices: 2, data_bytes: 1_000, device_generation: 1 }
    const set = (rows: object[]) => [{ table: 'radius.access', key: { username }, rows }]
    expect(rules(change({ address, states: ['ready'], context }))).toEqual(set([row]))
    expect(rules(change({ address, states: ['online'], previousStates: ['ready'], context, previousContext: context }))).toEqual([])
    expect(rules(change({ address, states: ['kicking'], previousStates: ['online'], context: other, previousContext: context }))).toEqual(set([{ ...row, device_generation: 2 }]))
    expect(rules(change({ address, states: ['disconnecting'], previousStates: ['online'], context, previousContext: context }))).toEqual([])
    expect(rules(change({ address, states: ['closed'], previousStates: ['expired'], context, previousContext: context })).map(({ table, rows }) => [table, rows])).toEqual(
      ['radius.access', 'radius.devices', 'radius.admissions', 'radius.accounting_changes'].map((table) => [table, []]),
    )
  })
})
