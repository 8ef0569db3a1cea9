/** The bodies of Africa's Talking's HTTP 201. Source: africastalking-node.js test/mocks.js. */

const STATUS_NAMES: Readonly<Record<number, string>> = {
  100: 'Processed', 101: 'Success', 102: 'Queued', 401: 'RiskHold', 402: 'InvalidSenderId', 403: 'InvalidPhoneNumber',
  404: 'UnsupportedNumberType', 405: 'InsufficientBalance', 406: 'UserInBlacklist', 407: 'CouldNotRoute',
  409: 'DoNotDisturbRejection', 500: 'InternalServerError', 501: 'GatewayError', 502: 'RejectedByGateway',
}

/** Fifteen numbers at most per call keeps the stand-in bounded; the system sends to one. */
export const RECIPIENTS_MAX = 15
const COST_KES = 0.8

export interface Recipient {
  statusCode: number
  /** With plus. */
  number: string
  messageId: string
}

export function sentBody(recipients: readonly Recipient[]): Record<string, unknown> {
  const sent = recipients.filter(({ statusCode }) => statusCode < 400).length
  const rows = recipients.map(({ statusCode, number, messageId }) => {
    const accepted = statusCode < 400
    return {
      statusCode,
      number,
      status: STATUS_NAMES[statusCode] ?? 'Unknown',
      cost: accepted ? `KES ${COST_KES.toFixed(4)}` : '0',
      messageId: accepted ? messageId : 'None',
    }
  })
  return { SMSMessageData: { Message: `Sent to ${sent}/${recipients.length} Total Cost: KES ${(sent * COST_KES).toFixed(4)}`, Recipients: rows } }
}
