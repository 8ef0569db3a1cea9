import { voucherEvents, voucherInput } from '../../machines/voucher/events.ts'
import { voucherMachine, type VoucherContext } from '../../machines/voucher/machine.ts'
import { voucherWords } from '../../machines/voucher/words.ts'
import type { ActorDefinition, Change, Identifier, Projection } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'

/**
 * `business.vouchers` {tenant, id, batch_id, number, state, changed_at}: the vouchers that are more than a number of their batch, for counting.
 */
const vouchers: Projection = ({ address, states, previousStates, context, at }) => {
  const [state = ''] = states
  if (state === previousStates[0]) return []
  const { batchId, number } = context as VoucherContext
  const key = { tenant: address.tenant, id: address.id }
  return [{ table: 'business.vouchers', key, rows: [{ ...key, batch_id: batchId, number, state, changed_at: new Date(at).toISOString() }] }]
}

function voucherIdentifiers({ context }: Change): Identifier[] {
  const { redemption } = context as VoucherContext
  if (redemption === null) return []
  return [{ kind: 'phone', value: redemption.phone }, ...(redemption.macAddress === null ? [] : [{ kind: 'mac', value: redemption.macAddress }])]
}

export function defineVoucher(): ActorDefinition {
  return {
    type: 'voucher',
    version: '1',
    idPrefix: 'vch',
    machine: voucherMachine,
    input: voucherInput,
    events: voucherEvents,
    reactions: reactions.voucher,
    projections: { vouchers },
    identifiers: voucherIdentifiers,
    words: voucherWords,
    personal: ['redemption.phone', 'redemption.macAddress'],
  }
}
