import { routerEvents, routerInput } from '../../machines/router/events.ts'
import { routerMachine } from '../../machines/router/machine.ts'
import { routerWords } from '../../machines/router/words.ts'
import type { ActorDefinition } from '../../runtime/index.ts'
import { applyConfiguration } from './configure.ts'
import { routerIdentifiers } from './identifiers.ts'
import { routerMigrations } from './migrations.ts'
import type { RouterCalls } from './calls.ts'
import { probeRouter } from './probe.ts'
import { radiusNas, routerNames, routerOutages, routers } from './projections.ts'

export function defineRouter(calls: RouterCalls): ActorDefinition {
  return {
    type: 'router',
    version: '2',
    idPrefix: 'rtr',
    machine: routerMachine,
    input: routerInput,
    events: routerEvents,
    effects: { probeRouter: probeRouter(calls), applyConfiguration: applyConfiguration(calls) },
    projections: { routers, routerNames, routerOutages, radiusNas: radiusNas(calls.secrets) },
    identifiers: routerIdentifiers,
    migrations: routerMigrations,
    words: routerWords,
  }
}
