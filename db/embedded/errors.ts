/**
 * Thrown when the embedded server can't be made to run. The message always ends with what the operator can do about it.
 * `code` is stable; the message is for people.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedPostgresErrorCode

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type EmbeddedPostgresErrorCode =
  | 'no-binaries' // no package for this platform, or its programs can't run here
  | 'no-account' // we are root and found no other user to run the server as
  | 'data-unreachable' // a database exists where the server's user can't get at it, or belongs to somebody else
  | 'data-version' // the data was made by another major version
  | 'initdb-failed'
  | 'port-taken'
  | 'start-failed'
  | 'stop-failed'

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a system or Postgres error, where there is one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
