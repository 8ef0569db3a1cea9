/**
 * The result envelope that reversal, payout and status share. Parameters are a list, or one alone; codes are numbers or texts.
 *
 * {"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"…","OriginatorConversationID":"…","ConversationID":"AG_…","TransactionID":"…",
 *  "ResultParameters":{"ResultParameter":[{"Key":"TransactionStatus","Value":"Completed"}]}}}
 */
import { z } from 'zod'
import { parseMinorUnits } from '../money.ts'

export interface AsyncResult {
  resultCode: string
  resultDesc: string
  originatorConversationId?: string
  conversationId?: string
  /** Of the transaction that the result is about. */
  receipt?: string
  transactionStatus?: string
  /** Minor units. */
  charge?: number
}

export type AsyncResultReading = { ok: true; result: AsyncResult } | { ok: false; problem: string }

const scalar = z.union([z.string(), z.number()]).transform((value) => String(value).replace(/[\p{Cc}\p{Cs}]/gu, ' ').trim())
const optional = scalar.nullish().catch(undefined)
const parameter = z.object({ Key: z.string(), Value: z.unknown().optional() })
const parameters = z.preprocess(
  (value) => (Array.isArray(value) ? (value as unknown[]) : [value]).filter((entry) => parameter.safeParse(entry).success),
  z.array(parameter),
)

const envelope = z.object({
  Result: z.object({
    ResultCode: scalar.pipe(z.string().min(1)),
    ResultDesc: optional,
    OriginatorConversationID: optional,
    ConversationID: optional,
    TransactionID: optional,
    ResultParameters: z.object({ ResultParameter: parameters.optional() }).nullish().catch(undefined),
  }),
})

/** Never throws: the body comes from the open internet. */
export function parseAsyncResult(value: unknown): AsyncResultReading {
  const parsed = envelope.safeParse(value)
  if (!parsed.success) return { ok: false, problem: `not a result: ${parsed.error.issues[0]?.path.join('.') ?? 'body'} is missing or malformed` }
  const { ResultCode, ResultDesc, OriginatorConversationID, ConversationID, TransactionID, ResultParameters } = parsed.data.Result
  const told = new Map((ResultParameters?.ResultParameter ?? []).map(({ Key, Value }) => [Key, Value]))
  const receipt = textOf(told.get('TransactionReceipt')) ?? textOf(TransactionID)
  const transactionStatus = textOf(told.get('TransactionStatus'))
  const charge = parseMinorUnits(told.get('Charge'))
  return {
    ok: true,
    result: {
      resultCode: ResultCode,
      resultDesc: ResultDesc ?? '',
      ...(textOf(OriginatorConversationID) === undefined ? {} : { originatorConversationId: textOf(OriginatorConversationID) }),
      ...(textOf(ConversationID) === undefined ? {} : { conversationId: textOf(ConversationID) }),
      ...(receipt === undefined ? {} : { receipt }),
      ...(transactionStatus === undefined ? {} : { transactionStatus }),
      ...(charge === undefined ? {} : { charge }),
    } as AsyncResult,
  }
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  return text === '' ? undefined : text
}
