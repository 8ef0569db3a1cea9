/** Whether the parts that a request needs are there. */
export interface Readiness {
  /** Never throws. `ready` although a check is not `ok`: served, but degraded. One word or sentence per part; `ok` when it is. */
  check(): Promise<{ ready: boolean; checks: Record<string, string> }>
}
