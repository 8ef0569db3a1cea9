/** One node of the soak: an engine over the shared database and broker, behind a few lines of HTTP. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { createLogger } from '../../api/logger.ts'
import { postgresStore } from '../../db/store/index.ts'
import { createRuntime, isStandingError, jetStreamBus } from '../../runtime/index.ts'
import { bead } from './bead.ts'

interface Options {
  database: string
  nats: string
}

const { database, nats } = JSON.parse(process.argv[2] ?? '{}') as Options
const log = createLogger({ level: 'error' })
const notes = new pg.Pool({ connectionString: database, max: 4 })
notes.on('error', () => undefined)
const link = jetStreamBus({ servers: nats, log })
const runtime = createRuntime({
  actors: [bead((key) => notes.query('insert into soak_notes (key) values ($1)', [key]).then(() => undefined))],
  store: postgresStore({ url: database }),
  bus: link.bus,
  peers: link.peers,
  lanes: { notes: { concurrency: 16 } },
  log,
})

const server = createServer((request, response) => {
  const answer = (status: number, body: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (request.url === '/cluster') return void runtime.cluster().then((view) => answer(200, view), (error: unknown) => answer(503, String(error)))
    const { id, eventId, event } = JSON.parse(Buffer.concat(chunks).toString()) as { id: string; eventId: string; event: { type: string } }
    const sent = request.url === '/create' ? runtime.create({ type: 'bead', id }, undefined, { eventId }) : runtime.send({ type: 'bead', id }, event, { eventId })
    sent.then(() => answer(200, {}), (error: unknown) => answer(isStandingError(error) ? 409 : 503, { code: isStandingError(error) ? error.code : String(error) }))
  })
})

await runtime.start()
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
process.on('SIGTERM', () => {
  server.close()
  void runtime.stop().then(() => process.exit(0))
})
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
