/** ISO 8601 durations, such as `P30D` or `PT1H30M`. */

const DURATION = /^P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/

/** Milliseconds from `from`, since months and years have no fixed length; undefined when it is no duration. */
export function durationMs(text: string, from: number): number | undefined {
  const match = DURATION.exec(text)
  if (match === null) return undefined
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number, number]
  const date = new Date(from)
  const dayOfMonth = date.getUTCDate()
  date.setUTCMonth(date.getUTCMonth() + years * 12 + months)
  // 31 January and a month is the last of February, not a day in March.
  if (date.getUTCDate() !== dayOfMonth) date.setUTCDate(0)
  return date.getTime() - from + (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + Math.round(seconds * 1_000)
}
