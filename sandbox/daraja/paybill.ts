/** Payers who use the paybill by hand (C2B), and the list of all money that came in (pull). */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Background } from '../background.ts'
import { deliver, type Delivery, type DeliveryRules } from '../delivery.ts'
import { createJournal } from '../journal.ts'
import { invalidField, type Answer } from './answers.ts'
import type { Prompts } from './prompts.ts'
import { makeReceipt } from './receipt.ts'

/** One use of the paybill. */
export const paySchema = z.strictObject({
  phone: z.string().regex(/^254(7|1)\d{8}$/).default('254712345678'),
  /** Shillings. */
  amount: z.number().positive().max(250_000).default(10),
  /** What the payer types as account number. */
  account: z.string().max(20).default(''),
  /** How often it is confirmed; 0: never, only the pull list knows of it. */
  confirmations: z.int().min(0).max(10).default(1),
  /** The same again is the same money, told once more. Made up unless said. */
  receipt: z.string().regex(/^[A-Z][A-Z0-9]{9}$/).optional(),
})

export type Pay = z.input<typeof paySchema>

/** Money that came in. */
export interface Transaction {
  receipt: string
  at: number
  phone: string
  amount: number
  account: string
  reversed: boolean
}

/** `refused` is the code of our validation. */
export type PayOutcome = { outcome: 'paid'; receipt: string; deliveries: Delivery[] } | { outcome: 'refused'; code: string }

export interface Paybill {
  pay(pay: Pay): Promise<PayOutcome>
  /** The answer of registerurl. */
  register(body: unknown, version: string, requestId: string): Answer
  /** The answer of pull. */
  list(body: unknown, requestId: string): Answer
  find(receipt: string): Transaction | undefined
  /** Says where validations and confirmations go, as registerurl does. */
  setUrls(urls: { validationUrl: string; confirmationUrl: string }): void
}

export interface PaybillRules {
  shortcode: string
  clock: () => number
  transactionsMax: number
  delivery: DeliveryRules
}

const NAIROBI_OFFSET_MS = 3 * 60 * 60 * 1_000
const VALIDATION_LIMIT_MS = 8_000

const registerBody = z.object({ ShortCode: z.union([z.string(), z.number()]).transform(String), ResponseType: z.enum(['Completed', 'Cancelled']), ConfirmationURL: z.url(), ValidationURL: z.url() })
const moment = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
const pullBody = z.object({ ShortCode: z.union([z.string(), z.number()]).transform(String), StartDate: moment, EndDate: moment, OffSetValue: z.union([z.string(), z.number()]) })

