/**
 * Tickets for a stream: a browser's EventSource sends no headers, and a key must not stand in an address, where logs and histories
 * keep it. A ticket stands for the key that asked for it, for one use within half a minute.
 */
import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { ShownOnce } from '../ports/shown-once.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A ticket may stand for the key. */
    takesTicket?: true
  }
}

export const TICKET_SECONDS = 30

const TICKET = /^tkt_[A-Za-z0-9_-]{43}$/

export async function issueTicket(secrets: ShownOnce, key: string): Promise<string> {
  const ticket = `tkt_${randomBytes(32).toString('base64url')}`
  await secrets.keep(ticket, key, TICKET_SECONDS * 1_000)
  return ticket
}

/** An onRequest hook before the key check: whoever shows a ticket comes with the key that it stands for. */
export function ticketTaker(secrets: ShownOnce) {
  return function takeTicket(request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
    const { ticket } = request.query as { ticket?: unknown }
    if (request.routeOptions.config.takesTicket !== true || request.headers.authorization !== undefined || typeof ticket !== 'string' || !TICKET.test(ticket)) return done()
    secrets.take(ticket).then((key) => {
      if (key !== undefined) request.headers.authorization = `Bearer ${key}`
      done()
    }, done)
  }
}
