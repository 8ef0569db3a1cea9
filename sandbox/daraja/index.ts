/**
 * The Daraja stand-in: a real HTTP server that behaves as Safaricom's does, oddities included. For the
 * sandbox mode and for tests; it knows nothing of the system but the callback addresses it is given.
 */
import { createBackground } from '../background.ts'
import type { DeliveryRules } from '../delivery.ts'
import { createScenarios } from '../scenarios.ts'
import { createServer, listen, type ListenOptions } from '../server.ts'
import { refusal } from './answers.ts'
import type { Behaviour } from './behaviours.ts'
import { createControl, registerControl, type DarajaControl } from './control.ts'
import { createPrompts } from './prompts.ts'
import { queryAnswer } from './query.ts'
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

export interface DarajaOptions extends ListenOptions {
  credentials?: { consumerKey: string; consumerSecret: string; shortcode: string; passkey: string }
  /** Milliseconds since the epoch, for tokens and dates; delays are real time. Default `Date.now`. */
  clock?: () => number
  /** Behaviour of every push that has none of its own. Default: accepted, then paid. */
  defaults?: Behaviour
  /** Default 2,000 ms: about what a quick customer needs for the PIN. */
  callbackAfterMs?: number
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
  const control = createControl({ scenarios, prompts, tokens, background })
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
