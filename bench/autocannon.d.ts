/** The part of autocannon that we use; the package comes without types. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  interface Request {
    method: 'POST'
    path: string
    headers: Record<string, string>
    body: string
  }

  interface Client {
    setRequests(requests: Request[]): void
  }

  interface Options {
    url: string
    connections: number
    /** Seconds. */
    duration?: number
    /** Requests in all, instead of a duration. */
    amount?: number
    /** How often it looks whether it is time to end, in milliseconds. */
    sampleInt?: number
    /** Called once for each connection, before its first request. */
    setupClient?: (client: Client) => void
  }

  interface Instance extends EventEmitter, PromiseLike<unknown> {
    on(event: 'response', listener: (client: Client, statusCode: number, bytes: number, durationMs: number) => void): this
    on(event: 'reqError', listener: (error: Error) => void): this
  }

  export default function autocannon(options: Options): Instance
}