export function createPaybill(rules: PaybillRules, prompts: Prompts, background: Background): Paybill {
  const journal = createJournal<Transaction>(rules.transactionsMax)
  let registered: { validationUrl: string; confirmationUrl: string; ifUnanswered: string; version: string } | undefined

  function bodyOf(transaction: Transaction): Record<string, string> {
    const version = registered?.version ?? 'v2'
    return {
      TransactionType: 'Pay Bill',
      TransID: transaction.receipt,
      TransTime: digits(transaction.at).slice(0, 14),
      TransAmount: transaction.amount.toFixed(2),
      BusinessShortCode: rules.shortcode,
      BillRefNumber: transaction.account,
      InvoiceNumber: '',
      OrgAccountBalance: '',
      ThirdPartyTransID: '',
      MSISDN: version === 'v1' ? createHash('sha256').update(transaction.phone).digest('hex') : `${transaction.phone.slice(0, 4)}*****${transaction.phone.slice(-3)}`,
      FirstName: 'JANE',
      MiddleName: '',
      LastName: 'DOE',
    }
  }

  async function validate(transaction: Transaction): Promise<string> {
    if (registered === undefined) return '0'
    try {
      const response = await fetch(registered.validationUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(transaction)),
        signal: AbortSignal.any([background.signal, AbortSignal.timeout(VALIDATION_LIMIT_MS)]),
      })
      const { ResultCode } = (await response.json()) as { ResultCode?: unknown }
      if (typeof ResultCode === 'string' || typeof ResultCode === 'number') return String(ResultCode)
    } catch {
      // No answer: what was registered for that case decides.
    }
    return registered.ifUnanswered === 'Completed' ? '0' : 'C2B00016'
  }

  /** Prompts that were paid came in, too. */
  function all(): Transaction[] {
    const prompted = prompts.list().flatMap(({ receipt, furtherReceipts, phone, amount, accountReference, createdAt, paidAt }) =>
      (receipt === undefined ? [] : [receipt, ...furtherReceipts]).map((one) => ({ receipt: one, at: Date.parse(paidAt ?? createdAt), phone, amount, account: accountReference, reversed: false })),
    )
    return [...prompted.filter(({ receipt }) => journal.get(receipt) === undefined), ...journal.list()]
  }

  return {
    async pay(asked) {
      const { phone, amount, account, confirmations, receipt = makeReceipt() } = paySchema.parse(asked)
      const transaction: Transaction = { receipt, at: rules.clock(), phone, amount, account, reversed: false }
      const code = await validate(transaction)
      if (code !== '0') return { outcome: 'refused', code }
      journal.add(transaction.receipt, transaction)
      const deliveries: Delivery[] = []
      for (let time = 0; registered !== undefined && time < confirmations; time++) {
        const body = { ...bodyOf(transaction), OrgAccountBalance: '49197.00' }
        deliveries.push(await deliver({ url: registered.confirmationUrl, contentType: 'application/json', body: JSON.stringify(body) }, rules.delivery, background.signal))
      }
      return { outcome: 'paid', receipt: transaction.receipt, deliveries }
    },
    register(body, version, requestId) {
      const parsed = registerBody.safeParse(body)
      if (!parsed.success) return invalidField(String(parsed.error.issues[0]?.path[0] ?? 'body'), requestId)
      if (parsed.data.ShortCode !== rules.shortcode) return invalidField('ShortCode', requestId)
      registered = { validationUrl: parsed.data.ValidationURL, confirmationUrl: parsed.data.ConfirmationURL, ifUnanswered: parsed.data.ResponseType, version }
      // Safaricom's own spelling.
      return { status: 200, body: { OriginatorCoversationID: requestId, ResponseCode: '0', ResponseDescription: 'Success' } }
    },
    list(body, requestId) {
      const parsed = pullBody.safeParse(body)
      if (!parsed.success) return invalidField(String(parsed.error.issues[0]?.path[0] ?? 'body'), requestId)
      const { ShortCode, StartDate, EndDate, OffSetValue } = parsed.data
      if (ShortCode !== rules.shortcode) return invalidField('ShortCode', requestId)
      const [from, to] = [StartDate, EndDate].map((text) => Date.parse(`${text.replace(' ', 'T')}Z`) - NAIROBI_OFFSET_MS) as [number, number]
      // Whole seconds are asked for.
      const rows = all().filter(({ at }) => at >= from && at < to + 1_000).slice(Number(OffSetValue))
      if (rows.length === 0) return { status: 200, body: { ResponseRefID: requestId, ResponseCode: '1001', ResponseMessage: 'No transactions', Response: [] } }
      return { status: 200, body: { ResponseRefID: requestId, ResponseCode: '1000', ResponseMessage: 'Success', Response: [rows.map(listed)] } }
    },
    find(receipt) {
      const known = all().find((transaction) => transaction.receipt === receipt)
      if (known !== undefined && journal.get(receipt) === undefined) journal.add(receipt, known)
      return known
    },
    setUrls({ validationUrl, confirmationUrl }) {
      registered = { validationUrl, confirmationUrl, ifUnanswered: 'Completed', version: 'v2' }
    },
  }
}

function listed({ receipt, at, phone, amount, account }: Transaction): Record<string, unknown> {
  return {
    transactionId: receipt,
    trxDate: new Date(at).toISOString(),
    msisdn: Number(phone.slice(3)),
    sender: 'MPESA',
    transactiontype: 'c2b-pay-bill-debit',
    billreference: account,
    amount: amount.toFixed(2),
    organizationname: 'Stand-in',
  }
}

function digits(atMs: number): string {
  return new Date(atMs + NAIROBI_OFFSET_MS).toISOString().replace(/\D/g, '')
}
