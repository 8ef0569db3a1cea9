/**
 * Phones that choose what becomes of their SMS. README.md has the table for people; a test compares the two.
 * `254700020CCC`: the recipient's status code is CCC. `254700021NNN`: an odd behaviour.
 */
import type { SmsBehaviour } from './behaviours.ts'

export const ODD_SMS_PHONES: Readonly<Record<string, SmsBehaviour>> = {
  '001': { send: 'timeout-after-accepting' },
  '002': { reports: [{ status: 'Success', beforeAnswer: true }] },
  '003': { reports: [{ status: 'Success', afterMs: 500 }, { status: 'Sent', afterMs: 1_500 }] },
  '004': { reports: [{ status: 'Buffered', afterMs: 500 }, { status: 'Expired', afterMs: 120_000 }] },
  '005': { reports: [{ status: 'Failed', failureReason: 'UserIsInactive' }] },
  '006': { reports: [] },
  '007': { reports: [{ status: 'Success', times: 2 }] },
  '008': { reports: [{ status: 'Rejected', failureReason: 'UserInBlackList' }] },
  '009': { reports: [{ status: 'AbsentSubscriber' }] },
  '010': { send: { httpStatus: 503 } },
  '011': { send: 'reset-after-accepting' },
}

export function magicSms(phone: string): SmsBehaviour | undefined {
  const statusCode = /^254700020(\d{3})$/.exec(phone)?.[1]
  if (statusCode !== undefined && Number(statusCode) >= 100) return { send: { statusCode: Number(statusCode) } }
  const odd = /^254700021(\d{3})$/.exec(phone)?.[1]
  return odd === undefined ? undefined : ODD_SMS_PHONES[odd]
}
