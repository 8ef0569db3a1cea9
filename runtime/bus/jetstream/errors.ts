/** Why the broker did not do what was asked. Nothing is lost by any of these: the outbox keeps it. */

/** Thrown when a message is not known to be with the broker. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  /**
   * `away`: no connection; `silent`: no answer in time, it may have been stored; `gone`: the stream is not there any more;
   * `refused`: the broker said no, as when a stream is full.
   */
  readonly kind: 'away' | 'silent' | 'gone' | 'refused'

  constructor(kind: BrokerError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** A higher epoch has taken what we believed to own. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError'
}

interface ApiError {
  err_code: number
  description: string
}

/** JetStream's own number of an error (errors.json of the server), if it is one. */
export function apiErrorCode(error: unknown): number | undefined {
  return apiErrorOf(error)?.err_code
}

function apiErrorOf(error: unknown): ApiError | undefined {
  if (typeof error !== 'object' || error === null || !('api_error' in error)) return undefined
  return error.api_error as ApiError | undefined
}

export const API_ERRORS = {
  consumerNotFound: 10014,
  streamNotFound: 10059,
  messageNotFound: 10037,
  streamExists: 10058,
  consumerExists: 10013,
  consumerExistsElsewhere: 10148,
  /** A work queue allows one consumer for each message: one for all, or several whose filters do not overlap. */
  queueTaken: 10099,
  filterTaken: 10100,
} as const

/** The client's own code; none for an error of JetStream's, which it files under codes that mean something else. */
export function clientErrorCode(error: unknown): string | undefined {
  if (apiErrorOf(error) !== undefined) return undefined
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

const WORDS: Readonly<Record<string, string>> = {
  CONNECTION_REFUSED: 'nobody answers at the address',
  TIMEOUT: 'no answer in time',
  DISCONNECT: 'the connection was lost',
  CONNECTION_CLOSED: 'the connection was lost',
  AUTHORIZATION_VIOLATION: 'the broker does not accept the credentials',
  AUTHENTICATION_EXPIRED: 'the credentials have expired',
  BAD_AUTHENTICATION: 'the credentials cannot be used',
  BAD_CREDS: 'the credentials cannot be read',
  TLS: 'the encrypted connection failed',
  '503': 'the broker has no JetStream, or it is not ready',
  PERMISSIONS_VIOLATION: 'the broker does not permit it',
}

/** For staff and logs. The client's own messages are repeated only where they cannot hold a credential. */
export function inWords(error: unknown): string {
  const api = apiErrorOf(error)
  if (api !== undefined) return api.description
  const code = clientErrorCode(error)
  const words = code === undefined ? undefined : WORDS[code]
  if (words !== undefined) return words
  if (error instanceof BrokerError || error instanceof SupersededError) return error.message
  return code ?? (error instanceof Error ? error.name : 'unknown')
}
