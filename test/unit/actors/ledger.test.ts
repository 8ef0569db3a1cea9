import { describe, expect, it } from 'vitest'
import { ledgerEntry, transfer } from '../../../actors/ledger/posting.ts'
import { paymentLedger } from '../../../actors/payment/ledger.ts'
import { newPayment } from '../../../machines/payment/context.ts'
import { INPUT } from '../machines/payment.fixture.ts'
import { change } from './change.ts'

const step = change({ states: ['completed'], context: null, seq: 4 })

describe('a ledger entry', () => {
  it('is named after its step and is written as a whole', () => {
    const set = ledgerEntry(step, { ref: 1, description: 'a sale', lines: transfer('revenue:hotspot', 'mpesa', 2_000), currency: 'KES', receipt: 'NLJ7RT61SV' })
    const key = { entry_ref: 'main/payment/pay_1/4/1' }
    const common = { ...key, tenant: 'main', currency: 'KES', at: '2026-01-01T00:00:00.000Z', description: 'a sale', actor_type: 'payment', actor_id: 'pay_1', receipt: 'NLJ7RT61SV' }
    expect(set).toEqual({
      table: 'business.ledger_entries',
      key,
      rows: [
        { ...common, line: 1, account: 'mpesa', amount_minor: 2_000 },
        { ...common, line: 2, account: 'revenue:hotspot', amount_minor: -2_000 },
      ],
    })
  })

  it.each([
    [[{ account: 'mpesa', amount: 2_000 }]],
    [[{ account: 'mpesa', amount: 2_000 }, { account: 'cash', amount: -1_999 }]],
    [[{ account: 'mpesa', amount: 0.5 }, { account: 'cash', amount: -0.5 }]],
  ])('that does not balance is a mistake of ours: %j', (lines) => {
    expect(() => ledgerEntry(step, { ref: 1, description: 'odd', lines, currency: 'KES' })).toThrow(/does not balance/)
  })
})

describe('what a payment posts', () => {
  const payment = { ...newPayment(INPUT), receipt: 'NLJ7RT61SV' }
  const completed = { key: 'k', address: step.address, seq: 4, type: 'payment.completed', data: {}, at: step.at, correlationId: 'c', causationId: 'c' }

  it('is the sale, once', () => {
    const sets = paymentLedger(change({ states: ['completed'], context: payment, facts: [completed] }))
    expect(sets.flatMap(({ rows }) => rows.map((row) => [row['account'], row['amount_minor'], row['receipt']]))).toEqual([
      ['mpesa', 2_000, 'NLJ7RT61SV'],
      ['revenue:hotspot', -2_000, 'NLJ7RT61SV'],
    ])
    expect(paymentLedger(change({ states: ['completed'], context: payment }))).toEqual([])
  })

  it('of cash is in the till, not at the provider', () => {
    const sets = paymentLedger(change({ states: ['completed'], context: { ...payment, method: 'cash', receipt: null }, facts: [completed] }))
    expect(sets.flatMap(({ rows }) => rows.map((row) => [row['account'], row['amount_minor']]))).toEqual([['cash', 2_000], ['revenue:hotspot', -2_000]])
  })
})
