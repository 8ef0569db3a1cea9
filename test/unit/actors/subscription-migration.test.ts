/** Subscriptions that an earlier version has stored go on where they were (R12). */
import { afterEach, expect, it } from 'vitest'
import { setup } from 'xstate'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { liveAccess } from '../../../actors/live-access/apply.ts'
import { defineSubscription } from '../../../actors/subscription/definition.ts'
import { createRuntime, manualClock, memoryStore, type Runtime } from '../../../runtime/index.ts'
import { nobodyOnline } from '../../support/live-access.ts'
import { begin, contextOf, DAY_MS, HOME, inputOf, pay, START } from '../machines/subscription.fixture.ts'

const address = { type: 'subscription', id: 'sub_1' }
const credentials = createCredentialIssuer('an application key of good length')

/** What version 1 stored of a paid subscription with a data limit: nothing of what was used. */
function versionOne() {
  const { usage: _usage, deviceGeneration: _generation, armed, ...rest } = contextOf(pay(begin(inputOf({ plan: { ...HOME, dataBytes: 1_000 } })), HOME.amount))
  const { quota: _quota, ...timers } = armed
  return setup({ delays: { paidTime: (rest.expiresAt ?? 0) - START } }).createMachine({
    id: 'subscription',
    context: { ...rest, armed: timers },
    type: 'parallel',
    states: {
      service: { initial: 'active', states: { active: { after: { paidTime: 'grace' } }, grace: {} } },
      blocks: { initial: 'none', states: { none: {} } },
      change: { initial: 'none', states: { none: {} } },
      reminders: { initial: 'idle', states: { idle: {} } },
      access: { initial: 'settled', states: { settled: {} } },
    },
  })
}

let runtime: Runtime
afterEach(() => runtime.stop())

it('a subscription of version 1 keeps its time, and is counted from the next report on', async () => {
  const [store, clock] = [memoryStore(), manualClock(START)]
  runtime = createRuntime({ actors: [{ type: 'subscription', version: '1', machine: versionOne() }], store, clock })
  await runtime.start()
  await runtime.create(address)
  await runtime.stop()
  runtime = createRuntime({ actors: [defineSubscription({ credentials, applyAccess: liveAccess(nobodyOnline()) })], store, clock })
  await runtime.start()
  expect((await runtime.get(address))?.states).toEqual(expect.arrayContaining(['service.active', 'data.unlimited']))
  const account = (revision: number, downloadBytes: number) =>
    runtime.send(address, { type: 'subscription.account', revision, online: [], uploadBytes: 0, downloadBytes, logins: 1 })
  await account(1, 500)
  expect((await runtime.get(address))?.states).toContain('data.within')
  await account(2, 1_600)
  expect((await runtime.get(address))?.states).toContain('data.usedUp')
  await clock.advance(31 * DAY_MS)
  expect((await runtime.get(address))?.states).toContain('service.grace')
})
