/**
 * The SMS that the stand-ins took, by tenant. An outside system knows no tenants, so the sends are watched on their way out: the key of
 * each begins with the tenant (R5).
 */
import type { SmsGateway } from '../../actors/gateways/sms/port.ts'
import type { SentMessage } from '../ports/sandbox.ts'

export interface SandboxOutbox {
  /** The same gateway, whose sends are noted. */
  watch(gateway: SmsGateway): SmsGateway
  /** Newest first. */
  of(tenant: string): SentMessage[]
}

/** As a stand-in keeps it. */
interface TakenSms {
  id: string
  to: string
  text: string
  /** RFC 3339 UTC. */
  at: string
}

/** As many as the stand-ins keep, of both. */
const SENDS_MAX = 2_000

/** @param taken what all stand-ins together have taken. */
export function createSandboxOutbox(taken: () => readonly TakenSms[]): SandboxOutbox {
  /** Who sent what to whom; a Set keeps the order, so that the oldest go first. */
  const sends = new Set<string>()
  return {
    watch: (gateway) => ({
      send(message, options) {
        sends.add(sendOf(message.key.slice(0, message.key.indexOf('/')), message))
        for (const oldest of sends) if (sends.size > SENDS_MAX) sends.delete(oldest)
        else break
        return gateway.send(message, options)
      },
    }),
    of: (tenant) =>
      taken()
        .filter((message) => sends.has(sendOf(tenant, message)))
        .map((message) => ({ ...message, channel: 'sms' as const }))
        .sort((a, b) => a.at.localeCompare(b.at))
        .reverse(),
  }
}

/** Two tenants that write the same words to the same phone both see them. */
function sendOf(tenant: string, { to, text }: { to: string; text: string }): string {
  return `${tenant}\0${to.replace(/\D/g, '')}\0${text}`
}
