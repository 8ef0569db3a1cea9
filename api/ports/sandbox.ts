/** What only the sandbox can do; absent in production. */
export interface SentMessage {
  id: string
  channel: 'sms' | 'mail' | 'chat'
  to: string
  text: string
  at: string
  [field: string]: unknown
}

export interface Sandbox {
  /** Present moment of the movable clock, milliseconds since the epoch. */
  now(): number
  /** Whether other nodes live, whose clocks would stay behind. */
  isShared(): Promise<boolean>
  /** Moves the clock on; resolves when everything that was due is done. */
  advance(ms: number): Promise<void>
  /** SMS and mail of this tenant that the stand-ins took, newest first. */
  outbox(tenant: string): Promise<SentMessage[]> | SentMessage[]
}
