/** Money that goes back: reversal, B2C payout, and the question what became of either. All are taken at once, and their results come later. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Background } from '../background.ts'
import { deliver, type DeliveryRules } from '../delivery.ts'
import { createJournal } from '../journal.ts'
import { invalidField, refusal, type Answer } from './answers.ts'
import { REFUSALS } from './behaviours.ts'
import type { Paybill } from './paybill.ts'
import { makeReceipt } from './receipt.ts'

/**
 * What the next return does, besides what it must: `refuse` is answered at once; `result` is another code than the true one;
 * `times` is how often the result is told (0: never, only a status query tells); `timeout` tells that the queue gave up.
 */
export const returnSchema = z.strictObject({
  refuse: z.enum(REFUSALS).optional(),
  result: z.union([z.string().max(20), z.number()]).optional(),
  times: z.int().min(0).max(10).default(1),
  timeout: z.boolean().default(false),
  /** The request is taken, but its answer never comes. */
  unanswered: z.boolean().default(false),
})

export type ReturnBehaviour = z.input<typeof returnSchema>

export interface ReturnRecord {
  kind: 'reversal' | 'payout'
  originatorConversationId: string
  conversationId: string
  receipt: string
  resultCode: string
  phone: string | null
  amount: number
}

export interface Returns {
  next(behaviour: ReturnBehaviour): void
  /** Undefined: never answered. */
  reverse(body: unknown, requestId: string): Answer | undefined
  payOut(body: unknown, requestId: string): Answer | undefined
  askStatus(body: unknown, requestId: string): Answer
  list(): ReturnRecord[]
}

export interface ReturnRules {
  shortcode: string
  initiator: { name: string; securityCredential: string }
  resultAfterMs: number
  recordsMax: number
  delivery: DeliveryRules
}

const text = z.union([z.string(), z.number()]).transform(String)
const addresses = { ResultURL: z.url(), QueueTimeOutURL: z.url(), SecurityCredential: z.string().min(1) }
const reversalBody = z.object({ ...addresses, Initiator: z.string(), CommandID: z.literal('TransactionReversal'), TransactionID: z.string(), Amount: z.coerce.number(), ReceiverParty: text, RecieverIdentifierType: text.pipe(z.literal('11')), Remarks: z.string().min(2).max(100) })
const payoutBody = z.object({ ...addresses, OriginatorConversationID: z.string().min(1), InitiatorName: z.string(), CommandID: z.enum(['SalaryPayment', 'BusinessPayment', 'PromotionPayment']), Amount: z.coerce.number().min(10), PartyA: text, PartyB: text.pipe(z.string().regex(/^254(7|1)\d{8}$/)), Remarks: z.string().min(2).max(100) })
const statusBody = z.object({ ...addresses, Initiator: z.string(), CommandID: z.literal('TransactionStatusQuery'), OriginalConversationID: z.string().optional(), TransactionID: z.string().optional(), PartyA: text, IdentifierType: text, Remarks: z.string().min(2) })

const WORDS: Readonly<Record<string, string>> = {
  '0': 'The service request is processed successfully.',
  R000001: 'The transaction has already been reversed.',
  R000002: 'The OriginalTransactionID is invalid.',
  '2001': 'The initiator information is invalid.',
}

