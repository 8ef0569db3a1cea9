import { sessionEvents, sessionInput } from '../../machines/hotspot-session/events.ts'
import { hotspotSessionMachine } from '../../machines/hotspot-session/machine.ts'
import { hotspotSessionWords } from '../../machines/hotspot-session/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import type { CredentialIssuer } from '../credentials.ts'
import { reactions } from '../reactions.ts'
import { sessionIdentifiers } from './identifiers.ts'
import { sessionMigrations } from './migrations.ts'
import { radiusRows } from './radius-rows.ts'

export function defineHotspotSession({ credentials }: { credentials: CredentialIssuer }): ActorDefinition {
  return {
    type: 'hotspot-session',
    version: '2',
    idPrefix: 'hs',
    machine: hotspotSessionMachine,
    input: sessionInput,
    events: sessionEvents,
    reactions: reactions['hotspot-session'],
    projections: { radiusRows: radiusRows(credentials) },
    identifiers: sessionIdentifiers(credentials),
    migrations: sessionMigrations,
    words: hotspotSessionWords,
    personal: ['phone', 'macAddress'],
  }
}
