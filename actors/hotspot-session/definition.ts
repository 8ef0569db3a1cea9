import { sessionEvents, sessionInput } from '../../machines/hotspot-session/events.ts'
import { hotspotSessionMachine } from '../../machines/hotspot-session/machine.ts'
import { hotspotSessionWords } from '../../machines/hotspot-session/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { reactions } from '../reactions.ts'
import { disconnectDevices, type SessionCalls } from './effects.ts'
import { sessionIdentifiers } from './identifiers.ts'
import { sessionMigrations } from './migrations.ts'
import { radiusAccess, radiusRows } from './radius-rows.ts'

export function defineHotspotSession(calls: SessionCalls): ActorDefinition {
  const { credentials } = calls
  return {
    type: 'hotspot-session',
    version: '3',
    idPrefix: 'hs',
    machine: hotspotSessionMachine,
    input: sessionInput,
    events: sessionEvents,
    effects: { disconnectDevices: disconnectDevices(calls) },
    reactions: reactions['hotspot-session'],
    projections: { radiusRows: radiusRows(credentials), radiusAccess: radiusAccess(credentials) },
    identifiers: sessionIdentifiers(credentials),
    migrations: sessionMigrations,
    words: hotspotSessionWords,
    // RADIUS and the router go by the end that was sold.
    fixedTimers: { paidTime: "The access ends when what was paid for is over. Send 'session.close' to end it now; more time is another access." },
    personal: ['phone', 'macAddress', 'online'],
  }
}
