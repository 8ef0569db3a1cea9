/** Compares a router with what is wanted of it, and brings it there. */
import type { ApplyOutcome, ApplyRequest } from '../../machines/router/calls.ts'
import type { RouterConfiguration } from '../../machines/router/configuration.ts'
import { defineEffect, type EffectDefinition } from '../../runtime/index.ts'
import { isGatewayError } from '../gateways/errors.ts'
import type { RouterConnection, RouterRecord } from '../gateways/routeros/port.ts'
import { changesTo, type RouterChange } from './changes.ts'
import type { RouterCalls } from './calls.ts'
import { wantedOf } from './wanted.ts'

const APPLY_LIMIT_MS = 55_000

/** What would have to change now; reads only. */
export async function compare(router: RouterConnection, configuration: RouterConfiguration, signal?: AbortSignal): Promise<RouterChange[]> {
  const wanted = wantedOf(configuration)
  const has = new Map<string, readonly RouterRecord[]>()
  for (const { menu } of wanted) has.set(menu, await router.list(menu, { signal }))
  return changesTo(wanted, has)
}

/**
 * One attempt: the machine tries again. Every attempt compares anew, so what an earlier one has done, its answer lost or
 * not, is not done twice (R5).
 */
export function applyConfiguration({ routerOs, secrets }: Pick<RouterCalls, 'routerOs' | 'secrets'>): EffectDefinition {
  return defineEffect<ApplyRequest, ApplyOutcome>({
    lane: 'routeros',
    timeoutMs: APPLY_LIMIT_MS,
    async run({ apiUrl, secretVersion, configuration }, { address, signal }) {
      const router = routerOs.connect({ url: apiUrl, ...secrets.api(address, secretVersion) })
      try {
        const changes = await compare(router, configuration, signal)
        for (const change of changes) await make(router, change, signal)
        const count = (kind: RouterChange['do']): number => changes.filter((change) => change.do === kind).length
        return { outcome: 'applied', added: count('add'), changed: count('change'), removed: count('remove') }
      } catch (error) {
        if (!isGatewayError(error)) throw error
        return { outcome: 'failed', code: error.code, detail: error.message, isFinal: error.code === 'refused' }
      }
    },
  })
}

/** Makes one change. */
export async function make(router: RouterConnection, change: RouterChange, signal: AbortSignal): Promise<void> {
  if (change.do === 'add') return router.add(change.menu, change.fields, { signal })
  if (change.do === 'remove') return router.remove(change.menu, change.id, { signal })
  const fields = Object.fromEntries(Object.entries(change.fields).map(([name, { to }]) => [name, to]))
  return change.id === null ? router.set(change.menu, fields, { signal }) : router.change(change.menu, change.id, fields, { signal })
}
