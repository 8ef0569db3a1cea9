/** Small real servers that the tests of gateways and stand-ins talk to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestServer {
  url: string
  stop(): Promise<void>
}

export async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<TestServer> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface Receiver extends TestServer {
  /** Bodies in the order they came. */
  received: string[]
  /** Resolves with all of them when there are at least so many. */
  until(count: number): Promise<string[]>
  /** Status of the next answers; 200 when used up. */
  answerWith(...statuses: number[]): void
}

/** Stands where the system's web hooks are. */
export async function startReceiver(): Promise<Receiver> {
  const received: string[] = []
  const statuses: number[] = []
  let waiting: { count: number; resolve: (bodies: string[]) => void }[] = []
  const server = await serve((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => { body += chunk })
    request.on('end', () => {
      response.statusCode = statuses.shift() ?? 200
      response.end('{"ResultCode":0,"ResultDesc":"Accepted"}')
      received.push(body)
      for (const { count, resolve } of waiting) if (received.length >= count) resolve([...received])
      waiting = waiting.filter(({ count }) => received.length < count)
    })
  })
  return {
    ...server,
    received,
    until: (count) => (received.length >= count ? Promise.resolve([...received]) : new Promise((resolve) => { waiting.push({ count, resolve }) })),
    answerWith: (...next) => { statuses.push(...next) },
  }
}

/** An address where nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await serve(() => undefined)
  await server.stop()
  return server.url
}
