import type { Words } from '../words.ts'

export const voucherBatchWords = {
  states: {
    open: { staff: 'Its vouchers can be used, and its codes be shown and printed.', customer: 'Vouchers of this series can be used.' },
    expired: { staff: 'Over; unused vouchers of it are worth nothing.', customer: 'Vouchers of this series have expired.' },
    revoked: { staff: 'Taken back as a whole (see the reason).', customer: 'Vouchers of this series are no longer valid.' },
  },
  events: {
    'batch.show': { staff: 'Show, print or export the codes; who did so is kept.', customer: 'The codes are printed.' },
    'batch.redeemed': { staff: 'A voucher of it was redeemed.', customer: 'A voucher of this series was used.' },
    'batch.revoke': { staff: 'Take back all vouchers of the batch that are unused.', customer: 'Vouchers of this series are taken back.' },
  },
  guards: { isTooLate: { staff: 'It was redeemed when the batch was revoked already.', customer: 'The voucher was no longer valid.' } },
  delays: { validity: { staff: 'the last day of the batch', customer: 'the last day of the vouchers' } },
  effects: {},
} satisfies Words
