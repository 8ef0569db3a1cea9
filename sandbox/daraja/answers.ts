/** Bodies that Daraja answers with, misspellings included. Sources: Safaricom's documents, pesafy and mpesakit fixtures. */
import type { REFUSALS, RefusalSpec } from './behaviours.ts'

export interface Answer {
  status: number
  body: Record<string, unknown>
}

type RefusalName = (typeof REFUSALS)[number]

const REFUSAL_BODIES: Readonly<Record<RefusalName, readonly [status: number, code: string, message: string]>> = {
  'spike-arrest': [500, '500.003.02', 'Error Occurred: Spike Arrest Violation'],
  quota: [500, '500.003.03', 'Error Occurred: Quota Violation'],
  'wrong-credentials': [500, '500.001.1001', '[MerchantValidate] - Wrong credentials'],
  'merchant-unknown': [500, '500.001.1001', 'Merchant does not exist'],
  'subscriber-locked': [500, '500.001.1001', 'Unable to lock subscriber, a transaction is already in process for the current subscriber'],
  'system-error': [500, '500.001.1001', 'System error'],
  internal: [500, '500.003.1001', 'Internal Server Error'],
  'not-found': [404, '404.003.01', 'Resource not found'],
  'bad-request': [400, '400.003.02', 'Bad Request'],
  'bad-payload': [400, '400.002.05', 'Invalid Request Payload'],
  'auth-header': [404, '404.001.04', 'Invalid Authentication Header'],
  'token-400': [400, '400.003.01', 'Invalid Access Token'],
  'token-401': [401, '401.003.01', 'Error Occurred - Invalid Access Token'],
  'token-404': [404, '404.001.03', 'Invalid Access Token'],
}

export function refusal(spec: RefusalSpec, requestId: string): Answer {
  const [status, errorCode, errorMessage] =
    typeof spec === 'string' ? REFUSAL_BODIES[spec] : ([spec.status, spec.errorCode, spec.errorMessage] as const)
  return { status, body: { requestId, errorCode, errorMessage } }
}

/** `400.002.02` names the field at the end of its message. */
export function invalidField(field: string, requestId: string): Answer {
  return { status: 400, body: { requestId, errorCode: '400.002.02', errorMessage: `Bad Request - Invalid ${field}` } }
}

/** The words that go with a result code in callbacks and queries. */
const RESULT_DESCS: Readonly<Record<string, string>> = {
  '0': 'The service request is processed successfully.',
  '1': 'The balance is insufficient for the transaction.',
  '17': 'Rule limited.',
  '26': 'System busy. The service request is rejected.',
  '1001': 'Unable to lock subscriber, a transaction is already in process for the current subscriber',
  '1019': 'Transaction has expired',
  '1025': 'An error occurred while sending a push request',
  '1032': 'Request cancelled by user',
  '1037': 'DS timeout user cannot be reached',
  '2001': 'The initiator information is invalid.',
  '4999': 'The transaction is still under processing',
  '9999': 'An error occurred while sending a push request',
}

export function resultDescOf(resultCode: string): string {
  return RESULT_DESCS[resultCode] ?? 'The service request failed.'
}
