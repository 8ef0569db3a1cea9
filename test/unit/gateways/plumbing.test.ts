import { describe, expect, test } from 'vitest'
import { createCallLedger } from '../../../actors/gateways/call-ledger.ts'
import { GatewayError, toEffectError } from '../../../actors/gateways/errors.ts'
import { parseJson } from '../../../actors/gateways/http.ts'
import { fractionDigitsOf, parseMinorUnits, parseMinorUnitsRounded } from '../../../actors/gateways/money.ts'
import { maskPhone, redact } from '../../../actors/gateways/redact.ts'
import { RetryableError, TerminalError } from '../../../runtime/errors.ts'

describe('gateway error', () => {
  test('an uncertain one is never retryable', () => {
    const error = new GatewayError('timeout', 'no answer', { uncertain: true, retryable: true, retryAfterMs: 1 })
    expect(error).toMatchObject({ uncertain: true, retryable: false, retryAfterMs: undefined })
  })

  test('speaks the words of the engine', () => {
    const retryable = toEffectError(new GatewayError('rate-limited', 'slow down', { retryable: true, retryAfterMs: 5 }))
    expect(retryable).toBeInstanceOf(RetryableError)
    expect(retryable).toMatchObject({ retryAfterMs: 5, message: 'slow down' })
    expect(toEffectError(new GatewayError('invalid-field', 'no'))).toMatchObject({ name: 'TerminalError', code: 'invalid-field' })
    const uncertain = toEffectError(new GatewayError('timeout', 'no answer', { uncertain: true }))
    expect(uncertain).toBeInstanceOf(TerminalError)
    expect(uncertain).toMatchObject({ code: 'uncertain.timeout' })
    const other = new RangeError('bug')
    expect(toEffectError(other)).toBe(other)
  })
})

describe('call ledger', () => {
  test('joins a call in flight and repeats its answer', async () => {
    const ledger = createCallLedger<{ n: number }>()
    let calls = 0
    const call = async () => ({ n: (calls += 1) })
    const [first, second] = await Promise.all([ledger.run('k', call), ledger.run('k', call)])
    expect([first, second, await ledger.run('k', call)]).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }])
    expect(await ledger.run('other', call)).toEqual({ n: 2 })
  })

  test('makes the call again only if it was certainly not taken', async () => {
    const ledger = createCallLedger<{ n: number }>()
    const fail = (uncertain: boolean) => () => Promise.reject(new GatewayError('x', 'x', { uncertain, retryable: !uncertain }))
    await expect(ledger.run('certain', fail(false))).rejects.toThrow('x')
    expect(await ledger.run('certain', async () => ({ n: 1 }))).toEqual({ n: 1 })
    await expect(ledger.run('uncertain', fail(true))).rejects.toThrow('x')
    await expect(ledger.run('uncertain', async () => ({ n: 1 }))).rejects.toMatchObject({ uncertain: true })
  })

  test('is bounded', async () => {
    const ledger = createCallLedger<{ key: string }>(2)
    for (const key of ['a', 'b', 'c']) await ledger.run(key, async () => ({ key }))
    expect(await ledger.run('a', async () => ({ key: 'again' }))).toEqual({ key: 'again' })
  })
})

describe('redaction', () => {
  test('hides secrets and phone numbers, keeps ids, bounds the length', () => {
    expect(redact('token abc for 254708374149\n<b>', ['abc', ''])).toBe('token [redacted] for 2547*****149 <b>')
    expect(redact('ws_CO_191220191020363925 29115-34620561-1')).toBe('ws_CO_191220191020363925 29115-34620561-1')
    expect(redact('x'.repeat(5_000)).length).toBeLessThan(250)
    expect(maskPhone('123')).toBe('***')
  })
})

describe('money', () => {
  test('is exact or refused', () => {
    expect(parseMinorUnits('9007199254740993')).toBeUndefined()
    expect(parseMinorUnits('0.10')).toBe(10)
    expect(parseMinorUnits('5', 0)).toBe(5)
    expect(parseMinorUnits('5.5', 0)).toBeUndefined()
  })

  test('a cost is rounded half up', () => {
    expect(parseMinorUnitsRounded('0.8000')).toBe(80)
    expect(parseMinorUnitsRounded('0.0249')).toBe(2)
    expect(parseMinorUnitsRounded('0.025')).toBe(3)
    expect(parseMinorUnitsRounded('x')).toBeUndefined()
  })

  test('knows the minor units of currencies', () => {
    expect([fractionDigitsOf('KES'), fractionDigitsOf('UGX'), fractionDigitsOf('??')]).toEqual([2, 0, 2])
  })
})

test('JSON is read whatever the content type says, or not at all', () => {
  expect(parseJson('\uFEFF{"a":1}')).toEqual({ a: 1 })
  expect(parseJson('<html>')).toBeUndefined()
  expect(parseJson('')).toBeUndefined()
})
