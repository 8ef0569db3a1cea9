/** Hours in which nobody is to be woken by a message of ours, in the business's time zone. */
import { Temporal } from 'temporal-polyfill'

/** Local times; `from` may be later than `to`: then they span midnight. Equal: there are none. */
export interface QuietHours {
  /** `21:00`. */
  from: string
  to: string
}

/** Over how much time the messages go that were held: neither the provider nor a phone gets a night's at once. */
const RELEASE_MS = 10 * 60_000

/** When a message goes that is asked for in quiet hours: soon after them, and in the order in which they were asked for. Undefined: it need not wait. */
export function releaseAt(hours: QuietHours, timeZone: string, at: number): number | undefined {
  const span = quietSpan(hours, timeZone, at)
  return span === undefined ? undefined : span.endsAt + Math.floor((RELEASE_MS * (at - span.startsAt)) / (span.endsAt - span.startsAt))
}

/** When they began and end, milliseconds since the epoch, if that moment is within them; undefined: it is none of them. */
export function quietSpan({ from, to }: QuietHours, timeZone: string, at: number): { startsAt: number; endsAt: number } | undefined {
  if (from === to) return undefined
  const now = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  const time = now.toPlainTime()
  const [start, end] = [Temporal.PlainTime.from(from), Temporal.PlainTime.from(to)]
  const isAfterStart = Temporal.PlainTime.compare(time, start) >= 0
  const isBeforeEnd = Temporal.PlainTime.compare(time, end) < 0
  const spansMidnight = Temporal.PlainTime.compare(start, end) > 0
  if (spansMidnight ? !isAfterStart && !isBeforeEnd : !isAfterStart || !isBeforeEnd) return undefined
  const today = now.toPlainDate()
  const lastDay = spansMidnight && isAfterStart ? today.add({ days: 1 }) : today
  const firstDay = spansMidnight && !isAfterStart ? today.subtract({ days: 1 }) : today
  const momentOf = (day: Temporal.PlainDate, clock: Temporal.PlainTime, disambiguation: 'earlier' | 'later') => day.toPlainDateTime(clock).toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds
  // In the night in which an hour comes twice the end may, too: the first one may be over already.
  return { startsAt: momentOf(firstDay, start, 'earlier'), endsAt: momentOf(lastDay, end, 'later') }
}
