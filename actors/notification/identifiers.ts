/** Everything a caller may say to find a notification. */
import type { NotificationContext } from '../../machines/notification/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'

/** `providerId` is also how delivery reports find their notification. */
export function notificationIdentifiers({ context }: Change): Identifier[] {
  const { to, providerId } = context as NotificationContext
  return [{ kind: 'phone', value: to }, ...(providerId === null ? [] : [{ kind: 'providerId', value: providerId }])]
}
