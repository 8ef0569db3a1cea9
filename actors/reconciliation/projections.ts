/**
 * Kept in step with a reconciliation (R1): `business.unexplained_days`, the days whose last match left something, by which an alarm counts.
 */
import type { ReconciliationContext } from '../../machines/reconciliation/context.ts'
import type { Projection } from '../../runtime/index.ts'

export const unexplainedDays: Projection = ({ address: { tenant, id }, context, previousContext }) => {
  const { unexplained } = context as ReconciliationContext
  if (unexplained === (previousContext as ReconciliationContext | undefined)?.unexplained || (unexplained.length === 0 && previousContext === undefined)) return []
  const key = { tenant, reconciliation_id: id }
  return [{ table: 'business.unexplained_days', key, rows: unexplained.map(({ day, provider, ours }) => ({ ...key, day, provider_count: provider, our_count: ours })) }]
}
