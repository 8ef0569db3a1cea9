import { reconciliationEvents, reconciliationInput } from '../../machines/reconciliation/events.ts'
import { reconciliationMachine } from '../../machines/reconciliation/machine.ts'
import { reconciliationWords } from '../../machines/reconciliation/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'
import { pullMoney, type PullParts } from './effects.ts'

export function defineReconciliation(parts: PullParts): ActorDefinition {
  return {
    type: 'reconciliation',
    version: '1',
    idPrefix: 'rec',
    machine: reconciliationMachine,
    input: reconciliationInput,
    events: reconciliationEvents,
    effects: { pullMoney: pullMoney(parts) },
    reactions: reactions.reconciliation,
    words: reconciliationWords,
  }
}
