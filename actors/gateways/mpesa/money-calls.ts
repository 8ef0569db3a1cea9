/**
 * Daraja's calls that move money back, ask about it, or list it. Reversal, payout and status are asynchronous: the answer only
 * says that the request was taken, the result comes to the address in it.
 *
 * Sources: Safaricom's documents by way of pesafy and mpesakit; field names keep their misspellings.
 */
import { z } from 'zod'
import { createCallLedger } from '../call-ledger.ts'
import { GatewayError } from '../errors.ts'
import type { HttpAnswer } from '../http.ts'
import { normaliseKenyanPhone } from '../phone.ts'
import { parseMinorUnits } from '../money.ts'
import { toWholeShillings } from './amount.ts'
import type { Acknowledged, MpesaGateway, PulledTransaction } from './port.ts'
import { formatNairobi, parseNairobi } from './timestamp.ts'

/** Who moves money on our behalf; made in Safaricom's portal. */
export interface Initiator {
  name: string
  /** base64 of the initiator's password, encrypted with Safaricom's certificate. */
  securityCredential: string
  /** The shortcode that payouts leave from, if it is another. */
  payoutShortcode?: string | undefined
}

/** Calls of this file. */
export type MoneyEndpoint = 'reversal' | 'payout' | 'status' | 'pull' | 'c2b-register'

type Body = Record<string, string | number>

export interface MoneyCallParts {
  shortcode: string
  initiator: Initiator | undefined
  shillingsMax: number
  /** Sends with a valid token. @throws GatewayError */
  ask: (endpoint: MoneyEndpoint, body: Body, secrets: readonly string[], signal: AbortSignal | undefined) => Promise<{ answer: HttpAnswer; refuse: () => never }>
}

const REMARKS_CHARS_MAX = 100
const PAGE_STEP = 1_000
const PAGES_MAX = 20

const text = z.union([z.string(), z.number()]).transform((value) => String(value).trim())

const acknowledgement = z.object({ OriginatorConversationID: text.optional(), OriginatorCoversationID: text.optional(), ConversationID: text.optional(), ResponseCode: text.pipe(z.literal('0')) })
const registration = z.object({ ResponseCode: text.pipe(z.union([z.literal('0'), z.literal('00000000')])) })

const transaction = z.object({ transactionId: text.pipe(z.string().min(1)), trxDate: text.optional(), msisdn: text.optional(), billreference: text.optional(), amount: text })
/** 1000 is a list, 1001 says that there is none. The list stands in a list. */
const pulled = z.object({ ResponseCode: text, Response: z.array(z.array(z.unknown())).or(z.array(z.unknown())).nullish() })

