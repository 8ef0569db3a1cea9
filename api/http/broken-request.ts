/** Answers what is not HTTP, or more header than we read: there is no request object yet, only a socket. */
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { problemBody } from './problem.ts'

export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) {
    const [status, detail] = error.code === 'HPE_HEADER_OVERFLOW' ? ['431 Request Header Fields Too Large', 'The headers are too large.'] : ['400 Bad Request', 'The request is not well-formed HTTP.']
    const body = JSON.stringify({ ...problemBody('invalid-input', detail, { instance: '', traceId: randomUUID().replaceAll('-', '') }), status: Number.parseInt(status, 10) })
    socket.write(`HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`)
  }
  socket.destroySoon()
}
