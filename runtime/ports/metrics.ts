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
}

export const noMetrics: Metrics = {
  committed: () => {},
  timerFired: () => {},
  effectFinished: () => {},
  parked: () => {},
  conflict: () => {},
  duplicate: () => {},
}
