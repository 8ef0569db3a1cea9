/**
 * Calendar arithmetic in a business's time zone: what a month is, across month ends, leap years and changes to and from summer time.
 * The only file of machines/ that knows the library. Pure: nothing here reads a clock (docs/adr/0011).
 */
import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'

const NAME_CHARS_MAX = 64

/** A name of the IANA time zone database, such as `Africa/Nairobi`. */
export const timeZone = z.string().max(NAME_CHARS_MAX).refine(isTimeZone, 'must be an IANA time zone such as Africa/Nairobi')

export function isTimeZone(name: string): boolean {
  try {
    // An offset such as +03:00 is no place: it knows no summer time.
    return /^[A-Za-z]/.test(name) && zoned(0, name).timeZoneId !== ''
  } catch {
    return false
  }
}

/**
 * The same local time so many months on. Where that month has no such day it is its last day; where the clock skips that time it
 * is as much later, where it comes twice it is the first.
 */
export function addMonths(at: number, months: number, zone: string): number {
  return zoned(at, zone).add({ months }).epochMilliseconds
}

/** The calendar months that a span of time touches, cut to it, in order; `month` as `2028-02`. */
export function monthsBetween(from: number, until: number, zone: string): { month: string; from: number; until: number }[] {
  const months: { month: string; from: number; until: number }[] = []
  for (let at = from; at < until; ) {
    const first = zoned(at, zone).with({ day: 1 }).startOfDay()
    const next = first.add({ months: 1 }).startOfDay().epochMilliseconds
    months.push({ month: first.toPlainDate().toString().slice(0, 7), from: at, until: Math.min(next, until) })
    at = next
  }
  return months
}

/** The first moment of the day that this moment is in. Not always midnight: where the clock skips that, the day begins later. */
export function startOfDay(at: number, zone: string): number {
  return zoned(at, zone).startOfDay().epochMilliseconds
}

/** The first moment of the day after the one that this moment is in. */
export function startOfNextDay(at: number, zone: string): number {
  return zoned(at, zone).startOfDay().add({ days: 1 }).startOfDay().epochMilliseconds
}

/** The days between the first moment of one and that of a later one, in order; `day` as `2028-02-29`. They have 23 to 25 hours. */
export function daysBetween(from: number, until: number, zone: string): { day: string; from: number; until: number }[] {
  const days: { day: string; from: number; until: number }[] = []
  for (let at = from; at < until; ) {
    const next = startOfNextDay(at, zone)
    days.push({ day: zoned(at, zone).toPlainDate().toString(), from: at, until: Math.min(next, until) })
    at = next
  }
  return days
}

function zoned(at: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
}
