/**
 * Reads the answer of `POST /mpesa/stkpushquery/v1/query`. Daraja says "not finished yet" in four shapes,
 * two of which look like failures; taking `4999` for one has left a paid customer recorded as unpaid
 * (a public repository's test notes it).
 */
import { z } from 'zod'
import type { HttpAnswer } from '../http.ts'
import { readRefusal } from './errors.ts'
import type { StkQueryResult } from './port.ts'

const STILL_PROCESSING = '4999'
const PROCESSING_WORDS = /being processed|under processing|still processing/i

const queryBody = z.object({
  ResponseCode: z.union([z.string(), z.number()]).nullish(),
  ResultCode: z.union([z.string(), z.number()]).nullish(),
  ResultDesc: z.string().nullish(),
  ResponseDescription: z.string().nullish(),
})

/**
 * Undefined if the answer is a refusal of the query itself, which says nothing about the payment.
 *
 * | answer | result |
 * |---|---|
 * | HTTP 500, `500.001.1001` "The transaction is being processed" | pending, `being-processed` |
 * | `ResultCode` `"4999"`, or words "still under processing" with any code but 0 | pending, `still-processing` |
 * | `ResultCode` empty or missing, `ResponseCode` `"0"` | pending, `no-result-yet` |
 * | any other `ResultCode` | answered, with that code |
 */
export function readStkQuery(answer: Pick<HttpAnswer, 'status' | 'json' | 'headers' | 'text'>): StkQueryResult | undefined {
  const { errorCode, errorMessage = '' } = readRefusal(answer)
  if (errorCode !== undefined) {
    const pending = errorCode === '500.001.1001' && PROCESSING_WORDS.test(errorMessage)
    return pending ? { status: 'pending', reason: 'being-processed', resultDesc: errorMessage } : undefined
  }
  const parsed = queryBody.safeParse(answer.json)
  if (!parsed.success || answer.status < 200 || answer.status > 299) return undefined
  const body = parsed.data
  const resultCode = String(body.ResultCode ?? '').trim()
  const resultDesc = (body.ResultDesc ?? body.ResponseDescription ?? '').trim()
  if (resultCode === '') {
    return String(body.ResponseCode ?? '').trim() === '0' ? { status: 'pending', reason: 'no-result-yet', resultDesc } : undefined
  }
  if (resultCode === STILL_PROCESSING || (resultCode !== '0' && PROCESSING_WORDS.test(resultDesc))) {
    return { status: 'pending', reason: 'still-processing', resultDesc }
  }
  return { status: 'answered', resultCode, resultDesc }
}
