/** Sums of days that are over: a cache of what the journal says, so that a start need not read all of it. */
export interface DashboardDay {
  /** `2026-01-31`, in the shop's zone. */
  day: string
  sums: Readonly<Record<string, number>>
}

export interface DashboardDays {
  /** Oldest first. */
  list(tenant: string): Promise<DashboardDay[]>
  /** What is there already stays: any node may write a day, all write the same. */
  save(tenant: string, days: readonly DashboardDay[]): Promise<void>
  clear(tenant: string): Promise<void>
}
