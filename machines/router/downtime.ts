/** What outages come to, as contracts count them: by calendar months of the business's time zone. */
import { monthsBetween } from '../calendar.ts'

export interface Outage {
  since: number
  /** Null: it lasts. */
  until: number | null
}

export interface MonthlyDowntime {
  /** As `2028-02`. */
  month: string
  from: number
  until: number
  downMs: number
  /** Begun minutes. */
  slaMinutes: number
  /** 0 to 1, of the time that was looked at. */
  availability: number
}

const MINUTE_MS = 60_000

export function downMsIn(outages: readonly Outage[], from: number, until: number): number {
  return outages.reduce((sum, outage) => sum + Math.max(0, Math.min(outage.until ?? until, until) - Math.max(outage.since, from)), 0)
}

/** The months that the span touches, each as far as it lies in it; an outage over the end of a month counts in both. */
export function downtimeByMonth(outages: readonly Outage[], from: number, until: number, zone: string): MonthlyDowntime[] {
  return monthsBetween(from, until, zone).map((part) => {
    const downMs = downMsIn(outages, part.from, part.until)
    return { ...part, downMs, slaMinutes: Math.ceil(downMs / MINUTE_MS), availability: 1 - downMs / (part.until - part.from) }
  })
}
