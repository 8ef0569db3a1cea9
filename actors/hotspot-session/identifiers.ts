/** Everything a caller may say to find a session. The username is no secret; routers and accounting name it. */
import type { SessionContext } from '../../machines/hotspot-session/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { normaliseMac } from '../gateways/mac.ts'

export function sessionIdentifiers(issuer: CredentialIssuer) {
  return ({ address, context }: Change): Identifier[] => {
    const { phone, macAddress, credentialVersion, online } = context as SessionContext
    const devices = online.flatMap(({ device }) => {
      const mac = normaliseMac(device ?? '')
      return mac.ok ? [mac.mac] : []
    })
    const macs = new Set([...(macAddress === null ? [] : [macAddress]), ...devices])
    const ips = new Set(online.flatMap(({ ip }) => (ip === null ? [] : [ip])))
    return [
      { kind: 'phone', value: phone },
      { kind: 'username', value: issuer.issue(address, credentialVersion).username },
      ...[...macs].map((value) => ({ kind: 'mac', value })),
      ...[...ips].map((value) => ({ kind: 'ip', value })),
    ]
  }
}
