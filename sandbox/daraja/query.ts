/** What a query answers, for a prompt and the shape it was told to show. */
import { refusal, resultDescOf, type Answer } from './answers.ts'
import type { QueryShape } from './behaviours.ts'
import type { Prompt } from './prompts.ts'

export function queryAnswer(prompt: Prompt, shape: QueryShape): Answer {
  if (typeof shape === 'object') {
    return 'error' in shape
      ? refusal(shape.error, prompt.merchantRequestId)
      : result(prompt, String(shape.resultCode), shape.resultDesc)
  }
  switch (shape) {
    case 'truth':
      return prompt.resultCode === undefined ? beingProcessed(prompt) : result(prompt, prompt.resultCode, prompt.resultDesc)
    case 'being-processed':
      return beingProcessed(prompt)
    case '4999':
      return result(prompt, '4999')
    case 'empty-code':
      return result(prompt, '', '')
    case 'response-code-only':
      return { status: 200, body: { ResponseCode: '0' } }
    case 'failed':
      return result(prompt, '1032')
  }
}

function beingProcessed(prompt: Prompt): Answer {
  return {
    status: 500,
    body: { requestId: prompt.merchantRequestId, errorCode: '500.001.1001', errorMessage: 'The transaction is being processed' },
  }
}

function result(prompt: Prompt, resultCode: string, resultDesc = resultDescOf(resultCode)): Answer {
  return {
    status: 200,
    body: {
      ResponseCode: '0',
      ResponseDescription: 'The service request has been accepted successsfully',
      MerchantRequestID: prompt.merchantRequestId,
      CheckoutRequestID: prompt.checkoutRequestId,
      ResultCode: resultCode,
      ResultDesc: resultDesc,
    },
  }
}
