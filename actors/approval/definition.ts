import { approvalEvents, approvalInput } from '../../machines/approval/events.ts'
import { approvalMachine, type ApprovalContext } from '../../machines/approval/machine.ts'
import { approvalWords } from '../../machines/approval/words.ts'
import type { ActorDefinition, Change, Identifier } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'

/** Found by whom it is about. */
function approvalIdentifiers({ context }: Change): Identifier[] {
  const { to } = context as ApprovalContext
  return [{ kind: 'about', value: to.id }]
}

export function defineApproval(): ActorDefinition {
  return {
    type: 'approval',
    version: '1',
    idPrefix: 'apr',
    machine: approvalMachine,
    input: approvalInput,
    events: approvalEvents,
    reactions: reactions.approval,
    identifiers: approvalIdentifiers,
    personal: ['act.event.phone', ...['phone', 'macAddress', 'clientHash', 'received.payer', 'received.accountReference'].map((path) => `act.input.${path}`)],
    words: approvalWords,
  }
}
