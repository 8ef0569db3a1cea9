/** Everything a caller may say to find a session. The username is no secret; routers and accounting name it. */
import type { SessionContext } from '../../machines/hotspot-session/context.ts'
import type { Change, Identifier } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'

export function sessionIdentifiers(issuer: CredentialIssuer) {
  return ({ address, context }: Change): Identifier[] => {
    const { phone, macAddress, credentialVersion } = context as SessionContext
    return [
      { kind: 'phone', value: phone },
      { kind: 'username', value: issuer.issue(address, credentialVersion).username },
      ...(macAddress === null ? [] : [{ kind: 'mac', value: macAddress }]),
    ]
  }
}
