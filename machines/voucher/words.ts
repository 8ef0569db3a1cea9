import type { Words } from '../words.ts'

export const voucherWords = {
  states: {
    issued: { staff: 'Unused and valid.', customer: 'This voucher can be used.' },
    redeemed: { staff: 'Used: it has given access (see the session of the same id).', customer: 'This voucher has been used.' },
    expired: { staff: 'Not used in time.', customer: 'This voucher has expired.' },
    revoked: { staff: 'Taken back (see the reason).', customer: 'This voucher is no longer valid.' },
  },
  events: {
    'voucher.redeem': { staff: 'Somebody uses the voucher.', customer: 'Use the voucher.' },
    'voucher.revoke': { staff: 'Take the voucher back, and the access that it gave.', customer: 'The voucher is taken back by our staff.' },
  },
  guards: { isInTime: { staff: 'The voucher is still valid.', customer: 'The voucher is still valid.' } },
  delays: { validity: { staff: 'the last day of the batch', customer: 'the last day of the voucher' } },
  effects: {},
} satisfies Words
