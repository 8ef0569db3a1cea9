/**
 * How long something bought lasts: a number of seconds, or calendar months, which have no fixed length. Written as ISO 8601
 * durations: `PT1H`, `P30D` (thirty times 24 hours), `P1M`, `P1Y` (12 months). The two kinds do not mix.
 */
import { z } from 'zod'

const YEARS_MAX = 10
const MONTHS_MAX = YEARS_MAX * 12
const SECONDS_MAX = YEARS_MAX * 366 * 86_400

export const term = z.discriminatedUnion('unit', [
  z.strictObject({ unit: z.literal('seconds'), count: z.int().positive().max(SECONDS_MAX) }),
  z.strictObject({ unit: z.literal('months'), count: z.int().positive().max(MONTHS_MAX) }),
])

export type Term = z.output<typeof term>

const MONTHS = /^P(?=.)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?$/
const SECONDS = /^P(?=.)(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?=.)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$/

/** Undefined when the text is no duration of one of the two kinds, or too long a one. */
export function parseTerm(text: string): Term | undefined {
  const months = MONTHS.exec(text)
  const seconds = months === null ? parseSeconds(text) : undefined
  const parsed = term.safeParse(months === null ? { unit: 'seconds', count: seconds } : { unit: 'months', count: part(months, 1) * 12 + part(months, 2) })
  return parsed.data
}

/** The seconds of a duration without months; undefined when it is none. `PT0S` is 0. */
export function parseSeconds(text: string): number | undefined {
  const match = SECONDS.exec(text)
  if (match === null) return undefined
  return (((part(match, 1) * 7 + part(match, 2)) * 24 + part(match, 3)) * 60 + part(match, 4)) * 60 + part(match, 5)
}

function part(match: RegExpExecArray, index: number): number {
  return Number(match[index] ?? 0)
}

/** The shortest usual way of writing it: whole days as days, whole years as years. */
export function termText({ unit, count }: Term): string {
  if (unit === 'months') return count % 12 === 0 ? `P${count / 12}Y` : `P${count}M`
  return secondsText(count)
}

export function secondsText(seconds: number): string {
  if (seconds > 0 && seconds % 86_400 === 0) return `P${seconds / 86_400}D`
  if (seconds > 0 && seconds % 3_600 === 0) return `PT${seconds / 3_600}H`
  if (seconds > 0 && seconds % 60 === 0) return `PT${seconds / 60}M`
  return `PT${seconds}S`
}
