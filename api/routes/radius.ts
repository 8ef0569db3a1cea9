/**
 * FreeRADIUS's `rlm_rest` (docs/freeradius.md): who may log in, what was used. Passwords are compared there, by its own modules, so CHAP
 * works; here they are only told. Answers are those of the module, not problems: it goes by the status code.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { App } from '../app-type.ts'
import { bearerKey } from '../auth/authenticate.ts'
import { Problem } from '../http/problem.ts'
import type { RadiusAccounting, RadiusAttribute, RadiusLogins } from '../ports/radius.ts'
import { accountingIn, attemptIn, textOf } from '../radius/attributes.ts'
import { restAttributes, restValue, type RestAnswer } from '../radius/answers.ts'
import { noQuery } from '../schemas/common.ts'
import { problems } from '../schemas/problem.ts'

export interface RadiusRouteDeps {
  logins: RadiusLogins
  accounting: Pick<RadiusAccounting, 'record' | 'closeAll'>
  /** Without one these addresses do not exist. */
  token: string | undefined
  /** The clock of the actors, which end what is paid for. */
  clock: () => number
  /** Called when something was counted. */
  onAccounted: () => void
}

const attributes = z.record(z.string().max(100), z.unknown())
const answer = z.record(z.string(), z.object({ value: z.array(z.union([z.string(), z.number()])), op: z.string(), do_xlat: z.literal(false) }))
const nothing = z.null().describe('Taken')
const refusals = problems('invalid-input', 'unauthenticated', 'route-not-found', 'payload-too-large', 'unsupported-media-type', 'internal')

/** rlm_rest reads the body of a 401 like any other: the words for the customer. The type is what handlers answer by themselves. */
function refusalOr(status: 401 | 404, meaning: string): typeof answer {
  const { description, content } = (refusals as Record<number, { description: string; content: object }>)[status] ?? { description: '', content: {} }
  return { description: `${meaning}\n\n${description}`, content: { 'application/json': { schema: answer }, ...content } } as never
}

const authorizeRefusals = {
  401: refusalOr(401, 'Refused. `control:Tmp-String-1` says why, for whoever has shown the password, which is there to be compared and lets nobody in.'),
  404: refusalOr(404, 'Nobody may log in by that name'),
}

export function radiusRoutes(app: App, { logins, accounting, token, clock, onAccounted }: RadiusRouteDeps): void {
  const onRequest = tokenCheck(token)
  const describe = (summary: string) => ({ tags: ['radius'], summary, querystring: noQuery, body: attributes })

  app.post(
    '/radius/authorize',
    { onRequest, schema: { ...describe('Whether a username may log in, and how'), response: { 200: answer, ...refusals, ...authorizeRefusals } } },
    async ({ body }, reply) => {
      const attempt = attemptIn(body)
      const rows = await logins.find(attempt.username)
      if (rows === undefined) {
        const password = await logins.passwordOfRefused(attempt.username)
        if (password === undefined) return reply.code(404).send({})
        // He may have paid between the two questions.
        return reply.code(401).send(refused(password, (await logins.refusal(attempt)) ?? AGAIN))
      }
      const timeLeft = secondsLeft(rows.check, clock())
      const reason = timeLeft === 0 ? 'Your access has ended.' : await logins.refusal(attempt)
      if (reason !== undefined) return reply.code(401).send(refused(rows.check.find(({ attribute }) => attribute === PASSWORD)?.value, reason))
      const answer: RestAnswer = {
        ...restAttributes('control', rows.check.filter(({ attribute }) => attribute !== EXPIRATION)),
        ...restAttributes('reply', rows.reply),
        ...(timeLeft === undefined ? {} : { 'reply:Session-Timeout': restValue(timeLeft) }),
      }
      return reply.send(answer)
    },
  )

  app.post(
    '/radius/post-auth',
    { onRequest, schema: { ...describe('A password was right: bind the device and keep its place'), response: { 200: answer, 204: nothing, ...refusals } } },
    async ({ body }, reply) => {
      const reason = await logins.admit(attemptIn(body), clock())
      // A status of refusal would refuse, too, but without the words.
      return reason === undefined ? reply.code(204).send(null) : reply.send({ 'control:Tmp-String-0': restValue(reason === '' ? AGAIN : reason) })
    },
  )

  app.post(
    '/radius/rejected',
    { onRequest, schema: { ...describe('A login was rejected: write down why, for support'), response: { 204: nothing, ...refusals } } },
    async ({ body }, reply) => {
      await logins.noteRejected(attemptIn(body), textOf(body, SAID), clock())
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/radius/accounting',
    { onRequest, schema: { ...describe('What was used, and by whom'), response: { 204: nothing, ...refusals } } },
    async ({ body }, reply) => {
      const message = accountingIn(body, clock())
      if (message.kind === 'record') await accounting.record(message.record)
      if (message.kind === 'router') await accounting.closeAll(message.router)
      if (message.kind !== 'other') onAccounted()
      return reply.code(204).send(null)
    },
  )
}

const EXPIRATION = 'Expiration'
const PASSWORD = 'Cleartext-Password'
const AGAIN = 'Try again in a moment.'
/** Where docs/freeradius.md puts the Reply-Message: rlm_rest sends the attributes of requests only. */
const SAID = 'Tmp-String-0'

/** FreeRADIUS compares the password first: a stranger shall not hear how somebody's account stands (docs/adr/0026). */
function refused(password: string | undefined, reason: string): RestAnswer {
  return { ...(password === undefined ? {} : { [`control:${PASSWORD}`]: restValue(password) }), 'control:Tmp-String-1': restValue(reason) }
}

/** Undefined: without an end. */
function secondsLeft(check: readonly RadiusAttribute[], now: number): number | undefined {
  const expiration = check.find(({ attribute }) => attribute === EXPIRATION)
  return expiration === undefined ? undefined : Math.max(0, Number(expiration.value) - Math.floor(now / 1_000))
}

function tokenCheck(token: string | undefined) {
  const expected = token === undefined ? undefined : digest(token)
  return (request: { headers: { authorization?: string | undefined } }, _reply: unknown, done: (error?: Error) => void): void => {
    if (expected === undefined) {
      done(new Problem('route-not-found'))
      return
    }
    const given = bearerKey(request.headers.authorization)
    done(given !== undefined && timingSafeEqual(digest(given), expected) ? undefined : new Problem('unauthenticated', 'Send `Authorization: Bearer <RADIUS_REST_TOKEN>`.'))
  }
}

/** Of equal length whatever was given, so that the comparison tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
