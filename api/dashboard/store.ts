/** The sums of one tenant as they stand, fed by facts. */
import { createStore } from '@xstate/store'
import { added, type Sums } from '../../actors/dashboard/sums.ts'

export interface DashboardState {
  total: Sums
  days: Readonly<Record<string, Sums>>
}

export function dashboardStore(days: ReadonlyMap<string, Sums>) {
  return createStore({
    context: { total: [...days.values()].reduce(added, {}), days: Object.fromEntries(days) },
    on: {
      counted: ({ total, days: known }, { day, sums }: { day: string; sums: Sums }): DashboardState => ({
        total: added(total, sums),
        days: { ...known, [day]: added(known[day] ?? {}, sums) },
      }),
    },
  })
}

export type DashboardStore = ReturnType<typeof dashboardStore>
