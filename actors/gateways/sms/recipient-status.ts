/**
 * Africa's Talking judges every recipient by a code inside an HTTP 201, which may hold nothing but failures.
 * Codes: developers.africastalking.com as quoted in africastalking-node.js and public handlers.
 */

export type RecipientVerdict =
  | { kind: 'accepted'; status: 'queued' | 'sent' }
  | { kind: 'refused'; code: string; retryable: boolean; retryAfterMs?: number }

const MINUTE_MS = 60_000

const refused = (code: string): RecipientVerdict => ({ kind: 'refused', code, retryable: false })
const retryable = (code: string, afterMs: number): RecipientVerdict => ({ kind: 'refused', code, retryable: true, retryAfterMs: afterMs })

/** Code, the provider's name for it, and what it means to us. */
const RECIPIENT_STATUSES: readonly (readonly [statusCode: number, name: string, verdict: RecipientVerdict])[] = [
  [100, 'Processed', { kind: 'accepted', status: 'queued' }],
  [101, 'Sent', { kind: 'accepted', status: 'sent' }],
  [102, 'Queued', { kind: 'accepted', status: 'queued' }],
  [401, 'RiskHold', refused('risk-hold')],
  [402, 'InvalidSenderId', refused('invalid-sender')],
  [403, 'InvalidPhoneNumber', refused('invalid-phone')],
  [404, 'UnsupportedNumberType', refused('unsupported-number')],
  // Passes when somebody tops the account up, so the message waits rather than dies.
  [405, 'InsufficientBalance', retryable('insufficient-balance', 15 * MINUTE_MS)],
  [406, 'UserInBlacklist', refused('blocked-by-recipient')],
  [407, 'CouldNotRoute', retryable('could-not-route', MINUTE_MS)],
  [409, 'DoNotDisturbRejection', refused('do-not-disturb')],
  [500, 'InternalServerError', retryable('provider-failed', MINUTE_MS)],
  [501, 'GatewayError', retryable('network-failed', MINUTE_MS)],
  [502, 'RejectedByGateway', refused('refused-by-network')],
]

/** An unknown code counts as accepted only if the provider gave a message id with it: reports will then tell the rest. */
export function judgeRecipient(recipient: { statusCode: number; messageId: string }): RecipientVerdict {
  const known = RECIPIENT_STATUSES.find(([statusCode]) => statusCode === recipient.statusCode)
  if (known !== undefined) return known[2]
  const hasId = recipient.messageId !== '' && recipient.messageId !== 'None'
  return hasId && recipient.statusCode < 400 ? { kind: 'accepted', status: 'queued' } : refused('refused')
}

/** For an answer without recipients, whose Message is then the name of the fault, e.g. `InvalidSenderId`. */
export function judgeByName(message: string): RecipientVerdict | undefined {
  const name = message.trim().toLowerCase()
  return RECIPIENT_STATUSES.find(([, known, verdict]) => verdict.kind === 'refused' && known.toLowerCase() === name)?.[2]
}
