/** A command that an integration left with the broker: nobody waits, so the answer is what becomes of the message. */
import { demand } from '../auth/principal.ts'
import { permissionToSend } from '../auth/send-rules.ts'
import { understand } from '../http/understand.ts'
import { traceIdOf } from '../http/trace.ts'
import type { Command, CommandAnswer, Runtime } from '../../runtime/index.ts'
import { integrationOf } from './callers.ts'

/** Codes that pass: the same command may be taken in a moment. All others are for ever. */
const PASSING: ReadonlySet<string> = new Set(['overloaded', 'invalid-state', 'not-ready', 'internal'])
const LATER_MS = 1_000

/**
 * As over REST, but asynchronous (R8): an event that the state does not accept is journaled as ignored, one for a held actor waits with it,
 * one for nobody is parked for staff. What can never be taken becomes a dead letter with its problem code.
 */
export async function takeCommand(runtime: Runtime, { address, event, eventId, headers }: Command): Promise<CommandAnswer> {
  const principal = integrationOf(address.tenant)
  try {
    demand(principal, permissionToSend(address.type, event.type))
    const correlationId = traceIdOf({ traceparent: headers.get('traceparent') }) ?? headers.get('ce-correlationid')
    await runtime.post(address, event, { eventId, source: principal.source, ...(correlationId === undefined ? {} : { correlationId }) })
    return { outcome: 'done' }
  } catch (error) {
    const { code, detail, details } = understand(error)
    if (PASSING.has(code)) return { outcome: 'later', afterMs: details.retryAfterMs ?? LATER_MS }
    const fields = (details.errors ?? []).map(({ pointer, detail: what }) => `${pointer}: ${what}`).join('; ')
    return { outcome: 'refused', code, reason: fields === '' ? detail : `${detail} ${fields}` }
  }
}
