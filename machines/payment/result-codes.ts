/**
 * What M-Pesa's result codes of an STK push mean, whether they came by callback or by query.
 *
 * Sources: pesafy and mpesakit (documentation and tests), ronnyabuto/daraja-error-codes, paylod.dev/docs/errors;
 * where they differ the more careful reading is taken. Safaricom publishes no complete list, so a code that
 * is not here is `review`: the payment may still have happened.
 */

/**
 * - `success`        the customer has paid;
 * - `failed`         final; the customer did not pay and may start again when they wish;
 * - `pending`        not decided yet, although it looks like a result;
 * - `retry`          this prompt is over for a passing reason; another may work after `retryAfterMs`;
 * - `review`         cannot be told from the code alone: query, then let a person look;
 * - `configuration`  final for the customer, and ours or Safaricom's set-up must be mended: alert staff.
 */
export type ResultOutcome = 'success' | 'failed' | 'pending' | 'retry' | 'review' | 'configuration'

export interface ResultCodeMeaning {
  code: string
  outcome: ResultOutcome
  /** Only with `retry`: the earliest sensible moment for another prompt, in milliseconds. */
  retryAfterMs?: number
  /** `staff` names the cause; `customer` says what to do and blames nobody. */
  words: { staff: string; customer: string }
}

const TRY_AGAIN = 'The payment did not go through. Nothing was taken. Please try again.'
const TRY_LATER = 'M-Pesa is busy at the moment. Nothing was taken. Please try again in a minute.'
const OUR_SIDE = 'We cannot take this payment right now. Nothing was taken. Our staff have been told.'
const CHECKING = 'We are checking this payment with M-Pesa. Please do not pay again yet.'

const SECOND_MS = 1_000

type Row = readonly [code: string, outcome: ResultOutcome, staff: string, customer: string, retryAfterMs?: number]

const ROWS: readonly Row[] = [
  ['0', 'success', 'Paid.', 'Payment received. Thank you.'],

  ['1', 'failed', 'Not enough money in the account, Fuliza included.', 'Your M-Pesa balance is not enough. Please top up and try again.'],
  ['2', 'failed', 'The amount is below the minimum of a transaction.', 'The amount is too small for M-Pesa.'],
  ['3', 'failed', 'The amount is above the maximum of a transaction.', 'The amount is over the M-Pesa limit.'],
  ['4', 'failed', 'The payer would go over the daily limit.', 'You have reached your M-Pesa limit for today. Please try again tomorrow.'],
  ['5', 'failed', 'The payer would go below the minimum balance.', 'Your M-Pesa balance is not enough. Please top up and try again.'],
  ['8', 'failed', 'The receiver would go over the maximum balance.', OUR_SIDE],
  ['1012', 'failed', 'The phone number is not valid for M-Pesa.', 'This phone number cannot pay by M-Pesa. Please check it.'],
  ['1019', 'failed', 'The transaction expired before it was completed.', 'The payment request has expired. Please try again.'],
  ['1032', 'failed', 'The customer cancelled the prompt.', 'The payment was cancelled. Nothing was taken.'],
  ['2001', 'failed', 'The customer entered a wrong PIN.', 'The M-Pesa PIN was not right. Nothing was taken. Please try again.'],
  ['2006', 'failed', 'An account is inactive or an account rule forbids the payment.', 'M-Pesa did not allow this payment. Please contact Safaricom.'],
  ['2028', 'failed', 'The product or transaction type is not permitted for this account.', 'M-Pesa did not allow this payment. Please contact us.'],
  ['2040', 'failed', 'The phone number is not registered for M-Pesa.', 'This phone number is not registered for M-Pesa.'],

  ['17', 'retry', 'M-Pesa had an internal failure, or a rule limits repeated payments.', TRY_LATER, 45 * SECOND_MS],
  ['26', 'retry', 'M-Pesa is busy and blocks traffic.', TRY_LATER, 30 * SECOND_MS],
  ['1001', 'retry', 'Another M-Pesa request is open on this phone.', 'Another M-Pesa request is open on your phone. Finish it, wait a minute and try again.', 60 * SECOND_MS],
  ['1025', 'retry', 'The prompt could not be sent: system error, or its text is too long.', TRY_AGAIN, 30 * SECOND_MS],
  ['9999', 'retry', 'The prompt could not be sent: system error, or its text is too long.', TRY_AGAIN, 30 * SECOND_MS],
  // A success has been seen after it, so another prompt must leave time for that.
  ['1037', 'retry', 'The phone could not be reached, or the customer did not answer.', 'Your phone did not answer the request. Check that it is on and has network, then try again.', 60 * SECOND_MS],

  ['15', 'review', 'M-Pesa detected a duplicate. Reconcile; do not charge again.', CHECKING],
  // These four are known from secondary sources only.
  ['1026', 'review', 'M-Pesa reported a system error.', CHECKING],
  ['1031', 'review', 'M-Pesa could not complete the request.', CHECKING],
  ['1036', 'review', 'M-Pesa saw the bill reference before.', CHECKING],
  ['1050', 'review', 'M-Pesa saw too many retries.', CHECKING],

  ['4999', 'pending', 'M-Pesa is still processing the payment.', 'M-Pesa is still processing your payment. Please wait.'],

  ['6', 'configuration', 'M-Pesa does not know the paying party.', OUR_SIDE],
  ['7', 'configuration', 'M-Pesa does not know the receiving party.', OUR_SIDE],
  ['11', 'configuration', 'The account to debit is not valid.', OUR_SIDE],
  ['12', 'configuration', 'The account to credit is not valid.', OUR_SIDE],
  ['13', 'configuration', 'M-Pesa cannot resolve the account to debit.', OUR_SIDE],
  ['14', 'configuration', 'M-Pesa cannot resolve the account to credit.', OUR_SIDE],
  ['20', 'configuration', 'M-Pesa cannot resolve the initiator.', OUR_SIDE],
  ['21', 'configuration', 'The initiator is not allowed to make this request.', OUR_SIDE],
  ['1051', 'configuration', 'The shortcode is not enabled for STK push.', OUR_SIDE],
  ['8006', 'configuration', 'The security credential is locked.', OUR_SIDE],
  ['SFC_IC0003', 'configuration', 'The operator does not exist at M-Pesa.', OUR_SIDE],
]

/** Every known code, for tables in the console and for tests. */
export const RESULT_CODES: ReadonlyMap<string, ResultCodeMeaning> = new Map(
  ROWS.map(([code, outcome, staff, customer, retryAfterMs]) => [
    code,
    { code, outcome, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), words: { staff, customer } },
  ]),
)

/** The meaning of a code, given as text or number; an unknown one is `review`, never a final failure. */
export function meaningOfResultCode(code: string | number): ResultCodeMeaning {
  const text = String(code).trim()
  return RESULT_CODES.get(text) ?? {
    code: text,
    outcome: 'review',
    words: { staff: `M-Pesa answered with a code that we do not know (${text === '' ? 'empty' : text}).`, customer: CHECKING },
  }
}
