/** Safaricom's result of a return, or of the question what became of it -> `payment.returnResult`; and the word that its queue gave up. */
import { parseAsyncResult } from '../../actors/gateways/mpesa/async-result.ts'
import { readJson, whyNoJson } from './body-text.ts'
import type { HookHandler, HookReading } from './handler.ts'

const CODE_CHARS_MAX = 40
const TEXT_CHARS_MAX = 200
const DESCRIPTION_CHARS_MAX = 1_000

/** The address names the payment and what the result is about: `<payment id>.return` or `<payment id>.status`. */
function subjectOf(subject: string | undefined): { paymentId: string; about: 'return' | 'status' } | undefined {
  const [, paymentId, about] = /^([A-Za-z0-9_-]{1,64})\.(return|status)$/.exec(subject ?? '') ?? []
  return paymentId === undefined ? undefined : { paymentId, about: about as 'return' | 'status' }
}

const NO_SUBJECT: HookReading = { ok: false, problem: 'the address names no payment' }

export const darajaResult: HookHandler = {
  provider: 'daraja',
  kind: 'result',
  read(body, subject) {
    const named = subjectOf(subject)
    if (named === undefined) return NO_SUBJECT
    const unread = whyNoJson(body)
    if (unread !== undefined) return { ok: false, problem: unread }
    const parsed = parseAsyncResult(readJson(body))
    if (!parsed.ok) return { ok: false, problem: parsed.problem }
    const { resultCode, resultDesc, charge, ...texts } = parsed.result
    const short = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text.slice(0, TEXT_CHARS_MAX / 2)]))
    return {
      ok: true,
      about: aboutOf(named.paymentId),
      event: { type: 'payment.returnResult', about: named.about, resultCode: resultCode.slice(0, CODE_CHARS_MAX), resultDesc: resultDesc.slice(0, DESCRIPTION_CHARS_MAX), ...short, ...(charge === undefined ? {} : { charge }) },
    }
  },
}

export const darajaTimeout: HookHandler = {
  provider: 'daraja',
  kind: 'timeout',
  read(_body, subject) {
    const named = subjectOf(subject)
    // Its body says nothing that we need: that it came is the news.
    return named === undefined ? NO_SUBJECT : { ok: true, about: aboutOf(named.paymentId), event: { type: 'payment.returnTimedOut', about: named.about } }
  },
}

/** Nobody publishes the identifier: the address names whom it is about. */
function aboutOf(paymentId: string) {
  return { type: 'payment', identifier: 'id', value: paymentId, orId: paymentId }
}
