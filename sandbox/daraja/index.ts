/**
 * The Daraja stand-in: a real HTTP server that behaves as Safaricom's does, oddities included. For the
 * sandbox mode and for tests; it knows nothing of the system but the callback addresses it is given.
 */
import { createBackground } from '../background.ts'
import type { DeliveryRules } from '../delivery.ts'
import { createScenarios } from '../scenarios.ts'
import { createServer, listen, type ListenOptions } from '../server.ts'
import { refusal, type Answer } from './answers.ts'
import type { Behaviour } from './behaviours.ts'
import { createControl, registerControl, type DarajaControl } from './control.ts'
import { createPaybill } from './paybill.ts'
import { createPrompts } from './prompts.ts'
import { queryAnswer } from './query.ts'
import { createReturns } from './returns.ts'
import { createStkPush } from './stk-push.ts'
import { createTokens } from './tokens.ts'
import { validateQuery } from './validate.ts'

/** What the stand-in takes unless told otherwise. Safaricom's published sandbox shortcode; the rest is ours. */
export const DARAJA_SANDBOX_CREDENTIALS = {
  consumerKey: 'sandbox-consumer-key',
  consumerSecret: 'sandbox-consumer-secret',
  shortcode: '174379',
  passkey: 'sandbox-passkey',
} as const

/** Who moves money back, as the stand-in knows it. */
export const DARAJA_SANDBOX_INITIATOR = { name: 'sandbox-initiator', securityCredential: 'sandbox-security-credential' } as const

export interface DarajaOptions extends ListenOptions {
  credentials?: { consumerKey: string; consumerSecret: string; shortcode: string; passkey: string }
  /** Milliseconds since the epoch, for tokens and dates; delays are real time. Default `Date.now`. */
  clock?: () => number
  /** Behaviour of every push that has none of its own. Default: accepted, then paid. */
  defaults?: Behaviour
  /** Default 2,000 ms: about what a quick customer needs for the PIN. */
  callbackAfterMs?: number
  initiator?: { name: string; securityCredential: string }
  /** After which a reversal, payout or status query tells its result. Default 500 ms. */
  resultAfterMs?: number
  /** Default 3599. */
  tokenLifeSeconds?: number
  /** Default true: a phone with an open prompt gets no second one. */
  refusesSecondPrompt?: boolean
  /** Default 60 s. */
  promptOpenMs?: number
  /** How many prompts are remembered. Default 5,000. */
  promptsMax?: number
  delivery?: DeliveryRules
}

export interface Daraja {
  /** Base URL, for DARAJA_BASE_URL. */
  url: string
  control: DarajaControl
  /** Breaks off what is under way. */
  stop(): Promise<void>
}

export async function startDaraja(options: DarajaOptions = {}): Promise<Daraja> {
  const { clock = Date.now, credentials = DARAJA_SANDBOX_CREDENTIALS } = options
  const background = createBackground()
  const tokens = createTokens({ ...credentials, lifeSeconds: options.tokenLifeSeconds ?? 3599, clock })
  const scenarios = createScenarios<Behaviour>({ push: 'accept', callback: {}, ...options.defaults })
  const prompts = createPrompts({
    clock,
    callbackAfterMs: options.callbackAfterMs ?? 2_000,
    openMs: options.promptOpenMs ?? 60_000,
    promptsMax: options.promptsMax ?? 5_000,
    delivery: options.delivery ?? {},
  }, background)
  const paybill = createPaybill({ shortcode: credentials.shortcode, clock, transactionsMax: options.promptsMax ?? 5_000, delivery: options.delivery ?? {} }, prompts, background)
  const returns = createReturns({
    shortcode: credentials.shortcode,
    initiator: options.initiator ?? DARAJA_SANDBOX_INITIATOR,
    resultAfterMs: options.resultAfterMs ?? 500,
    recordsMax: options.promptsMax ?? 5_000,
    delivery: options.delivery ?? {},
  }, paybill, background)
  const control = createControl({ scenarios, prompts, tokens, background, paybill, returns })
  const stkPush = createStkPush({
    merchant: credentials, tokens, prompts, scenarios, background, refusesSecondPrompt: options.refusesSecondPrompt ?? true,
  })

  const app = createServer()
  app.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
    const answer = refusal((error.statusCode ?? 500) < 500 ? 'bad-payload' : 'internal', request.id)
    return await reply.code(answer.status).send(answer.body)
  })
  app.get('/oauth/v1/generate', async (request, reply) => {
    const token = tokens.issue(request.headers.authorization)
    if (token !== undefined) return token
    const body = { requestId: request.id, errorCode: '400.008.01', errorMessage: 'Invalid Authentication passed' }
    return await reply.code(400).send(body)
  })
  app.post('/mpesa/stkpush/v1/processrequest', stkPush)
  app.post('/mpesa/stkpushquery/v1/query', async (request, reply) => {
    const id = tokens.judge(request.headers.authorization, request.id) ?? validateQuery(request.body, credentials, request.id)
    if (typeof id !== 'string') return await reply.code(id.status).send(id.body)
    const prompt = prompts.get(id)
    const answer = prompt === undefined ? refusal('not-found', request.id) : queryAnswer(prompt, prompts.nextQueryShape(prompt))
    return await reply.code(answer.status).send(answer.body)
  })
  /** Behind a good token; undefined is never answered. */
  const guarded = (path: string, answerOf: (body: unknown, requestId: string) => Answer | undefined) =>
    app.post(path, async (request, reply) => {
      const answer = tokens.judge(request.headers.authorization, request.id) ?? answerOf(request.body, request.id)
      return answer === undefined ? reply.hijack() : await reply.code(answer.status).send(answer.body)
    })
  for (const version of ['v1', 'v2']) guarded(`/mpesa/c2b/${version}/registerurl`, (body, requestId) => paybill.register(body, version, requestId))
  guarded('/pulltransactions/v1/query', (body, requestId) => paybill.list(body, requestId))
  guarded('/mpesa/reversal/v1/request', (body, requestId) => returns.reverse(body, requestId))
  guarded('/mpesa/b2c/v3/paymentrequest', (body, requestId) => returns.payOut(body, requestId))
  guarded('/mpesa/transactionstatus/v1/query', (body, requestId) => returns.askStatus(body, requestId))
  registerControl(app, control)

  const url = await listen(app, options)
  return {
    url,
    control,
    async stop() {
      await Promise.all([app.close(), background.stop()])
    },
  }
}
