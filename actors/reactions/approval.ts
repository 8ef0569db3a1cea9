/** What was approved is done: the event is sent, or the actor made, in the step of the second key (A3, R1). */
import type { ApprovalFact } from '../../machines/approval/machine.ts'
import type { Json, Reaction } from '../../runtime/index.ts'

export const doApproved: Reaction = ({ address: { tenant }, data }) => {
  const { to, act } = data as unknown as Extract<ApprovalFact, { type: 'approval.approved' }>
  const address = { tenant, ...to }
  if (act.kind === 'create') return [{ kind: 'start', to: address, input: act.input as Json }]
  return [{ kind: 'event', to: address, event: act.event }]
}
