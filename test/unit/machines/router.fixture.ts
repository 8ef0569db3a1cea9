/** A router to play with. */
import type { ProbeOutcome } from '../../../machines/router/calls.ts'
import { routerConfiguration, type RouterConfiguration } from '../../../machines/router/configuration.ts'
import type { RouterEvent, RouterInput } from '../../../machines/router/events.ts'
import { START } from './play.ts'

export const HOUR_MS = 3_600_000
export const TOKEN_HASH = 'a'.repeat(64)

export const ROUTER: RouterInput = {
  id: 'rtr_1',
  name: 'Market square',
  site: null,
  tunnelAddress: '10.77.0.9',
  apiUrl: 'http://10.77.0.9',
  pollSeconds: 300,
  provisioning: 'radius',
  enrolment: { tokenHash: TOKEN_HASH, expiresAt: START + 24 * HOUR_MS, secretVersion: 1 },
}

export const ENROL: Extract<RouterEvent, { type: 'router.enrol' }> = { type: 'router.enrol', tokenHash: TOKEN_HASH, version: '7.16.1 (stable)', board: 'hAP ax2', serial: null, publicKey: null, capabilities: [] }

export const WELL: ProbeOutcome = { outcome: 'answered', version: '7.16.1 (stable)', uptimeSeconds: 100, handshakeAgeSeconds: 30, appeared: [], lost: [], ended: 0, users: null, capabilities: null }
export const STALE: ProbeOutcome = { ...WELL, handshakeAgeSeconds: 301 }
export const silent = (heardAt: number | null = null, code = 'timeout'): ProbeOutcome => ({ outcome: 'silent', code, detail: 'no answer', heardAt })

export const wanted = (walledGarden: string[]): RouterConfiguration => routerConfiguration.parse({ walledGarden })
export const configure = (walledGarden: string[]): RouterEvent => ({ type: 'router.configure', configuration: wanted(walledGarden), reason: 'because' })

export const DONE = { outcome: 'applied', added: 1, changed: 0, removed: 0 }
