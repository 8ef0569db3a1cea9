/** RouterOS's durations: `2d20h12m20s`, `5m`, `1m23s450ms`; in some menus `00:05:00` or `1d 02:03:04`. */

const UNIT_SECONDS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001, us: 0.000001, ns: 0.000000001 }

/** Whole seconds; undefined for what is no duration, such as `never`. */
export function parseDuration(text: string): number | undefined {
  const clock = /^(?:(\d+)d\s*)?(\d+):(\d{2}):(\d{2})$/.exec(text.trim())
  if (clock !== null) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = clock.slice(1).map((part: string | undefined) => Number(part ?? 0))
    return days * 86_400 + hours * 3_600 + minutes * 60 + seconds
  }
  if (!/^(\d+(w|d|h|ms|us|ns|m|s))+$/.test(text.trim())) return undefined
  const parts = text.matchAll(/(\d+)(w|d|h|ms|us|ns|m|s)/g)
  return Math.floor([...parts].reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNIT_SECONDS[unit] ?? 0), 0))
}

/** As RouterOS itself writes it, so that what is read back compares equal. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0s'
  let rest = seconds
  return ['w', 'd', 'h', 'm', 's']
    .map((unit) => {
      const size = UNIT_SECONDS[unit] ?? 1
      const count = Math.floor(rest / size)
      rest -= count * size
      return count === 0 ? '' : `${count}${unit}`
    })
    .join('')
}
