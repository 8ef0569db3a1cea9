import { notificationEvents, notificationInput } from '../../machines/notification/events.ts'
import { notificationMachine } from '../../machines/notification/machine.ts'
import { notificationWords } from '../../machines/notification/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { sendSms, type NotificationCalls } from './effects.ts'
import { notificationIdentifiers } from './identifiers.ts'

export function defineNotification(calls: NotificationCalls): ActorDefinition {
  return {
    type: 'notification',
    version: '1',
    idPrefix: 'ntf',
    machine: notificationMachine,
    input: notificationInput,
    events: notificationEvents,
    effects: { sendSms: sendSms(calls) },
    identifiers: notificationIdentifiers,
    words: notificationWords,
    personal: ['to'],
  }
}
