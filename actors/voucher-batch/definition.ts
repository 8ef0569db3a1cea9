import { voucherBatchEvents, voucherBatchInput } from '../../machines/voucher-batch/events.ts'
import { voucherBatchMachine, type VoucherBatchContext } from '../../machines/voucher-batch/machine.ts'
import { voucherBatchWords } from '../../machines/voucher-batch/words.ts'
import type { ActorDefinition, Change, Identifier, Projection } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'
import type { VoucherCodes } from '../voucher/codes.ts'

/**
 * `business.voucher_codes` {tenant, code_hash, batch_id, number}: written with the batch's first step, all of them or none (R1). A
 * hash that is there already, once in billions, breaks the key and with it the commit.
 */
function voucherCodes(codes: VoucherCodes): Projection {
  return ({ address, previousStates, context }) => {
    if (previousStates.length > 0) return []
    const { tenant, id } = address
    const { count } = context as VoucherBatchContext
    const rows = Array.from({ length: count }, (_one, index) => ({ tenant, batch_id: id, number: index + 1, code_hash: codes.hash(tenant, codes.code(address, index + 1)) }))
    return [{ table: 'business.voucher_codes', key: { tenant, batch_id: id }, rows }]
  }
}

function batchIdentifiers({ context }: Change): Identifier[] {
  return [{ kind: 'name', value: (context as VoucherBatchContext).name }]
}

export function defineVoucherBatch({ codes }: { codes: VoucherCodes }): ActorDefinition {
  return {
    type: 'voucher-batch',
    // Version 1 was over once it was revoked; what it has stored fits.
    version: '2',
    idPrefix: 'vb',
    machine: voucherBatchMachine,
    input: voucherBatchInput,
    events: voucherBatchEvents,
    reactions: reactions['voucher-batch'],
    migrations: [{ from: '1', migrate: ({ value, context }) => ({ value, context }) }],
    projections: { voucherCodes: voucherCodes(codes) },
    identifiers: batchIdentifiers,
    words: voucherBatchWords,
  }
}
