/**
 * Plays a router: takes Disconnect and CoA (RFC 5176) as RouterOS does, and says nothing while it is told to be out of reach. For a
 * demonstration it also logs people in, over rlm_rest, so that no FreeRADIUS is needed.
 */
import { createSocket } from 'node:dgram'
import { z } from 'zod'
import { createBackground } from '../background.ts'
import { createJournal } from '../journal.ts'
import { createServer, listen, type ListenOptions } from '../server.ts'
import { registerLoginPage } from './login-page.ts'
import { Logins, type NasLogin, type RadiusRest } from './logins.ts'
import { readRequest, type NasRequest } from './packets.ts'

/** `{nak}`: an Error-Cause by its name or number, whatever is known of the session. */
export type NasBehaviour = 'router' | 'silence' | { nak: string }

export interface NasOptions extends ListenOptions {
  secret: string
  /** What it calls itself. Default 127.0.0.1. */
  address?: string
}

export interface SeenRequest {
  code: string
  attributes: Record<string, unknown>
  /** Undefined: it said nothing. */
  answer: string | undefined
}

export interface Nas {
  /** Of the HTTP side, for logging people in by hand. */
  readonly url: string
  /** Where it takes Disconnect and CoA. */
  readonly coaPort: number
  readonly logins: Logins
  /** Until told otherwise: `router` acknowledges what it knows, and answers 503 to what it does not. */
  behave(behaviour: NasBehaviour): void
  /** Whom it asks and tells. */
  connect(rest: RadiusRest): void
  requests(): SeenRequest[]
  /** The first request that fits, now or later. */
  until(fits: (request: SeenRequest) => boolean): Promise<SeenRequest>
  stop(): Promise<void>
}

const REQUESTS_MAX = 1_000
const SESSION_NOT_FOUND = 'Session-Context-Not-Found'

export async function startNas({ secret, address = '127.0.0.1', ...options }: NasOptions): Promise<Nas> {
  const logins = new Logins(address)
  const journal = createJournal<SeenRequest>(REQUESTS_MAX)
  const background = createBackground()
  let behaviour: NasBehaviour = 'router'
  let count = 0

  /** Undefined: silence. */
  function decide(request: NasRequest): { kind: 'ACK' | 'NAK'; errorCause?: string; login?: NasLogin } | undefined {
    if (behaviour === 'silence') return undefined
    if (typeof behaviour === 'object') return { kind: 'NAK', errorCause: behaviour.nak }
    const login = logins.find(String(request.attributes['Acct-Session-Id']))
    if (login === undefined || login.username !== request.attributes['User-Name']) return { kind: 'NAK', errorCause: SESSION_NOT_FOUND }
    return { kind: 'ACK', login }
  }

  const socket = createSocket('udp4')
  socket.on('message', (packet, from) => {
    const request = readRequest(packet, secret)
    if (request === undefined) return
    const decision = decide(request)
    journal.add(String(++count), { code: request.code, attributes: request.attributes, answer: decision?.errorCause ?? decision?.kind })
    if (decision === undefined) return
    socket.send(request.answer(decision.kind, decision.errorCause), from.port, from.address)
    const { login } = decision
    if (login === undefined || request.code !== 'Disconnect-Request') return
    logins.remove(login.session)
    background.run(() => logins.tell(login, 'Stop', { 'Acct-Terminate-Cause': 'Admin-Reset' }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, options.host ?? '127.0.0.1', resolve)
  })

  const app = createServer()
  registerLogins(app, logins)
  registerLoginPage(app, logins)
  const url = await listen(app, options)
  return {
    url,
    coaPort: (socket.address()).port,
    logins,
    behave: (next) => { behaviour = next },
    connect: (rest) => { logins.connect(rest) },
    requests: () => journal.list(),
    until: (fits) => journal.until(fits),
    async stop() {
      await new Promise<void>((resolve) => socket.close(() => resolve()))
      await Promise.all([app.close(), background.stop()])
    },
  }
}

const loginBody = z.strictObject({ username: z.string().max(253), password: z.string().max(128), device: z.string().max(253).optional() })
const useBody = z.strictObject({ upload: z.int().nonnegative().default(0), download: z.int().nonnegative().default(0) })

function registerLogins(app: ReturnType<typeof createServer>, logins: Logins): void {
  app.get('/_sandbox/logins', () => ({ data: logins.list() }))
  app.post('/_sandbox/logins', async (request, reply) => {
    const parsed = loginBody.safeParse(request.body)
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    const outcome = await logins.logIn(parsed.data)
    return await reply.code(outcome.ok ? 201 : 403).send(outcome)
  })
  app.post<{ Params: { session: string } }>('/_sandbox/logins/:session/use', async (request, reply) => {
    const parsed = useBody.safeParse(request.body)
    if (!parsed.success) return await reply.code(422).send({ error: z.prettifyError(parsed.error) })
    const login = await logins.use(request.params.session, parsed.data)
    return login === undefined ? await reply.code(404).send({ error: 'no such login' }) : login
  })
  app.delete<{ Params: { session: string } }>('/_sandbox/logins/:session', async (request, reply) => {
    const login = await logins.logOut(request.params.session, 'User-Request')
    return login === undefined ? await reply.code(404).send({ error: 'no such login' }) : login
  })
}
