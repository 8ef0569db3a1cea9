/**
 * C2B bodies: a payer uses the paybill by hand, and Safaricom asks (validation) and tells (confirmation). All fields are texts; the
 * payer's number comes hashed (version 1) or masked (version 2).
 *
 * {"TransactionType":"Pay Bill","TransID":"RKTQDM7W6S","TransTime":"20191122063845","TransAmount":"10.00","BusinessShortCode":"600638",
 *  "BillRefNumber":"12345674","InvoiceNumber":"","OrgAccountBalance":"49197.00","ThirdPartyTransID":"","MSISDN":"2547*****126",
 *  "FirstName":"JOHN","MiddleName":"","LastName":"DOE"}
 */
import { z } from 'zod'
import { parseMinorUnits } from '../money.ts'
import { normaliseKenyanPhone } from '../phone.ts'
import { parseNairobi } from './timestamp.ts'

export interface C2bTransaction {
  receipt: string
  /** Minor units; undefined if it is no exact amount above zero. */
  amount: number | undefined
  currency: 'KES'
  shortcode: string
  accountReference: string | null
  /** RFC 3339. */
  at: string | null
  phone: string | null
  payer: { hash: string | null; masked: string | null; name: string | null }
}

export type C2bReading = { ok: true; transaction: C2bTransaction } | { ok: false; problem: string }

const NAME_CHARS_MAX = 200
const REFERENCE_CHARS_MAX = 100

const text = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => String(value ?? '').replace(/[\p{Cc}\p{Cs}]/gu, ' ').trim())

const body = z.object({
  TransID: text.pipe(z.string().regex(/^[A-Za-z0-9]{6,20}$/)),
  TransTime: text,
  TransAmount: text,
  BusinessShortCode: text,
  BillRefNumber: text,
  MSISDN: text,
  FirstName: text,
  MiddleName: text,
  LastName: text,
})

/** Never throws: the body comes from the open internet. */
export function parseC2b(value: unknown): C2bReading {
  const parsed = body.safeParse(value)
  if (!parsed.success) return { ok: false, problem: `not a C2B body: ${parsed.error.issues[0]?.path.join('.') ?? 'body'} is missing or malformed` }
  const { TransID, TransTime, TransAmount, BusinessShortCode, BillRefNumber, MSISDN, FirstName, MiddleName, LastName } = parsed.data
  const amount = parseMinorUnits(TransAmount)
  const name = [FirstName, MiddleName, LastName].filter((part) => part !== '').join(' ').slice(0, NAME_CHARS_MAX)
  const phone = normaliseKenyanPhone(MSISDN)
  return {
    ok: true,
    transaction: {
      receipt: TransID.toUpperCase(),
      amount: amount === 0 ? undefined : amount,
      currency: 'KES',
      shortcode: BusinessShortCode,
      accountReference: BillRefNumber === '' ? null : BillRefNumber.slice(0, REFERENCE_CHARS_MAX),
      at: parseNairobi(TransTime) ?? null,
      phone: phone.ok ? phone.phone : null,
      payer: {
        hash: /^[0-9a-f]{64}$/i.test(MSISDN) ? MSISDN.toLowerCase() : null,
        masked: /^\+?[\d*]{9,15}$/.test(MSISDN) && MSISDN.includes('*') ? MSISDN.replace('+', '') : null,
        name: name === '' ? null : name,
      },
    },
  }
}
