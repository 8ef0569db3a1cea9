/** Sums of days that are over. */
import type { Knex } from 'knex'
import { Model } from 'objection'

class DashboardDayModel extends Model {
  static override readonly tableName = 'business.dashboard_days'
  static override readonly idColumn = ['tenant', 'day']

  declare tenant: string
  declare day: string
  declare sums: Record<string, number>
}

export function dashboardDayQueries(knex: Knex) {
  return {
    async list(tenant: string): Promise<{ day: string; sums: Record<string, number> }[]> {
      // As text: a date of the driver would be a moment in some zone.
      const rows = await DashboardDayModel.query(knex).select(knex.raw('day::text as day'), 'sums').where({ tenant }).orderBy('day')
      return rows.map(({ day, sums }) => ({ day, sums }))
    },
    async save(tenant: string, days: readonly { day: string; sums: Readonly<Record<string, number>> }[]): Promise<void> {
      if (days.length === 0) return
      await DashboardDayModel.query(knex).insert(days.map(({ day, sums }) => ({ tenant, day, sums: { ...sums } }))).onConflict(['tenant', 'day']).ignore()
    },
    async clear(tenant: string): Promise<void> {
      await DashboardDayModel.query(knex).delete().where({ tenant })
    },
  }
}
