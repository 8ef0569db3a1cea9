/** One POST, as cheap as Node has it, so that the client's own work is little of what is measured. */
import { request } from 'node:http'
import type { Agent } from 'node:http'

export interface Answer {
  status: number
  text: string
}

/** A status of 0 is a connection that failed. */
export function post(url: string, body: string, agent: Agent, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    call.on('error', (error) => resolve({ status: 0, text: error.message }))
    call.end(body)
  })
}

/** Runs all, so many at a time. */
export async function inParallel<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const line = items.values()
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const item of line) await work(item)
  }))
}
