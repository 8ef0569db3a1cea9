import { subscriptionEvents, subscriptionInput } from '../../machines/subscription/events.ts'
import { subscriptionMachine } from '../../machines/subscription/machine.ts'
import { subscriptionWords } from '../../machines/subscription/words.ts'
import type { ActorDefinition, EffectDefinition } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { reactions } from '../reactions.ts'
import { subscriptionIdentifiers } from './identifiers.ts'
import { subscriptionMigrations } from './migrations.ts'
import { customerRows, subscriptionLedger, subscriptionRows } from './projections.ts'
import { subscriptionAccess, subscriptionHeldBack, subscriptionRadiusRows } from './radius-rows.ts'

export interface SubscriptionParts {
  credentials: CredentialIssuer
  /** Tells open sessions; see machines/live-access.ts. */
  applyAccess: EffectDefinition
}

export function defineSubscription({ credentials, applyAccess }: SubscriptionParts): ActorDefinition {
  return {
    type: 'subscription',
    version: '2',
    idPrefix: 'sub',
    machine: subscriptionMachine,
    input: subscriptionInput,
    events: subscriptionEvents,
    effects: { applyAccess },
    reactions: reactions.subscription,
    projections: {
      subscriptionRows,
      customerRows,
      ledger: subscriptionLedger,
      radiusRows: subscriptionRadiusRows(credentials),
      radiusAccess: subscriptionAccess,
      radiusHeldBack: subscriptionHeldBack(credentials),
    },
    identifiers: subscriptionIdentifiers,
    migrations: subscriptionMigrations,
    words: subscriptionWords,
    personal: ['phone', 'name', 'usage.online'],
  }
}
