/** What the edge is given for vouchers. */
import type { VoucherCodes } from '../../actors/voucher/codes.ts'
import type { Vouchers } from '../ports/vouchers.ts'

export interface VoucherParts {
  vouchers: Vouchers
  codes: VoucherCodes
}
