/** What the engine counts; the edge turns it into Prometheus series. */
export interface Metrics {
  /** One committed batch: how many journal rows, how long the commit took. */
  committed(rows: number, durationMs: number): void
  /** One timer fired, this late against its due time. */
  timerFired(latenessMs: number): void
  effectFinished(lane: string, name: string, outcome: 'done' | 'retry' | 'failed', durationMs: number): void
  parked(kind: string): void
  conflict(): void
  duplicate(): void
  /** Slices that became this node's, or are so no more. */
  slicesMoved(direction: 'gained' | 'lost', count: number): void
  /** A command for a slice of another node: answered by it, or done here because it could not be reached. */
  forwarded(outcome: 'answered' | 'unreachable' | 'silent' | 'declined'): void
}

export const noMetrics: Metrics = {
  committed: () => {},
  timerFired: () => {},
  effectFinished: () => {},
  parked: () => {},
  conflict: () => {},
  duplicate: () => {},
  slicesMoved: () => {},
  forwarded: () => {},
}
