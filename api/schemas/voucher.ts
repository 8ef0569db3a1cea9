/** The calls about vouchers (contract.md §3). */
import { z } from 'zod'
import { printable } from '../../machines/printable.ts'
import { VOUCHERS_MAX } from '../../machines/voucher-batch/events.ts'
import { instant, reasonBody } from './common.ts'
import { challengeFields, hotspotLoginSchema } from './hotspot-login.ts'

const code = z.string().min(1).max(40).describe('as typed; small letters, blanks and dashes do not matter')

export const batchBody = z.strictObject({
  name: printable(100).trim().min(1).describe('for people: whose shop, which event'),
  package_id: printable(64).min(1),
  count: z.int().min(1).max(VOUCHERS_MAX),
  expires_at: instant.describe('until then its vouchers can be redeemed'),
})

export const batchSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.string().describe('open, expired, revoked'),
    package: z.object({ id: z.string(), name: z.string() }),
    count: z.int(),
    redeemed: z.int(),
    revoked: z.int().describe('one by one; a batch that is revoked as a whole says so in its state'),
    unused: z.int(),
    issued_at: instant,
    expires_at: instant,
  })
  .meta({ id: 'VoucherBatch' })

export const codesSchema = z.object({ data: z.array(z.object({ number: z.int(), code: z.string(), state: z.string() })) }).meta({ id: 'VoucherCodes' })

export const batchParams = z.object({ id: z.string() })

export const redeemBody = z.strictObject({
  code,
  phone_number: z.string().max(40).describe('the login is sent there, too'),
  mac_address: z.string().max(40).nullish(),
  ...challengeFields,
})

export const redeemedSchema = z
  .object({
    success: z.literal(true),
    voucher_id: z.string().describe('the session has the same id'),
    status: z.literal('redeemed'),
    package: z.object({ id: z.string(), name: z.string() }),
    message: z.string(),
    credentials: z.object({ username: z.string(), password: z.string() }).optional().describe('once'),
    login: hotspotLoginSchema.optional().describe('with the credentials: fields to post to `$(link-login-only)`'),
  })
  .meta({ id: 'RedeemedVoucher' })

export const checkBody = z.strictObject({ code })
export const revokeBody = z.strictObject({ code, ...reasonBody.shape })

export const voucherSchema = z
  .object({
    voucher_id: z.string(),
    batch_id: z.string(),
    number: z.int(),
    state: z.string().describe('unused, redeemed, expired, revoked'),
    package: z.object({ id: z.string(), name: z.string() }),
    expires_at: instant,
  })
  .meta({ id: 'Voucher' })
