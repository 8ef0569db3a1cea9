/** Hours in which nobody is to be woken by a message of ours, in the business's time zone. */
import { Temporal } from 'temporal-polyfill'

/** Local times; `from` may be later than `to`: then they span midnight. Equal: there are none. */
export interface QuietHours {
  /** `21:00`. */
  from: string
  to: string
}

/** When they end, if that moment is within them; undefined: it is none of them. */
export function quietUntil({ from, to }: QuietHours, timeZone: string, at: number): number | undefined {
  if (from === to) return undefined
  const now = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  const time = now.toPlainTime()
  const [start, end] = [Temporal.PlainTime.from(from), Temporal.PlainTime.from(to)]
  const isAfterStart = Temporal.PlainTime.compare(time, start) >= 0
  const isBeforeEnd = Temporal.PlainTime.compare(time, end) < 0
  const spansMidnight = Temporal.PlainTime.compare(start, end) > 0
  if (spansMidnight ? !isAfterStart && !isBeforeEnd : !isAfterStart || !isBeforeEnd) return undefined
  const lastDay = spansMidnight && isAfterStart ? now.toPlainDate().add({ days: 1 }) : now.toPlainDate()
  // In the night in which an hour comes twice the end may, too: the first one may be over already.
  return lastDay.toPlainDateTime(end).toZonedDateTime(timeZone, { disambiguation: 'later' }).epochMilliseconds
}
