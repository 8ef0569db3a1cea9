/** Access data of a hotspot session: made from the application key when they are shown, stored nowhere in plain. */
export interface Credentials {
  username: string
  password: string
}

export interface CredentialsIssuer {
  /** The same address and version always give the same pair. */
  issue(address: { tenant: string; type: string; id: string }, version: number): Promise<Credentials> | Credentials
}