export function createReturns(rules: ReturnRules, paybill: Paybill, background: Background): Returns {
  const records = createJournal<ReturnRecord>(rules.recordsMax)
  const waiting: ReturnBehaviour[] = []

  function taken(originatorConversationId: string, conversationId: string): Answer {
    return { status: 200, body: { OriginatorConversationID: originatorConversationId, ConversationID: conversationId, ResponseCode: '0', ResponseDescription: 'Accept the service request successfully.' } }
  }

  function post(url: string, body: object): void {
    background.run(async () => {
      await background.wait(rules.resultAfterMs)
      await deliver({ url, contentType: 'application/json', body: JSON.stringify(body) }, rules.delivery, background.signal)
    })
  }

  function play(record: ReturnRecord, { ResultURL, QueueTimeOutURL }: { ResultURL: string; QueueTimeOutURL: string }, behaviour: z.output<typeof returnSchema>): Answer | undefined {
    records.add(record.originatorConversationId, record)
    const body = envelope(record, record.resultCode, record.kind === 'payout' ? { TransactionReceipt: record.receipt, TransactionAmount: record.amount } : { Amount: record.amount, OriginalTransactionID: record.receipt })
    for (let time = 0; time < behaviour.times; time++) post(ResultURL, body)
    if (behaviour.timeout) post(QueueTimeOutURL, body)
    return behaviour.unanswered ? undefined : taken(record.originatorConversationId, record.conversationId)
  }

  /** What truly becomes of it, unless the initiator is unknown. */
  function judged(name: string, credential: string, truth: () => string, told: string | number | undefined): string {
    if (name !== rules.initiator.name || credential !== rules.initiator.securityCredential) return '2001'
    return told === undefined ? truth() : String(told)
  }

  return {
    next: (behaviour) => void waiting.push(behaviour),
    reverse(body, requestId) {
      const parsed = reversalBody.safeParse(body)
      if (!parsed.success) return invalidField(String(parsed.error.issues[0]?.path[0] ?? 'body'), requestId)
      const behaviour = returnSchema.parse(waiting.shift() ?? {})
      if (behaviour.refuse !== undefined) return refusal(behaviour.refuse, requestId)
      const { data } = parsed
      const transaction = paybill.find(data.TransactionID)
      const truth = (): string => {
        if (transaction === undefined || transaction.amount !== data.Amount) return 'R000002'
        return transaction.reversed ? 'R000001' : '0'
      }
      const resultCode = judged(data.Initiator, data.SecurityCredential, truth, behaviour.result)
      if (resultCode === '0' && transaction !== undefined) transaction.reversed = true
      return play({ kind: 'reversal', originatorConversationId: randomUUID(), conversationId: conversationId(), receipt: makeReceipt(), resultCode, phone: transaction?.phone ?? null, amount: data.Amount }, data, behaviour)
    },
    payOut(body, requestId) {
      const parsed = payoutBody.safeParse(body)
      if (!parsed.success) return invalidField(String(parsed.error.issues[0]?.path[0] ?? 'body'), requestId)
      const behaviour = returnSchema.parse(waiting.shift() ?? {})
      if (behaviour.refuse !== undefined) return refusal(behaviour.refuse, requestId)
      const { data } = parsed
      // The caller's own number: the same one again is the same payout.
      if (records.get(data.OriginatorConversationID) !== undefined) return { status: 400, body: { requestId, errorCode: '400.002.02', errorMessage: 'Bad Request - Duplicate OriginatorConversationID' } }
      const resultCode = judged(data.InitiatorName, data.SecurityCredential, () => '0', behaviour.result)
      return play({ kind: 'payout', originatorConversationId: data.OriginatorConversationID, conversationId: conversationId(), receipt: makeReceipt(), resultCode, phone: data.PartyB, amount: data.Amount }, data, behaviour)
    },
    askStatus(body, requestId) {
      const parsed = statusBody.safeParse(body)
      if (!parsed.success) return invalidField(String(parsed.error.issues[0]?.path[0] ?? 'body'), requestId)
      const { OriginalConversationID = '', ResultURL } = parsed.data
      const record = records.get(OriginalConversationID)
      const own = { originatorConversationId: randomUUID(), conversationId: conversationId(), receipt: record?.receipt ?? '' }
      const isDone = record !== undefined && (record.resultCode === '0' || record.resultCode === 'R000001')
      post(ResultURL, record === undefined ? envelope(own, 'R000002', {}) : envelope(own, '0', { TransactionStatus: isDone ? 'Completed' : 'Failed', ReceiptNo: record.receipt, Amount: record.amount }))
      return taken(own.originatorConversationId, own.conversationId)
    },
    list: () => records.list().map((record) => ({ ...record })),
  }
}

function envelope({ originatorConversationId, conversationId: conversation, receipt }: Pick<ReturnRecord, 'originatorConversationId' | 'conversationId' | 'receipt'>, code: string, told: Record<string, unknown>): object {
  return {
    Result: {
      ResultType: 0,
      // Numbers where they are numbers, as Safaricom does.
      ResultCode: /^\d+$/.test(code) ? Number(code) : code,
      ResultDesc: WORDS[code] ?? 'The service request failed.',
      OriginatorConversationID: originatorConversationId,
      ConversationID: conversation,
      TransactionID: receipt,
      ResultParameters: { ResultParameter: Object.entries(told).map(([Key, Value]) => ({ Key, Value })) },
      ReferenceData: { ReferenceItem: { Key: 'Occasion' } },
    },
  }
}

function conversationId(): string {
  return `AG_${randomUUID().replaceAll('-', '').slice(0, 24)}`
}
