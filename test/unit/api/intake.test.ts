/** The thread of web hooks, its two sides and its server, each by itself (docs/adr/0023). */
import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { Writable } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ValidationAnswer } from '../../../api/hooks/daraja-c2b.ts'
import { buildIntake } from '../../../api/intake/app.ts'
import { nodeLink } from '../../../api/intake/node-link.ts'
import type { FromIntake, IntakeSettings, ToIntake } from '../../../api/intake/protocol.ts'
import { intakeThread, type IntakeNode } from '../../../api/intake/thread.ts'
import { createLogger } from '../../../api/logger.ts'
import type { StoredHook } from '../../../api/ports/hook-inbox.ts'
import { memoryInbox } from '../../support/api-ports.ts'
import { successCallback } from '../../support/callbacks.ts'

const SECRET = 'dar-secret-123'
const ACCEPTED: ValidationAnswer = { ResultCode: '0', ResultDesc: 'Accepted' }

const stored = (id: string): StoredHook => ({ id, provider: 'daraja', kind: 'stk', contentHash: id, body: '{}', receivedAt: 1, attempts: 0 })

describe('the side of the thread', () => {
  function linked(onStop: () => void = () => undefined) {
    const { port1, port2 } = new MessageChannel()
    onTestFinished(() => port2.close())
    const said: FromIntake[] = []
    port2.on('message', (message: FromIntake) => said.push(message))
    return { link: nodeLink(port1, onStop), said, answer: (message: ToIntake) => port2.postMessage(message), gone: once(port2, 'close') }
  }

  it('tells what has happened in one turn in one message', async () => {
    const { link, said } = linked()
    link.accept([stored('1')])
    link.metrics.hookReceived('daraja', 'fresh')
    link.accept([stored('2')])
    link.metrics.http('POST', '/hooks/x', 200, 3)
    await vi.waitFor(() => expect(said).toEqual([{ kind: 'news', news: { stored: [stored('1'), stored('2')], received: [['daraja', 'fresh']], answered: [['POST', '/hooks/x', 200, 3]] } }]))
  })

  it('hands on what the node answers to each question', async () => {
    const { link, said, answer } = linked()
    const first = link.validate(Buffer.from('first'))
    const second = link.validate(Buffer.from('second'))
    await vi.waitFor(() => expect(said).toHaveLength(2))
    const [one, two] = said as { id: number; body: Uint8Array }[]
    expect([one, two].map((question) => Buffer.from(question?.body ?? []).toString())).toEqual(['first', 'second'])
    answer({ kind: 'answer', id: two?.id ?? 0, answer: ACCEPTED })
    answer({ kind: 'answer', id: one?.id ?? 0, answer: null })
    expect(await second).toEqual(ACCEPTED)
    await expect(first).rejects.toMatchObject({ code: 'overloaded' })
  })

  it('is told to stop, and tells the rest before it goes', async () => {
    const stop = vi.fn()
    const { link, said, answer, gone } = linked(stop)
    answer({ kind: 'stop' })
    await vi.waitFor(() => expect(stop).toHaveBeenCalledOnce())
    link.accept([stored('1')])
    link.close()
    await gone
    expect(said).toMatchObject([{ kind: 'news', news: { stored: [{ id: '1' }] } }])
  })
})

describe('the side of the node', () => {
  /** A thread that does this, in place of ours. */
  function threadOf(code: string, node: Partial<IntakeNode> = {}) {
    const heard = { accept: vi.fn(), hookReceived: vi.fn(), http: vi.fn() }
    const intake = intakeThread(new URL(`data:text/javascript,import { parentPort } from 'node:worker_threads'; ${encodeURIComponent(code)}`), {} as IntakeSettings)
    intake.connect({ accept: heard.accept, validate: () => Promise.resolve(ACCEPTED), metrics: heard, ...node })
    return { intake, heard }
  }

  const LISTENS = `parentPort.postMessage({ kind: 'listening', address: 'http://there' });`
  const STOPS = `parentPort.on('message', ({ kind }) => kind === 'stop' && parentPort.close());`

  it('hears what was stored and what is to be counted', async () => {
    const news = { stored: [stored('1')], received: [['daraja', 'fresh'], ['sms', 'repeated']], answered: [['POST', '/hooks/x', 200, 3]] }
    const { intake, heard } = threadOf(`${LISTENS} parentPort.postMessage(${JSON.stringify({ kind: 'news', news })}); ${STOPS}`)
    expect(await intake.listen()).toBe('http://there')
    await vi.waitFor(() => expect(heard.http).toHaveBeenCalled())
    expect([heard.accept.mock.calls, heard.hookReceived.mock.calls, heard.http.mock.calls]).toEqual([[[[stored('1')]]], news.received, news.answered])
    await intake.close()
  })

  it('answers its questions, also when it cannot tell', async () => {
    const asks = (body: string) => `parentPort.postMessage({ kind: 'question', id: ${body.length}, body: new TextEncoder().encode('${body}') });`
    const echo = `const heard = []; parentPort.on('message', (message) => { if (message.kind === 'answer' && heard.push([message.id, message.answer]) === 2) parentPort.postMessage({ kind: 'news', news: { stored: heard, received: [], answered: [] } }) });`
    const validate = (body: Buffer): Promise<ValidationAnswer> => (body.toString() === 'good' ? Promise.resolve(ACCEPTED) : Promise.reject(new Error('no database')))
    const { intake, heard } = threadOf(`${LISTENS} ${echo} ${STOPS} ${asks('good')} ${asks('wrong')}`, { validate })
    await intake.listen()
    await vi.waitFor(() => expect(heard.accept).toHaveBeenCalled())
    expect(heard.accept.mock.calls[0]?.[0]).toEqual(expect.arrayContaining([[4, ACCEPTED], [5, null]]))
    await intake.close()
  })

  it('fails to start when the thread does', async () => {
    const { intake } = threadOf(`throw Object.assign(new Error('the port is taken'), { code: 'EADDRINUSE' })`)
    await expect(intake.listen()).rejects.toMatchObject({ message: 'the port is taken', code: 'EADDRINUSE' })
  })
})

