/** Where API keys are kept. Only their hashes are stored, so that a stolen table opens nothing. */

export interface ApiKey {
  id: string
  tenant: string
  /** What people call it, such as `till integration`. */
  name: string
  roles: readonly string[]
  /** Milliseconds since the epoch; absent for never. */
  expiresAt?: number | null
}

export interface ApiKeys {
  /** Undefined for an unknown or revoked key. `hash` is the hex SHA-256 of the key. */
  findByHash(hash: string): Promise<ApiKey | undefined>
  /** Undefined for an unknown or revoked key. */
  findById(id: string): Promise<ApiKey | undefined>
  create(key: ApiKey & { hash: string }): Promise<void>
  /** Notes that the key was used. Called at most once a minute and key. */
  touch(id: string, at: number): Promise<void>
}
