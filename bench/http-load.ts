/** Load over HTTP with kept connections: a closed loop on each, like `load.ts`, with autocannon as the client. */
import autocannon from 'autocannon'
import type { Request } from 'autocannon'
import { actorId } from './cycle.ts'
import { summarise } from './load.ts'
import type { LoadResult } from './load.ts'

const CONNECTIONS = 64
/** Requests of one connection before it begins again. */
const ROUND = 256
/** How often autocannon looks whether it is time to end. */
const LOOK_MS = 100

export interface HttpLoadResult extends LoadResult {
  /** Answers that were none, and those other than 2xx; the warm-up's too. */
  failed: number
  /** Every request that was answered. */
  answered: number
}

/** One event to each of these actors. */
function turns(ids: readonly number[], headers: Readonly<Record<string, string>>): Request[] {
  const body = JSON.stringify({ type: 'turn', by: 'meter-17' })
  return ids.map((n) => ({ method: 'POST', path: `/api/v1/actors/cycle/${actorId(n)}/events`, headers: { 'content-type': 'application/json', ...headers }, body }))
}

/** Random actors, other ones on each connection. */
export async function timedLoad(url: string, headers: Readonly<Record<string, string>>, actors: number, warmupMs: number, durationMs: number): Promise<HttpLoadResult> {
  const requests = (): Request[] => turns(Array.from({ length: ROUND }, () => Math.floor(Math.random() * actors)), headers)
  return measure(url, requests, { duration: (warmupMs + durationMs) / 1_000 }, warmupMs, durationMs)
}

/** Every actor of the list once, or in turn until the time is over; each connection has its own share. */
export async function listLoad(url: string, headers: Readonly<Record<string, string>>, ids: readonly number[], durationMs?: number): Promise<HttpLoadResult> {
  let connection = 0
  const requests = (): Request[] => {
    const share = connection++
    return turns(ids.filter((_id, index) => index % CONNECTIONS === share), headers)
  }
  return measure(url, requests, durationMs === undefined ? { amount: ids.length } : { duration: durationMs / 1_000 }, 0, durationMs)
}

async function measure(url: string, requests: () => Request[], end: { duration: number } | { amount: number }, warmupMs: number, durationMs: number | undefined): Promise<HttpLoadResult> {
  const latencies: number[] = []
  let failed = 0
  let answered = 0
  let startedAt: number | undefined
  let lastAt = 0
  const run = autocannon({ url, connections: CONNECTIONS, sampleInt: LOOK_MS, setupClient: (client) => client.setRequests(requests()), ...end })
  run.on('response', (_client, statusCode, _bytes, latencyMs) => {
    answered++
    lastAt = performance.now()
    startedAt ??= lastAt - latencyMs
    const elapsed = lastAt - startedAt
    if (statusCode < 200 || statusCode > 299) failed++
    else if (elapsed - latencyMs >= warmupMs && (durationMs === undefined || elapsed <= warmupMs + durationMs)) latencies.push(latencyMs)
  })
  run.on('reqError', () => failed++)
  await run
  return { ...summarise(latencies, durationMs ?? lastAt - (startedAt ?? lastAt)), failed, answered }
}
