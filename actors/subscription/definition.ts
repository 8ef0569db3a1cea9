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
    // Access, prices and data go by the moments of the record.
    fixedTimers: {
      paidTime: "The paid time ends when the record says so. Send 'subscription.changeExpiry' to move its end.",
      graceTime: "The grace period ends when the record says so. Send 'subscription.changeExpiry' to give time.",
      untilLift: "A block lifts itself when it says so. Send 'subscription.suspend' with the same block and another 'until', or 'subscription.unsuspend'.",
      untilChange: "The change comes when it was agreed. Send 'subscription.changePackage' with another date, or 'subscription.cancelChange'.",
      untilTermEnd: "Data is counted by the terms that were paid for. Send 'subscription.changeExpiry' to move the end of the last.",
    },
    personal: ['phone', 'name', 'usage.online'],
  }
}