describe('its server', () => {
  async function served(node: Partial<IntakeNode> = {}) {
    const inbox = memoryInbox()
    const accept = vi.fn()
    const metrics = { http: vi.fn(), hookReceived: vi.fn() }
    const log = createLogger({ level: 'fatal', destination: new Writable({ write: (_chunk, _encoding, done) => done() }) })
    const app = await buildIntake({ inbox, node: { accept, validate: () => Promise.resolve(ACCEPTED), metrics, ...node }, log, trustedProxies: [], hooks: { darajaSecret: SECRET, smsSecret: SECRET, darajaAllowedIps: ['127.0.0.1'] } })
    onTestFinished(() => app.close())
    return { app, inbox, accept, metrics }
  }

  it('stores, answers, and then tells', async () => {
    const { app, inbox, accept, metrics } = await served()
    const answer = await app.inject({ method: 'POST', url: `/hooks/daraja/${SECRET}/stk/pay_1`, payload: successCallback('ws_1') })
    expect([answer.statusCode, answer.json()]).toEqual([200, { ResultCode: 0, ResultDesc: 'Accepted' }])
    expect(inbox.rows).toMatchObject([{ provider: 'daraja', kind: 'stk/pay_1', outcome: null }])
    expect(accept.mock.calls).toMatchObject([[[{ kind: 'stk/pay_1', body: JSON.stringify(successCallback('ws_1')) }]]])
    expect(metrics.hookReceived.mock.calls).toEqual([['daraja', 'fresh']])
    expect(metrics.http.mock.calls).toEqual([['POST', '/hooks/daraja/:secret/stk/:payment_id', 200, expect.any(Number)]])
  })

  it('keeps what comes from a foreign address, and tells nobody', async () => {
    const { app, inbox, accept } = await served()
    const answer = await app.inject({ method: 'POST', url: `/hooks/daraja/${SECRET}/stk`, payload: successCallback('ws_1'), remoteAddress: '203.0.113.9' })
    expect([answer.statusCode, inbox.rows[0]?.outcome, accept.mock.calls]).toEqual([200, 'forged', []])
  })

  it('asks to come again what could not be stored', async () => {
    const { app, inbox, accept } = await served()
    inbox.failWhen = () => true
    const answer = await app.inject({ method: 'POST', url: `/hooks/daraja/${SECRET}/stk`, payload: successCallback('ws_1') })
    expect([answer.statusCode, answer.json<{ code: string }>().code, accept.mock.calls]).toEqual([503, 'overloaded', []])
  })

  it('asks the node whether a payer may use the paybill', async () => {
    const { app } = await served({ validate: (body) => Promise.resolve({ ResultCode: body.toString() === 'who' ? 'C2B00012' : '0', ResultDesc: 'Rejected' }) })
    const answer = await app.inject({ method: 'POST', url: `/hooks/daraja/${SECRET}/c2b/validation`, payload: 'who' })
    expect(answer.json()).toEqual({ ResultCode: 'C2B00012', ResultDesc: 'Rejected' })
  })

  it.each([
    ['POST', '/hooks/daraja/not-the-secret/stk'],
    ['POST', '/api/payments/stk'],
    ['GET', '/api/v1/actors/payment'],
    ['GET', '/metrics'],
  ] as const)('knows nothing else: %s %s', async (method, url) => {
    const { app } = await served()
    const answer = await app.inject({ method, url, ...(method === 'POST' ? { payload: {} } : {}) })
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'route-not-found'])
  })

  it('says that it lives', async () => {
    const { app } = await served()
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' })
  })
})
