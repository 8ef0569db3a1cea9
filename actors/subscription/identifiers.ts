/** Everything a caller may say to find a subscription. `account` is also how money that names an account finds it. */
import type { SubscriptionContext } from '../../machines/subscription/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'
import { normaliseMac } from '../gateways/mac.ts'
import { phoneHash } from '../gateways/mpesa/phone-hash.ts'

export function subscriptionIdentifiers({ context }: Change): Identifier[] {
  const { accountNumber, phone, name, usage } = context as SubscriptionContext
  const macs = usage.online.flatMap(({ device }) => {
    const mac = normaliseMac(device ?? '')
    return mac.ok ? [mac.mac] : []
  })
  const ips = usage.online.flatMap(({ ip }) => (ip === null ? [] : [ip]))
  return [
    { kind: 'account', value: accountNumber },
    { kind: 'phone', value: phone },
    // How C2B version 1 names whoever has paid.
    { kind: 'phoneHash', value: phoneHash(phone) },
    { kind: 'name', value: name.toLowerCase() },
    ...[...new Set(macs)].map((value) => ({ kind: 'mac', value })),
    ...[...new Set(ips)].map((value) => ({ kind: 'ip', value })),
  ]
}
