/** What the edge is given for vouchers. */
import type { VoucherCodes } from '../../actors/voucher/codes.ts'
import type { Rate } from '../payments/rates.ts'
import type { Vouchers } from '../ports/vouchers.ts'

export interface VoucherParts {
  vouchers: Vouchers
  codes: VoucherCodes
  /** Against scripts; what stops guessing is the guard. Default: that of production. */
  redeemsPerIp?: Rate
}
