/** Senders that push beads in a fixed rhythm, each waiting for its answer, and repeat under the same event id what was not answered. */
import { setTimeout as pause } from 'node:timers/promises'
import { request } from 'undici'
import type { SoakNode } from './world.ts'

const ANSWER_MS = 15_000
const RETRY_MS = 100
export const BEADS = 300

export interface LoadCounts {
  sent: number
  /** Tries that got no success: refused, broken off, no answer. */
  repeated: number
}

export function beadId(n: number): string {
  return `bead-${n}`
}

/** Runs until `until` (ms since the epoch); resolves with the ids of all events that were answered with success. */
export async function load(nodes: readonly SoakNode[], perSecond: number, senders: number, until: number, counts: LoadCounts): Promise<string[]> {
  const answered: string[] = []
  const everyMs = (senders * 1_000) / perSecond
  await Promise.all(
    Array.from({ length: senders }, async (_, sender) => {
      await pause((everyMs * sender) / senders)
      for (let n = 0; Date.now() < until; n++) {
        const dueAt = Date.now() + everyMs
        // The sender's own beads, one after the other: in each its numbers must rise.
        const id = beadId((sender * 7 + (n % 3)) % BEADS)
        const event = { type: 'bead.push', sender: `s${sender}`, n, to: beadId((sender * 11 + n + 1) % BEADS) }
        const eventId = `s${sender}-${n}`
        await insist(nodes, '/send', { id, eventId, event }, counts)
        answered.push(eventId)
        const rest = dueAt - Date.now()
        if (rest > 0) await pause(rest)
      }
    }),
  )
  return answered
}

/** Tries any node until one says yes. */
export async function insist(nodes: readonly SoakNode[], path: string, body: { id: string; eventId: string; event?: object }, counts: LoadCounts): Promise<void> {
  for (;;) {
    const there = nodes.flatMap(({ url }) => url ?? [])
    const url = there[Math.floor(Math.random() * there.length)]
    try {
      if (url !== undefined) {
        const answer = await request(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS })
        await answer.body.dump()
        if (answer.statusCode === 200) {
          counts.sent++
          return
        }
      }
    } catch {
      // Broken off or silent: whether it was taken is not known, so the same id goes to another node.
    }
    counts.repeated++
    await pause(RETRY_MS)
  }
}
