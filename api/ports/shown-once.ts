/** Secrets that wait for moments to be fetched, and are shown to whoever fetches them first. */
export interface ShownOnce {
  /** @throws Problem `overloaded` when they cannot be kept now. */
  keep(name: string, secret: string, ttlMs: number): Promise<void>
  /**
   * Undefined when there is none (any more).
   * @throws Problem `overloaded` when that cannot be told now: nothing is shown then.
   */
  take(name: string): Promise<string | undefined>
}
