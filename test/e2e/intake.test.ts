/** Web hooks on a port of their own, taken by a thread of their own (docs/adr/0023). */
import { execFile, spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { failureCallback, successCallback } from '../support/callbacks.ts'
import { REPOSITORY, withClient } from '../support/postgres.ts'
import { createTestDatabase } from '../support/template-database.ts'
import { createSystem } from '../support/system.ts'
import { DARAJA_HOOK_SECRET, startWorld, type World } from '../support/system-outside.ts'
import { actorOf, atRest, buy, untilState } from '../support/system-shop.ts'

let world: World
/** Where the web hooks come in. */
let intake: string
beforeAll(async () => {
  world = await startWorld({ env: { STANDING_HOOKS_PORT: '0' }, daraja: { delivery: { attemptsMax: 9, retryAfterMs: 100 } } })
  intake = /^Web hooks +(http:\S+)\/hooks/m.exec(world.system.logs())?.[1] ?? ''
})
afterAll(() => world.end())

function post(base: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${base}/hooks/daraja/${DARAJA_HOOK_SECRET}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

const count = async (metric: RegExp): Promise<number> => Number(metric.exec((await world.system.ask('/metrics')).text)?.[1] ?? 0)

describe('a port of their own', () => {
  test('is where M-Pesa is told to call, and a payment comes through', async () => {
    const before = await count(/^standing_hooks_received_total\{provider="daraja",outcome="fresh"\} (\d+)/m)
    const { id, checkout } = await buy(world.system)
    const prompt = await world.daraja.control.until((one) => one.checkoutRequestId === checkout)
    expect(prompt.callbackUrl).toBe(`${intake}/hooks/daraja/${DARAJA_HOOK_SECRET}/stk/${id}`)
    expect(new URL(intake).port).not.toBe(new URL(world.system.url).port)
    expect(await world.daraja.control.answer(prompt.checkoutRequestId, 0)).toMatchObject({ httpStatus: 200, attempts: 1 })
    await untilState(world.system, 'payment', id, 'completed')
    await untilState(world.system, 'hotspot-session', id, 'ready')
    // Counted with the node's own.
    expect(await count(/^standing_hooks_received_total\{provider="daraja",outcome="fresh"\} (\d+)/m)).toBe(before + 1)
    expect((await world.system.ask('/metrics')).text).toMatch(/^standing_http_request_duration_seconds_count\{method="POST",route="\/hooks\/daraja\/:secret\/stk\/:payment_id",status="200"\} [1-9]/m)
  })

  test('takes the same content once, whichever port it comes to', async () => {
    const { id, checkout } = await buy(world.system)
    const body = failureCallback(checkout)
    const answers = await Promise.all([post(intake, '/stk', body), post(world.system.url, '/stk', body), post(intake, '/stk', body)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    await untilState(world.system, 'payment', id, 'failed')
    const rows = await world.system.rows<{ outcome: string }>('select outcome from business.hook_inbox where body like $1', [`%${checkout}%`])
    expect(rows).toHaveLength(1)
  })

  test('asks the actors whether a payer may use the paybill', async () => {
    const answer = await post(intake, '/c2b/validation', { TransID: 'RKTQDM7W6S', TransAmount: '10.00', BusinessShortCode: '1', BillRefNumber: 'nobody', MSISDN: '2547*****126' })
    expect(await answer.json()).toEqual({ ResultCode: expect.stringMatching(/^C2B000/) as unknown, ResultDesc: 'Rejected' })
  })

  test('has nothing but web hooks', async () => {
    const authorization = `Bearer ${world.system.key}`
    expect((await fetch(`${intake}/api/v1/actors/payment`, { headers: { authorization } })).status).toBe(404)
    expect((await fetch(`${intake}/hooks/daraja/not-the-secret-at-all/stk`, { method: 'POST', body: '{}' })).status).toBe(404)
    expect(await (await fetch(`${intake}/healthz`)).json()).toEqual({ status: 'ok' })
  })

  test('what was answered before kill -9 is processed by the next start', async () => {
    const { id, checkout, phone } = await buy(world.system)
    expect((await post(intake, '/stk', successCallback(checkout, 'NLJ7KILL9A', 10, Number(phone)))).status).toBe(200)
    await world.system.kill9()
    await world.system.restart({ STANDING_HOOKS_PORT: new URL(intake).port })
    await untilState(world.system, 'payment', id, 'completed')
    expect((await fetch(`${intake}/healthz`)).status).toBe(200)
  })

  test('SIGTERM: those under way are answered and processed, then it is closed', async () => {
    const bought = await Promise.all(Array.from({ length: 20 }, () => buy(world.system)))
    const answers = bought.map(({ checkout, phone }, index) => post(intake, '/stk', successCallback(checkout, `NLJ7TERM${String(index).padStart(2, '0')}`, 10, Number(phone))).then(({ status }) => status, () => 0))
    await Promise.race(answers)
    expect(await world.system.stop()).toMatchObject({ code: 0, signal: null })
    await expect(fetch(`${intake}/healthz`)).rejects.toThrow()
    await world.system.restart({ STANDING_HOOKS_PORT: new URL(intake).port })
    await atRest(world.system)
    for (const [index, status] of (await Promise.all(answers)).entries()) {
      const { states } = await actorOf(world.system, 'payment', bought[index]?.id ?? '')
      if (status === 200) expect(states).toEqual(['completed'])
    }
    expect(await Promise.all(answers)).toContain(200)
  })
})

test('a port that is taken is said, and nothing is left running', async () => {
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  onTestFinished(() => void taken.close())
  const system = await createSystem({ env: { STANDING_HOOKS_PORT: String((taken.address() as AddressInfo).port) } })
  onTestFinished(() => system.dispose())
  await expect(system.start()).rejects.toThrow(/ended with code 1: [^]*EADDRINUSE/)
})

test('a node whose thread is stuck still stores and answers', async () => {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const node = spawn(process.execPath, ['--import', './loader/register.js', 'test/support/stuck-node.ts', database.url, DARAJA_HOOK_SECRET], { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(node, 'exit')
  onTestFinished(async () => {
    node.kill('SIGKILL')
    await gone
  })
  const [address] = (await once(createInterface(node.stdout), 'line')) as [string]
  expect((await post(address, '/stk', successCallback('ws_CO_stuck'))).status).toBe(200)
  expect(await withClient(database.url, async (client) => (await client.query<{ kind: string; outcome: string | null }>('select kind, outcome from business.hook_inbox')).rows)).toEqual([{ kind: 'stk', outcome: null }])
})

test('an error in the thread that nobody has caught ends the process', async () => {
  const code = `import { intakeThread } from './api/intake/thread.ts'
    const thread = "data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.postMessage({ kind: 'listening', address: '' }); setImmediate(() => { throw new Error('lost its head') })"
    await intakeThread(new URL(thread), {}).listen()
    setInterval(() => {}, 1_000)`
  const outcome = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, ['--import', './loader/register.js', '--input-type=module', '-e', code], { cwd: REPOSITORY }, (error, _stdout, stderr) => resolve({ code: error?.code, stderr }))
  })
  expect(outcome).toEqual({ code: 1, stderr: expect.stringContaining('lost its head') as unknown })
})
