/** What rlm_rest understands. Always in the object form with `do_xlat: false`: FreeRADIUS would expand a `%{...}` in a bare value. */
import type { RadiusAttribute } from '../ports/radius.ts'

export interface RestValue {
  value: (string | number)[]
  op: string
  do_xlat: false
}

export type RestAnswer = Record<string, RestValue>

export function restValue(value: string | number, op = ':='): RestValue {
  return { value: [value], op, do_xlat: false }
}

export function restAttributes(list: 'control' | 'reply', attributes: readonly RadiusAttribute[]): RestAnswer {
  const answer: RestAnswer = {}
  for (const { attribute, op, value } of attributes) {
    const name = `${list}:${attribute}`
    const before = answer[name]
    if (before === undefined) answer[name] = restValue(value, op)
    else if (op === '+=') before.value.push(value)
    else answer[name] = restValue(value, op)
  }
  return answer
}
