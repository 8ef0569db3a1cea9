/** The commands of operators, on a system that runs or stands still. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createSystem, runToEnd, type Finished } from '../support/system.ts'
import { callBack, startWorld, type World } from '../support/system-outside.ts'
import { actorOf, atRest, buy, granted, paymentOf, send, untilState } from '../support/system-shop.ts'
import { successCallback } from '../support/callbacks.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.end())

const cli = (...args: string[]): Promise<Finished> => runToEnd('cli.ts', args, world.system.environment())

test('migrate brings an empty database up to date, once', async () => {
  const system = await createSystem({ database: 'empty' })
  onTestFinished(() => system.dispose())
  const first = await runToEnd('cli.ts', ['migrate'], system.environment())
  expect(first).toMatchObject({ code: 0, output: expect.stringMatching(/^Applied: 0001-engine, 0002-radius, 0003-business/) as unknown })
  expect(await runToEnd('cli.ts', ['migrate'], system.environment())).toMatchObject({ code: 0, output: 'The database is up to date.\n' })
  expect(await runToEnd('cli.ts', ['check'], system.environment())).toMatchObject({ code: 0, output: 'Every stored actor fits this code.\n' })
})

test.concurrent.for([
  [['fly'], 2, "unknown command 'fly'\n\nnpm run cli -- <command>"],
  [['key', 'create', '--name', 'x', '--roles', 'king'], 2, 'needs --name and --roles of: viewer, agent'],
  [['key', 'create', '--name', 'x', '--roles', 'viewer', '--tenant', 'Bad/..'], 2, 'a tenant has 1 to 63 small letters, digits and -'],
  [['key', 'revoke', 'key_nobody'], 1, "There is no key 'key_nobody' that could be revoked."],
  [['key', 'list', '--loud'], 1, "Unknown option '--loud'"],
] as const)('%j is refused in words', async ([args, code, words]) => {
  const finished = await cli(...args)
  expect(finished.code).toBe(code)
  expect(finished.output).toContain(words)
})

test('whoever asks for help is told the commands, and nothing is done', async () => {
  expect(await cli('key', 'create', '--name', 'x', '--roles', 'viewer', '--help')).toMatchObject({ code: 0, output: expect.stringMatching(/^npm run cli -- <command>\n\n {2}migrate /) as unknown })
  expect(await cli('-h')).toMatchObject({ code: 0, output: expect.stringMatching(/^npm run cli -- <command>/) as unknown })
})

test('what is kept no longer is deleted, as long as is set', async () => {
  const hook = (days: number) => world.system.rows(
    `insert into business.hook_inbox (provider, kind, received_at, content_hash, headers, body, next_attempt_at, processed_at) select 'x', 'x', t, $1, '{}', '', t, t from (select now() - make_interval(days => $2)) as a (t)`,
    [`old-${days}`, days],
  )
  await hook(91)
  await hook(40)
  expect(await cli('tidy')).toMatchObject({ code: 0, output: 'business.hook_inbox  1\nDeleted.\n' })
  expect(await cli('tidy')).toMatchObject({ code: 0, output: 'Nothing is older than it is kept.\n' })
  expect(await runToEnd('cli.ts', ['tidy'], world.system.environment({ STANDING_RETENTION: 'business.hook_inbox=30' }))).toMatchObject({ output: 'business.hook_inbox  1\nDeleted.\n' })
})

test('the addresses that SMS providers must know are those that the server listens to', async () => {
  expect(await runToEnd('cli.ts', ['sms', 'addresses'], world.system.environment({ PORT: '0' }))).toMatchObject({ code: 2, output: expect.stringContaining('needs WEB_URL') as unknown })
  const { code, output } = await runToEnd('cli.ts', ['sms', 'addresses'], world.system.environment({ WEB_URL: world.system.url, STANDING_APP_KEY: 'x'.repeat(40), TWILIO_CALLBACK_BASE_URL: 'https://wifi.example' }))
  const addresses = [...output.matchAll(/https?:\/\/\S+/g)].map(([address]) => address)
  expect([code, addresses.length, output]).toEqual([0, 4, expect.stringContaining('https://wifi.example/hooks/twilio/') as unknown])
  // In the sandbox that is where it listens, unless it is told otherwise.
  const own = await runToEnd('cli.ts', ['sms', 'addresses'], world.system.environment({ PORT: new URL(world.system.url).port, HOST: '0.0.0.0' }))
  expect(own).toMatchObject({ code: 0, output: expect.stringContaining(`  ${world.system.url}/hooks/sms/`) as unknown })
  for (const address of addresses.filter((one) => one.startsWith(world.system.url))) expect((await fetch(address, { method: 'POST', body: 'x' })).status, address).toBe(200)
})

test('keys are made, shown once, listed without themselves, and revoked', async () => {
  const [kept, revoked] = await Promise.all(
    ['kept', 'revoked'].map(async (name) => {
      const { code, output } = await cli('key', 'create', '--name', name, '--roles', 'viewer')
      expect(code, output).toBe(0)
      const [id = '', key = ''] = output.split('\n')
      return { id, key }
    }),
  ) as [{ id: string; key: string }, { id: string; key: string }]
  expect(await cli('key', 'revoke', revoked.id)).toMatchObject({ code: 0 })
  const { output } = await cli('key', 'list')
  expect(output).toMatch(new RegExp(`^${kept.id}  main  viewer  kept$`, 'm'))
  expect(output).toMatch(new RegExp(`^${revoked.id}  main  viewer  revoked  \\(revoked\\)$`, 'm'))
  expect(output).not.toContain(kept.key)

  const status = async (key: string) => (await world.system.ask('/api/v1/machines', { headers: { authorization: `Bearer ${key}` } })).status
  expect(await status(kept.key)).toBe(200)
  expect(await status(revoked.key)).toBe(401)
})

test('what is set aside is listed, and retried by the running server', async () => {
  await world.system.rows("alter table business.payment_receipts add constraint nobody_foresaw check (receipt <> 'ODDRECEIPT')")
  const bought = await buy(world.system)
  await callBack(world.system, successCallback(bought.checkout, 'ODDRECEIPT', 10, Number(bought.phone)))
  await vi.waitFor(async () => expect((await actorOf(world.system, 'payment', bought.id)).status).toBe('blocked'), { timeout: 10_000 })
  expect((await paymentOf(world.system, bought.id)).status).toBe('awaiting')

  const { output } = await cli('parked', 'list')
  const [, eventId = ''] = new RegExp(`poison  payment/${bought.id}  payment\\.callback  (\\S+)  \\S`).exec(output) ?? []
  expect(output).toContain('1 events are set aside.')
  expect((await world.system.ask('/metrics', { anonymous: true })).text).toContain('standing_set_aside{kind="parked"} 1\n')
  expect(await cli('parked', 'retry', eventId, '--url', world.system.url)).toMatchObject({ code: 2, output: expect.stringContaining('--reason') as unknown })

  // Staff mend what was in the way, and try again.
  await world.system.rows('alter table business.payment_receipts drop constraint nobody_foresaw')
  expect(await cli('parked', 'retry', eventId, '--reason', 'mended', '--url', world.system.url)).toMatchObject({ code: 0, output: `Retried ${eventId}.\n` })
  await untilState(world.system, 'hotspot-session', bought.id, 'ready')
  expect(await cli('parked', 'list')).toMatchObject({ output: '0 events are set aside.\n' })
  expect(await cli('parked', 'retry', eventId, '--reason', 'again', '--url', world.system.url)).toMatchObject({ code: 1, output: expect.stringContaining('404') as unknown })
  await atRest(world.system)
})

describe('actors that do not fit the code (R12)', () => {
  test('are named by the check, and held back by a start that serves everybody else', async () => {
    const strange = await buy(world.system)
    const ordinary = await buy(world.system)
    expect(await cli('check')).toMatchObject({ code: 0 })
    const before = await granted(world.system)
    await world.system.stop()
    const values = await world.system.rows<{ value: string; states: string[] }>("select value, states from standing.actors where type = 'payment' and id = $1", [strange.id])
    await world.system.rows("update standing.actors set value = '\"levitating\"', states = '{levitating}' where type = 'payment' and id = $1", [strange.id])

    const checked = await cli('check')
    expect(checked.code).toBe(1)
    expect(checked.output).toContain(`payment version 4: state 'levitating' is gone (1 actors, such as main/payment/${strange.id})`)

    await world.system.start()
    expect(world.system.logs()).toContain("state 'levitating' is gone")
    await callBack(world.system, successCallback(strange.checkout, 'STRANGE001', 10, Number(strange.phone)))
    await callBack(world.system, successCallback(ordinary.checkout, 'ORDINARY01', 10, Number(ordinary.phone)))
    await untilState(world.system, 'hotspot-session', ordinary.id, 'ready')
    const answer = await send(world.system, 'payment', strange.id, { type: 'payment.cancel' })
    expect([answer.status, answer.body.code], answer.text).toEqual([423, 'actor-blocked'])
    expect((await world.system.ask(`/api/v1/actors/hotspot-session/${strange.id}`)).status).toBe(404)
    expect((await granted(world.system)).sessions).toBe(before.sessions + 1)

    // With code that fits again, what was held back goes on, the callback of meanwhile included.
    await world.system.stop()
    await world.system.rows("update standing.actors set value = $2, states = $3 where type = 'payment' and id = $1", [strange.id, values[0]?.value, values[0]?.states])
    expect(await cli('check')).toMatchObject({ code: 0 })
    await world.system.start()
    await untilState(world.system, 'payment', strange.id, 'completed', 30_000)
    await untilState(world.system, 'hotspot-session', strange.id, 'ready')
    expect((await actorOf(world.system, 'payment', strange.id)).status).toBe('active')
    await atRest(world.system)
  })
})

test("the dashboard's days are counted anew in the business's own time zone", async () => {
  const bought = await buy(world.system)
  await callBack(world.system, successCallback(bought.checkout, 'MIDNIGHT01', 10, Number(bought.phone)))
  await untilState(world.system, 'payment', bought.id, 'completed')
  await atRest(world.system)
  // Half past ten in the evening at Greenwich: already tomorrow in Nairobi, still the afternoon in New York.
  // The journal takes no changes but those of somebody who switches its guard off.
  await world.system.rows(`set session_replication_role = replica; update standing.journal set at = '2026-01-01T22:30:00Z' where type = 'payment' and id = '${bought.id}'`)
  const counted = async (zone: string) => {
    const finished = await runToEnd('cli.ts', ['rebuild', 'dashboard'], world.system.environment({ STANDING_TIME_ZONE: zone }))
    expect(finished, finished.output).toMatchObject({ code: 0, output: expect.stringContaining('days of main from the journal') as unknown })
    return (await world.system.rows<{ day: string }>(`select day::text, sums from business.dashboard_days where tenant = 'main' and (sums->>'payments.completed')::int = 1`)).map(({ day }) => day)
  }
  expect([await counted('Africa/Nairobi'), await counted('America/New_York')]).toEqual([['2026-01-02'], ['2026-01-01']])
})
