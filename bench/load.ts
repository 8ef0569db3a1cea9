/** A closed loop of senders: each sends its next event when the answer to the last one is in. */
export interface LoadResult {
  count: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

/**
 * Runs `senders` loops for `durationMs` after a warm-up that is not counted.
 * @param send one request; gets the number of its loop and of the request within it.
 */
export async function closedLoop(senders: number, warmupMs: number, durationMs: number, send: (sender: number, round: number) => Promise<unknown>): Promise<LoadResult> {
  const begin = performance.now() + warmupMs
  const end = begin + durationMs
  const latencies: number[] = []
  const loop = async (sender: number): Promise<void> => {
    for (let round = 0; ; round++) {
      const sentAt = performance.now()
      if (sentAt >= end) return
      await send(sender, round)
      const answeredAt = performance.now()
      if (sentAt >= begin && answeredAt <= end) latencies.push(answeredAt - sentAt)
    }
  }
  await Promise.all(Array.from({ length: senders }, (_, sender) => loop(sender)))
  return summarise(latencies, durationMs)
}

export function summarise(latencies: number[], durationMs: number): LoadResult {
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { count: sorted.length, perSecond: (sorted.length / durationMs) * 1_000, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}
