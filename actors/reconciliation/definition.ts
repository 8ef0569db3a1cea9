import { reconciliationEvents, reconciliationInput } from '../../machines/reconciliation/events.ts'
import { reconciliationMachine } from '../../machines/reconciliation/machine.ts'
import { reconciliationWords } from '../../machines/reconciliation/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'
import { pullMoney, type PullParts } from './effects.ts'
import { matchDays } from './matching.ts'
import { reconciliationMigrations } from './migrations.ts'
import { unexplainedDays } from './projections.ts'

export function defineReconciliation(parts: PullParts): ActorDefinition {
  return {
    type: 'reconciliation',
    version: '4',
    idPrefix: 'rec',
    machine: reconciliationMachine,
    input: reconciliationInput,
    events: reconciliationEvents,
    effects: { pullMoney: pullMoney(parts), matchDays: matchDays(parts) },
    projections: { unexplainedDays },
    reactions: reactions.reconciliation,
    migrations: reconciliationMigrations,
    words: reconciliationWords,
  }
}
