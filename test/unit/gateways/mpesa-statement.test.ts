import { describe, expect, it } from 'vitest'
import { parseStatement } from '../../../actors/gateways/mpesa/statement.ts'

const HEAD = 'Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.'
const NOW = Date.parse('2026-01-03T00:00:00Z')
const statement = (...rows: string[]) => ['Short Code:,174379', 'Organization:,Standing', '', HEAD, ...rows].join('\r\n')

describe('a statement', () => {
  it('is read by its column names, whatever stands above the table', () => {
    const { rows, skipped, problems } = parseStatement(`\uFEFF${statement(
      'RKTQDM7W6S,2026-01-01 10:20:30,2026-01-01 10:20:29,"Pay Bill from 2547*****126 - JOHN, DOE Acc. 12345674",Completed,"1,000.00",,5000.00,true,Pay Utility,2547*****126 - JOHN,,12345674',
      'RKTQDM7W6S,01-01-2026 10:20:30,,Pay Bill Charge,Completed,,-5.50,,,Pay Utility Charge,,,',
      'SKR9XXXXXX,2026-01-02 00:00:00,,Reversal,Completed,,-1000.00,,,,,RKTQDM7W6S,',
      'RKTQDM7W6T,2026-01-02 00:00:00,,Pay Bill,Cancelled,10.00,,,,,,,',
    )}`, NOW)
    expect(rows).toEqual([
      { receipt: 'RKTQDM7W6S', kind: 'paid-in', amount: 100_000, currency: 'KES', at: '2026-01-01T07:20:30.000Z', accountReference: '12345674', details: 'Pay Bill from 2547*****126 - JOHN, DOE Acc. 12345674' },
      { receipt: 'RKTQDM7W6S', kind: 'charge', amount: -550, currency: 'KES', at: '2026-01-01T07:20:30.000Z', accountReference: null, details: 'Pay Bill Charge' },
      { receipt: 'SKR9XXXXXX', kind: 'withdrawn', amount: -100_000, currency: 'KES', at: '2026-01-01T21:00:00.000Z', accountReference: null, details: 'Reversal' },
    ])
    expect([skipped, problems]).toEqual([1, []])
  })

  it.each([
    ['x,2026-01-01 10:20:30,,,Completed,10,,,,,,,', /receipt/],
    ['RKTQDM7W6S,yesterday,,,Completed,10,,,,,,,', /moment/],
    ['RKTQDM7W6S,01-01-1960 10:20:30,,,Completed,10,,,,,,,', /before there was M-Pesa/],
    ['RKTQDM7W6S,2062-01-01 10:20:30,,,Completed,10,,,,,,,', /still to come/],
    ['RKTQDM7W6S,2026-01-01 10:20:30,,,Completed,10,10,,,,,,', /one of/],
    ['RKTQDM7W6S,2026-01-01 10:20:30,,,Completed,ten,,,,,,,', /one of/],
    ['RKTQDM7W6S,2026-01-01 10:20:30,,,Completed,-10,,,,,,,', /one of/],
    ['RKTQDM7W6S,2026-01-01 10:20:30,,,Completed,,--10,,,,,,', /one of/],
  ])('names the line that it cannot read: %s', (row, problem) => {
    const { rows, problems } = parseStatement(statement(row, 'RKTQDM7W6T,2026-01-01 10:20:30,,,Completed,10,,,,,,,'), NOW)
    expect(rows).toHaveLength(1)
    expect(problems).toEqual([{ line: 5, problem: expect.stringMatching(problem) as string }])
  })

  it.each(['', 'a,b\n1,2', '"', '\0'])('%j is none', (text) => {
    expect(parseStatement(text, NOW).problems).toHaveLength(1)
  })
})
