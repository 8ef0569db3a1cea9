/** The micro service's endpoints: REST's create, send and get, with a JSON object in place of address and body. */
import { z } from 'zod'
import type { SecondKey } from '../approvals/second-key.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { KeyCache } from '../auth/key-cache.ts'
import { demand } from '../auth/principal.ts'
import { permissionToCreate, permissionToSend } from '../auth/send-rules.ts'
import { derivedId } from '../derived-id.ts'
import { Problem } from '../http/problem.ts'
import { requestId, traceIdOf } from '../http/trace.ts'
import { fieldErrors } from '../http/validation.ts'
import { admittedInput } from '../payments/admitted-input.ts'
import { explainRefusedPayment } from '../payments/open-prompt.ts'
import type { EventTeller } from '../payments/event-teller.ts'
import { pointingAtReceipt } from '../payments/receipt-use.ts'
import type { OpenPrompts } from '../ports/open-prompts.ts'
import type { Packages } from '../ports/packages.ts'
import { lensFor } from '../privacy/lens.ts'
import { createdId, eventBody } from '../schemas/common.ts'
import { StandingError, type ActorDefinition, type ApiCall, type Runtime } from '../../runtime/index.ts'
import { callerOf } from './callers.ts'

const tenant = z.string().min(1).max(64).optional().describe('`main` unless said; with an API key that key\'s')
const type = z.string().min(1).max(64)
const id = z.string().min(1).max(400)
const eventId = z.string().min(1).max(300).optional().describe('applied at most once per actor, for ever; a repetition gets the first answer')

/** What each endpoint takes; AsyncAPI shows the same. */
export const CALL_BODIES = {
  send: z.strictObject({ tenant, type, id, event: eventBody, eventId, ifSeq: z.int().min(1).optional().describe('only when the actor is at this seq') }),
  get: z.strictObject({ tenant, type, id }),
  create: z.strictObject({ tenant, type, id: createdId.optional().describe('made when absent'), input: z.unknown().optional(), eventId }),
} as const

export interface CallDeps {
  runtime: Runtime
  trail: AuditTrail
  gate: SecondKey
  keys: KeyCache
  teller: EventTeller
  openPrompts: OpenPrompts
  packages: Pick<Packages, 'find'>
}

/** Resolves with what REST would answer with. @throws Problem, StandingError */
export async function answerCall({ runtime, keys, teller, openPrompts, trail, gate, packages }: CallDeps, call: ApiCall): Promise<object> {
  const correlation = traceIdOf({ traceparent: call.headers.get('traceparent') })
  const trace = correlation === undefined ? {} : { correlationId: correlation }
  const authorization = call.headers.get('authorization')
  switch (call.endpoint) {
    case 'send': {
      const body = parsed(CALL_BODIES.send, call.body)
      const caller = await callerOf(keys, authorization, body.tenant)
      demand(caller, permissionToSend(body.type, body.event.type))
      const once = body.eventId === undefined ? {} : { eventId: body.eventId, checkBody: true }
      const guard = body.ifSeq === undefined ? {} : { ifSeq: body.ifSeq }
      const to = { tenant: caller.tenant, type: body.type, id: body.id }
      const [{ event } = { event: body.event }] = await teller.tell(caller, [{ to, event: body.event, ...(body.eventId === undefined ? {} : { eventId: body.eventId }) }])
      const result = await runtime.send(to, event, { source: caller.source, ...once, ...guard, ...trace }).catch((error: unknown) => {
        throw pointingAtReceipt(error, event)
      })
      return lensFor(caller, runtime.definition(body.type)).sent(result)
    }
    case 'get': {
      const body = parsed(CALL_BODIES.get, call.body)
      const caller = await callerOf(keys, authorization, body.tenant)
      demand(caller, 'read')
      const definition = definitionOf(runtime, body.type)
      trail.demandRoom()
      const view = await runtime.get({ tenant: caller.tenant, type: body.type, id: body.id })
      if (view === undefined) throw new StandingError('actor-not-found', `There is no ${body.type} '${body.id}'.`)
      const { type: seen, id: seenId } = view
      trail.record({ tenant: caller.tenant, keyId: caller.keyId, what: 'read', action: 'standing.api.get', actor: { type: seen, id: seenId }, asked: {}, status: 200, unmasked: caller.permissions.has('personal'), reason: null, requestId: correlation ?? requestId({ headers: {} }) })
      return lensFor(caller, definition).view(view)
    }
    case 'create': {
      const body = parsed(CALL_BODIES.create, call.body)
      const caller = await callerOf(keys, authorization, body.tenant)
      const definition = definitionOf(runtime, body.type)
      demand(caller, permissionToCreate(body.type))
      const made = body.id ?? (body.eventId === undefined ? undefined : derivedId(definition, caller.tenant, body.eventId))
      const once = body.eventId === undefined ? {} : { eventId: body.eventId, checkBody: true }
      const to = { tenant: caller.tenant, type: body.type, ...(made === undefined ? {} : { id: made }) }
      const input = await admittedInput({ runtime, packages, gate }, { tenant: caller.tenant, type: body.type, id: made, eventId: body.eventId, input: body.input })
      const view = await runtime.create(to, input, { source: caller.source, ...once, ...trace }).catch(async (error: unknown) => {
        if (body.type === 'payment') await explainRefusedPayment(openPrompts, { tenant: caller.tenant, id: made, input }, error)
        throw error
      })
      return lensFor(caller, definition).view(view)
    }
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  if (body === undefined) throw new Problem('invalid-input', 'The request is not valid JSON.')
  const result = schema.safeParse(body)
  if (!result.success) throw new Problem('invalid-input', undefined, { errors: fieldErrors(result.error.issues) })
  return result.data
}

function definitionOf(runtime: Runtime, wanted: string): ActorDefinition {
  const definition = runtime.definition(wanted)
  if (definition === undefined) throw new StandingError('actor-type-unknown', `There is no actor type '${wanted}'.`)
  return definition
}
