/** The edge on the NATS side (contract.md §4): the same checks, rights and errors as over REST. */
import type { SecondKey } from '../approvals/second-key.ts'
import type { AuditTrail } from '../audit/trail.ts'
import { keyCache } from '../auth/key-cache.ts'
import { PROBLEM_STATUS, problemBody } from '../http/problem.ts'
import { requestId } from '../http/trace.ts'
import { understand } from '../http/understand.ts'
import { eventTeller } from '../payments/event-teller.ts'
import type { ApiKeys } from '../ports/api-keys.ts'
import type { OpenPrompts } from '../ports/open-prompts.ts'
import type { Packages } from '../ports/packages.ts'
import type { Receipts } from '../ports/receipts.ts'
import type { ApiCall, ApiReply, IntegrationEdge, Json, Log, Runtime } from '../../runtime/index.ts'
import { answerCall } from './calls.ts'
import { takeCommand } from './commands.ts'

export interface NatsEdgeDeps {
  runtime: Runtime
  apiKeys: ApiKeys
  trail: AuditTrail
  gate: SecondKey
  receipts: Receipts
  packages: Pick<Packages, 'find'>
  openPrompts: OpenPrompts
  log: Log
}

export function natsEdge({ runtime, apiKeys, trail, gate, receipts, packages, openPrompts, log }: NatsEdgeDeps): IntegrationEdge {
  const deps = { runtime, trail, gate, keys: keyCache(apiKeys), teller: eventTeller({ receipts, packages, runtime, gate }), openPrompts, packages }
  return {
    command: (command) => takeCommand(runtime, command),
    async call(call) {
      try {
        return { ok: true, body: (await answerCall(deps, call)) as Json }
      } catch (error) {
        return refusal(error, call, log)
      }
    },
  }
}

/** Its code is REST's status, its text the title, its body the problem that REST would have sent. */
function refusal(error: unknown, { endpoint, headers }: ApiCall, log: Log): ApiReply {
  const { code, detail, details } = understand(error)
  const traceId = requestId({ headers: { traceparent: headers.get('traceparent') } })
  const body = problemBody(code, detail, { instance: `nats:standing.api.${endpoint}`, traceId }, details)
  if (body.status >= 500 && code !== 'overloaded' && code !== 'invalid-state') log.error({ err: error, traceId, code, endpoint }, 'a call over NATS failed')
  return { ok: false, status: PROBLEM_STATUS[code], message: body.title, body: body as unknown as Json }
}
