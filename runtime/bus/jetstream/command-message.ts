/** A command as integrations publish it (contract.md §4). */
import { Match, type DeliveryInfo, type JsMsg, type MsgHdrs } from 'nats'
import { assertEventId } from '../../model/address.ts'
import type { Command } from '../../ports/commands.ts'
import { decoded } from './cloud-event.ts'
import { addressOfCommand } from './subjects.ts'

export type ParsedCommand = { command: Omit<Command, 'attempt'> } | { problem: string; code: string }

export function parseCommand(message: JsMsg, delivery: DeliveryInfo): ParsedCommand {
  const address = addressOfCommand(message.subject)
  if (address === undefined) return { code: 'invalid-input', problem: 'the subject of a command ends in .<tenant>.<type>.<id>' }
  let event: unknown
  try {
    event = message.json()
  } catch {
    return { code: 'invalid-event', problem: 'the command is not JSON' }
  }
  if (!isEvent(event)) return { code: 'invalid-event', problem: 'a command is an object with a type' }
  const eventId = eventIdOf(message, delivery)
  try {
    assertEventId(eventId)
  } catch (error) {
    return { code: 'invalid-input', problem: error instanceof Error ? error.message : String(error) }
  }
  return { command: { address, eventId, event, sentAt: Math.floor(delivery.timestampNanos / 1e6), headers: plainHeaders(message.headers) } }
}

/** By their names in lower case; of several values the first. */
export function plainHeaders(all: MsgHdrs | undefined): Map<string, string> {
  return new Map([...(all ?? [])].map(([name, [value]]) => [name.toLowerCase(), value ?? '']))
}

/**
 * Without an id of the sender's: where it is stored, and when, since numbers begin again in a broker whose data were wiped. A
 * redelivery has the same.
 */
function eventIdOf({ headers }: JsMsg, { stream, streamSequence, timestampNanos }: DeliveryInfo): string {
  const own = headers?.get('Nats-Msg-Id', Match.IgnoreCase) ?? ''
  if (own !== '') return own
  const cloudEventId = headers?.get('ce-id', Match.IgnoreCase) ?? ''
  return cloudEventId === '' ? `nats:${stream}:${streamSequence}:${timestampNanos}` : decoded(cloudEventId)
}

function isEvent(value: unknown): value is Command['event'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'type' in value && typeof value.type === 'string' && value.type !== ''
}
