/** Everything a caller may say to find a subscription. `account` is also how money that names an account finds it. */
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'

export function subscriptionIdentifiers({ context }: Change): Identifier[] {
  const { accountNumber, phone, name } = context as SubscriptionContext
  return [
    { kind: 'account', value: accountNumber },
    { kind: 'phone', value: phone },
    { kind: 'name', value: name.toLowerCase() },
  ]
}
