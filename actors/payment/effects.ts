/** The outside calls of a payment. */
import type { PromptOutcome, PromptRequest, QueryOutcome, QueryRequest } from '../../machines/payment/calls.ts'
import { PROMPT_WINDOW_MS } from '../../machines/payment/timing.ts'
import { type Address, defineEffect, type EffectDefinition } from '../../runtime/index.ts'
import { INTERRUPTED, outcomeOfError } from '../gateway-outcome.ts'
import { toEffectError } from '../gateways/errors.ts'
import type { MpesaGateway } from '../gateways/mpesa/port.ts'
import type { ReturnOutcome, ReturnRequest, StatusAsked, StatusRequest } from '../../machines/payment/refund-record.ts'
import { ONCE } from '../lanes.ts'
import { accountReferenceOf } from './account-reference.ts'
import { conversationIdOf } from './conversation-id.ts'

export interface PaymentCalls {
  mpesa: MpesaGateway
  /** Shown to the payer; 1-13 characters. */
  description: string
  /**
   * The callback address of one payment, in place of the gateway's own. If it names the payment, a callback
   * finds it even when the answer of the push was lost and its CheckoutRequestID with it.
   */
  callbackUrl?: (payment: Address) => string
  /** Where results of returns, and of questions about them, go. */
  resultUrls: ResultUrls
}

export type ResultUrls = (payment: Address, about: 'return' | 'status') => { resultUrl: string; timeoutUrl: string }

/** Longer than the gateway's own limit, so that the gateway's verdict arrives and not only "time is over". */
const CALL_LIMIT_MS = 60_000

/** A prompt held up for longer than this was meant for a customer who has left. */
const LATE_MS = PROMPT_WINDOW_MS + CALL_LIMIT_MS

/** One attempt: what may be asked again, and when, is the machine's decision (P2). */
export function promptPayer({ mpesa, description, callbackUrl }: Omit<PaymentCalls, 'resultUrls'>): EffectDefinition {
  return defineEffect<PromptRequest, PromptOutcome>({
    lane: 'mpesa',
    retry: ONCE,
    noteBeforeCall: true,
    timeoutMs: CALL_LIMIT_MS,
    async run({ phone, amount, currency, requestedAt }, { key, address, interrupted, at, signal }) {
      if (interrupted) return INTERRUPTED
      if (at - requestedAt > LATE_MS) {
        return { outcome: 'refused', code: 'too-late', detail: 'The prompt was held up so long that the customer was not asked.', retryAfterMs: null }
      }
      try {
        const request = { phone, amount, currency, accountReference: accountReferenceOf(address), description }
        const answer = await mpesa.stkPush(callbackUrl === undefined ? request : { ...request, callbackUrl: callbackUrl(address) }, { idempotencyKey: key, signal })
        return { outcome: 'accepted', checkoutRequestId: answer.checkoutRequestId, merchantRequestId: answer.merchantRequestId }
      } catch (error) {
        return outcomeOfError(error)
      }
    },
  })
}

/** Asking changes nothing, so the engine may repeat it; if it cannot be asked the machine's next gap decides. */
export function queryPayment({ mpesa }: Pick<PaymentCalls, 'mpesa'>): EffectDefinition {
  return defineEffect<QueryRequest, QueryOutcome>({
    lane: 'mpesa',
    timeoutMs: CALL_LIMIT_MS,
    async run({ checkoutRequestId }, { signal }) {
      try {
        const result = await mpesa.stkQuery({ checkoutRequestId }, { signal })
        if (result.status === 'pending') return { outcome: 'pending', resultDesc: result.resultDesc }
        return { outcome: 'answered', resultCode: result.resultCode, resultDesc: result.resultDesc }
      } catch (error) {
        throw toEffectError(error)
      }
    },
  })
}

/** One attempt (F2): what may be asked again, and when, is the machine's decision. */
export function requestReturn({ mpesa, resultUrls }: Pick<PaymentCalls, 'mpesa' | 'resultUrls'>): EffectDefinition {
  return defineEffect<ReturnRequest, ReturnOutcome>({
    lane: 'mpesa',
    retry: ONCE,
    noteBeforeCall: true,
    timeoutMs: CALL_LIMIT_MS,
    async run({ way, request, receipt, phone, amount, currency, reason }, { key, address, interrupted, signal }) {
      // A payout is known by the number that we chose, so it can be asked about even now.
      if (interrupted) return INTERRUPTED
      const options = { idempotencyKey: key, signal }
      try {
        const common = { amount, currency, remarks: reason, ...resultUrls(address, 'return') }
        if (way === 'reversal') return { outcome: 'accepted', ...(await mpesa.reverse({ receipt: receipt ?? '', ...common }, options)) }
        const originatorConversationId = conversationIdOf(address, request)
        const { conversationId } = await mpesa.payOut({ phone: phone ?? '', originatorConversationId, ...common }, options)
        return { outcome: 'accepted', originatorConversationId, conversationId }
      } catch (error) {
        return outcomeOfError(error)
      }
    },
  })
}

/** Asking changes nothing. The answer comes as a result. */
export function askReturnStatus({ mpesa, resultUrls }: Pick<PaymentCalls, 'mpesa' | 'resultUrls'>): EffectDefinition {
  return defineEffect<StatusRequest, StatusAsked>({
    lane: 'mpesa',
    timeoutMs: CALL_LIMIT_MS,
    async run({ way, request, originatorConversationId }, { address, signal }) {
      try {
        await mpesa.askStatus({ originatorConversationId: way === 'b2c' ? conversationIdOf(address, request) : (originatorConversationId ?? ''), ...resultUrls(address, 'status') }, { signal })
        return { outcome: 'asked' }
      } catch (error) {
        throw toEffectError(error)
      }
    },
  })
}
