import { describe, expect, it } from 'vitest'
import { subscriptionPlan } from '../../../machines/plan.ts'
import { parseSeconds, parseTerm, secondsText, termText } from '../../../machines/term.ts'

describe('terms', () => {
  it.each([
    ['PT1H', { unit: 'seconds', count: 3_600 }, 'PT1H'],
    ['PT1H30M', { unit: 'seconds', count: 5_400 }, 'PT90M'],
    ['P30D', { unit: 'seconds', count: 2_592_000 }, 'P30D'],
    ['P2W', { unit: 'seconds', count: 1_209_600 }, 'P14D'],
    ['P1DT6H', { unit: 'seconds', count: 108_000 }, 'PT30H'],
    ['PT61S', { unit: 'seconds', count: 61 }, 'PT61S'],
    ['P1M', { unit: 'months', count: 1 }, 'P1M'],
    ['P1Y', { unit: 'months', count: 12 }, 'P1Y'],
    ['P1Y6M', { unit: 'months', count: 18 }, 'P18M'],
  ] as const)('%s is %o, written %s', (text, parsed, written) => {
    expect(parseTerm(text)).toEqual(parsed)
    expect(termText(parsed)).toBe(written)
    expect(parseTerm(written)).toEqual(parsed)
  })

  it.each(['', 'P', 'PT', 'P1', '1M', 'P1M1D', 'P1MT1H', 'PT0S', 'P0M', 'P11Y', 'P3661D', 'P-1D', 'P1.5D', 'p1m', ' P1M'])('%j is none', (text) => {
    expect(parseTerm(text)).toBeUndefined()
  })

  it('seconds alone may be none at all', () => {
    expect(parseSeconds('PT0S')).toBe(0)
    expect(parseSeconds('P1M')).toBeUndefined()
    expect(secondsText(0)).toBe('PT0S')
  })
})

it('a plan keeps each reminder once, the longest distance first', () => {
  const plan = { id: 'home', name: 'Home', term: { unit: 'months', count: 1 }, amount: 1, currency: 'KES' }
  expect(subscriptionPlan.parse({ ...plan, reminderSeconds: [60, 3_600, 60] })).toMatchObject({ reminderSeconds: [3_600, 60], graceSeconds: 0, devices: 1, dataBytes: null })
  expect(subscriptionPlan.safeParse({ ...plan, amount: 0 }).success).toBe(false)
})