export function createMoneyCalls({ shortcode, initiator, shillingsMax, ask }: MoneyCallParts): Pick<MpesaGateway, 'reverse' | 'payOut' | 'askStatus' | 'pullTransactions' | 'registerC2b'> {
  const sent = createCallLedger<Acknowledged>()

  async function acknowledged(endpoint: MoneyEndpoint, body: Body, secrets: readonly string[], signal: AbortSignal | undefined): Promise<Acknowledged> {
    const { answer, refuse } = await ask(endpoint, body, secrets, signal)
    const parsed = isFine(answer) ? acknowledgement.safeParse(answer.json) : undefined
    if (parsed?.success !== true) return refuse()
    const { OriginatorConversationID, OriginatorCoversationID, ConversationID } = parsed.data
    return { originatorConversationId: OriginatorConversationID ?? OriginatorCoversationID ?? null, conversationId: ConversationID ?? null }
  }

  async function pullPage(fromMs: number, toMs: number, offset: number, signal: AbortSignal | undefined): Promise<PulledTransaction[]> {
    const { answer, refuse } = await ask('pull', { ShortCode: shortcode, StartDate: spaced(fromMs), EndDate: spaced(toMs), OffSetValue: String(offset) }, [], signal)
    const parsed = isFine(answer) ? pulled.safeParse(answer.json) : undefined
    if (parsed?.success !== true) return refuse()
    if (parsed.data.ResponseCode === '1001') return []
    if (parsed.data.ResponseCode !== '1000') return refuse()
    return (parsed.data.Response ?? []).flat().flatMap(toTransaction)
  }

  return {
    async reverse({ receipt, resultUrl, timeoutUrl, remarks, ...money }, { idempotencyKey, signal }) {
      const { name, securityCredential } = demandInitiator(initiator)
      const body = {
        Initiator: name,
        SecurityCredential: securityCredential,
        CommandID: 'TransactionReversal',
        TransactionID: receipt,
        Amount: toWholeShillings(money, shillingsMax),
        ReceiverParty: shortcode,
        RecieverIdentifierType: '11',
        ResultURL: resultUrl,
        QueueTimeOutURL: timeoutUrl,
        Remarks: shortened(remarks),
        Occasion: '',
      }
      return await sent.run(idempotencyKey, () => acknowledged('reversal', body, [securityCredential], signal))
    },
    async payOut({ phone, originatorConversationId, resultUrl, timeoutUrl, remarks, ...money }, { idempotencyKey, signal }) {
      const { name, securityCredential, payoutShortcode } = demandInitiator(initiator)
      const body = {
        OriginatorConversationID: originatorConversationId,
        InitiatorName: name,
        SecurityCredential: securityCredential,
        CommandID: 'BusinessPayment',
        Amount: toWholeShillings(money, shillingsMax),
        PartyA: payoutShortcode ?? shortcode,
        PartyB: phone,
        Remarks: shortened(remarks),
        QueueTimeOutURL: timeoutUrl,
        ResultURL: resultUrl,
        Occasion: '',
      }
      return await sent.run(idempotencyKey, () => acknowledged('payout', body, [securityCredential], signal))
    },
    async askStatus({ originatorConversationId, resultUrl, timeoutUrl }, { signal } = {}) {
      const { name, securityCredential } = demandInitiator(initiator)
      const body = {
        Initiator: name,
        SecurityCredential: securityCredential,
        CommandID: 'TransactionStatusQuery',
        OriginalConversationID: originatorConversationId,
        PartyA: shortcode,
        IdentifierType: '4',
        ResultURL: resultUrl,
        QueueTimeOutURL: timeoutUrl,
        Remarks: 'What became of it',
        Occasion: '',
      }
      return await acknowledged('status', body, [securityCredential], signal)
    },
    async pullTransactions({ fromMs, toMs }, { signal } = {}) {
      const found = new Map<string, PulledTransaction>()
      for (let page = 0; page < PAGES_MAX; page++) {
        const rows = await pullPage(fromMs, toMs, page * PAGE_STEP, signal)
        for (const row of rows) found.set(row.receipt, row)
        if (rows.length < PAGE_STEP) return [...found.values()]
      }
      throw new GatewayError('answer-too-large', `M-Pesa pull gives more than ${PAGES_MAX * PAGE_STEP} transactions; ask for a shorter time`)
    },
    async registerC2b({ validationUrl, confirmationUrl, ifUnanswered }, { signal } = {}) {
      const body = { ShortCode: shortcode, ResponseType: ifUnanswered, ConfirmationURL: confirmationUrl, ValidationURL: validationUrl }
      const { answer, refuse } = await ask('c2b-register', body, [], signal)
      if (!isFine(answer) || !registration.safeParse(answer.json).success) refuse()
    },
  }
}

function demandInitiator(initiator: Initiator | undefined): Initiator {
  if (initiator === undefined) throw new GatewayError('initiator-missing', 'DARAJA_INITIATOR_NAME and DARAJA_SECURITY_CREDENTIAL are not set: no money can be moved')
  return initiator
}

function isFine({ status }: HttpAnswer): boolean {
  return status >= 200 && status <= 299
}

function shortened(remarks: string): string {
  return remarks.replace(/[^\w .,:-]/g, ' ').slice(0, REMARKS_CHARS_MAX).padEnd(2, '.')
}

/** `YYYY-MM-DD HH:mm:ss` in Nairobi. */
function spaced(atMs: number): string {
  return formatNairobi(atMs).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3 $4:$5:$6')
}

/** One that we cannot read is no reason to lose the others; the statement shows it all the same. */
function toTransaction(row: unknown): PulledTransaction[] {
  const parsed = transaction.safeParse(row)
  if (!parsed.success) return []
  const { transactionId, trxDate = '', msisdn = '', billreference = '', amount: told } = parsed.data
  const amount = parseMinorUnits(told)
  if (amount === undefined || amount === 0) return []
  const phone = normaliseKenyanPhone(msisdn)
  return [{ receipt: transactionId.toUpperCase(), at: momentOf(trxDate), amount, currency: 'KES', phone: phone.ok ? phone.phone : null, accountReference: billreference === '' ? null : billreference }]
}

/** Written as UTC in Safaricom's examples, and as Nairobi time without a zone in what people report. */
function momentOf(told: string): string | null {
  const digits = told.replace(/\D/g, '').slice(0, 14)
  if (/Z$|[+-]\d\d:?\d\d$/.test(told)) return Number.isNaN(Date.parse(told)) ? null : new Date(told).toISOString()
  return parseNairobi(digits) ?? null
}
