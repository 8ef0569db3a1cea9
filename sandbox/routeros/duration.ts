/** Durations as a played router writes them: `2d20h12m20s`. */

const UNITS: readonly [unit: string, seconds: number][] = [['w', 604_800], ['d', 86_400], ['h', 3_600], ['m', 60], ['s', 1]]

export function uptimeText(seconds: number): string {
  let rest = seconds
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count > 0 || (unit === 's' && seconds < 1) ? `${count}${unit}` : ''
  })
  return parts.join('')
}

/** Seconds; NaN for what is no duration. */
export function parseDuration(text: string | undefined): number {
  if (text === undefined || !/^(\d+[wdhms])+$/.test(text)) return NaN
  return [...text.matchAll(/(\d+)([wdhms])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS.find(([name]) => name === unit)?.[1] ?? 0), 0)
}
