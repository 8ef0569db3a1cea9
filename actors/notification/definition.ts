import { notificationEvents, notificationInput } from '../../machines/notification/events.ts'
import { notificationMachine } from '../../machines/notification/machine.ts'
import { notificationWords } from '../../machines/notification/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { checkClearance, sendSms, type NotificationCalls } from './effects.ts'
import { notificationIdentifiers } from './identifiers.ts'
import { fromVersion1 } from './migrations.ts'
import { smsSends } from './projections.ts'

export function defineNotification(calls: NotificationCalls): ActorDefinition {
  return {
    type: 'notification',
    version: '2',
    idPrefix: 'ntf',
    machine: notificationMachine,
    input: notificationInput,
    events: notificationEvents,
    effects: { checkClearance: checkClearance(calls), sendSms: sendSms(calls) },
    projections: { smsSends },
    migrations: [fromVersion1],
    identifiers: notificationIdentifiers,
    words: notificationWords,
    personal: ['to'],
  }
}
