import { describe, expect, it } from 'vitest'
import { liveAccess } from '../../../actors/live-access/apply.ts'
import type { LiveLogin } from '../../../actors/live-access/port.ts'
import type { NasAnswer } from '../../../actors/gateways/radius/port.ts'
import type { AccessChange } from '../../../machines/live-access.ts'
import { RetryableError } from '../../../runtime/index.ts'

const login = (recordId: string, change: Partial<LiveLogin> = {}): LiveLogin => ({
  recordId, acctSessionId: `s-${recordId}`, nasAddress: '10.8.0.2', framedIp: null, isSupposedClosed: false, nas: { host: '10.8.0.2', secret: 's' }, rest: null, ...change,
})
const disconnect: AccessChange['change'] = { kind: 'disconnect' }
const slower: AccessChange['change'] = { kind: 'coa', uploadKbps: 512, downloadKbps: null, addressList: 'grace', sessionTimeoutSeconds: null }

function play(logins: readonly LiveLogin[], answers: Record<string, NasAnswer['outcome']> = {}, byRest?: NasAnswer['outcome'], isSpared?: true) {
  const asked: [string, string, unknown?][] = []
  const closed: string[] = []
  const answer = (session: string): NasAnswer => ({ outcome: answers[session] ?? 'done', ...(isSpared === undefined ? {} : { isSpared }) })
  const effect = liveAccess({
    radius: {
      disconnect: async (_nas, { acctSessionId }) => {
        asked.push(['disconnect', acctSessionId])
        return answer(acctSessionId)
      },
      changeAuthorization: async (_nas, { acctSessionId }, attributes) => {
        asked.push(['coa', acctSessionId, attributes])
        return answer(acctSessionId)
      },
    },
    logins: { of: async () => [...logins], closeGone: async (ids) => void closed.push(...ids) },
    otherWays: [
      {
        forget: async (_username, { rest, acctSessionId }) => void (rest !== null && asked.push(['forget', acctSessionId])),
        disconnect: async (_username, { rest, acctSessionId }) => {
          if (rest === null || byRest === undefined) return undefined
          asked.push(['rest', acctSessionId])
          return { outcome: byRest }
        },
      },
    ],
  })
  const run = async (change: AccessChange['change'], again: Pick<AccessChange, 'isAgain'> = {}) => await effect.run({ username: 'u', ...again, change } as never, { signal: new AbortController().signal } as never)
  return { effect, run, asked, closed }
}

describe('live access', () => {
  it('nobody online, nobody asked', async () => {
    expect(await play([]).run(disconnect)).toEqual({ sessions: 0, gone: 0, refused: 0, unknown: 0 })
  })

  it('counts what came of each login, and closes those that the router knows no more', async () => {
    const { run, closed } = play([login('1'), login('2'), login('3')], { 's-2': 'gone', 's-3': 'refused' })
    expect(await run(disconnect)).toEqual({ sessions: 1, gone: 1, refused: 1, unknown: 0 })
    expect(closed).toEqual(['2'])
  })

  it('asks the router of one that it keeps itself and that we have supposed closed', async () => {
    const rest = { router: { tenant: 'main', type: 'router', id: 'r' }, apiUrl: 'http://10.8.0.2', secretVersion: 1 }
    const { run, asked } = play([login('1', { isSupposedClosed: true, nas: null, rest })], {}, 'done')
    expect(await run(disconnect)).toMatchObject({ sessions: 1, unknown: 0 })
    expect(asked).toEqual([['forget', 's-1'], ['rest', 's-1']])
  })

  it('is not done while a router is silent, but the others are', async () => {
    const { run, asked } = play([login('1', { nasAddress: '10.8.0.9' }), login('2')], { 's-1': 'unreachable' })
    const failure = await run(disconnect).then(() => undefined, (error: unknown) => error)
    expect(failure).toBeInstanceOf(RetryableError)
    expect(String(failure)).toContain('no answer from router 10.8.0.9')
    expect(asked).toEqual([['disconnect', 's-1'], ['disconnect', 's-2']])
  })

  it.each([
    ['the first time', {}, undefined, undefined],
    ['once more', { isAgain: true }, undefined, 600_000],
    ['once more, but nobody asked it', { isAgain: true }, true, undefined],
  ] as const)('asked %s, a router that is silent is left alone for as long as it should be', async (_when, again, isSpared, retryAfterMs) => {
    for (const change of [disconnect, slower]) {
      const failure = await play([login('1')], { 's-1': 'unreachable' }, undefined, isSpared).run(change, again).then(() => undefined, (error: unknown) => error)
      expect(failure).toMatchObject({ retryAfterMs })
    }
  })

  it('counts those whose router is not registered, and does not wait for it', async () => {
    expect(await play([login('1', { nas: null }), login('2')]).run(disconnect)).toEqual({ sessions: 1, gone: 0, refused: 0, unknown: 1 })
    expect(await play([login('1', { nas: null })]).run(slower)).toEqual({ sessions: 0, gone: 0, refused: 0, unknown: 1 })
  })

  it('disconnects also what is only supposed to be closed, where it can', async () => {
    const { run, asked } = play([login('1', { isSupposedClosed: true }), login('2', { isSupposedClosed: true, nas: null })])
    expect(await run(disconnect)).toEqual({ sessions: 1, gone: 0, refused: 0, unknown: 0 })
    expect(asked).toEqual([['disconnect', 's-1']])
  })

  const REST = { router: { tenant: 'main', type: 'router', id: 'rtr_1' }, apiUrl: 'http://10.8.0.2', secretVersion: 1 }

  it.each([
    ['done', 'done', { sessions: 1 }],
    ['gone', 'done', { gone: 1 }],
    ['refused', 'done', { sessions: 1 }],
    ['refused', 'gone', { gone: 1 }],
    ['refused', 'refused', { refused: 1 }],
    ['unreachable', 'done', { sessions: 1 }],
    ['unreachable', 'gone', { gone: 1 }],
    ['unreachable', 'refused', undefined],
    ['unreachable', 'unreachable', undefined],
    ['refused', 'unreachable', undefined],
  ] as const)('by RADIUS %s, by REST %s: %j; the device is forgotten first', async (byRadius, byRest, expected) => {
    const { run, asked } = play([login('1', { rest: REST })], { 's-1': byRadius }, byRest)
    if (expected === undefined) await expect(run(disconnect)).rejects.toBeInstanceOf(RetryableError)
    else expect(await run(disconnect)).toEqual({ sessions: 0, gone: 0, refused: 0, unknown: 0, ...expected })
    expect(asked.map(([what]) => what)).toEqual(['forget', 'disconnect', ...(byRadius === 'done' || byRadius === 'gone' ? [] : ['rest'])])
  })

  it('REST alone is a way, too', async () => {
    expect(await play([login('1', { nas: null, rest: REST })], {}, 'done').run(disconnect)).toEqual({ sessions: 1, gone: 0, refused: 0, unknown: 0 })
  })

  it('changes speed in RouterOS words, and only of what is open', async () => {
    const { run, asked } = play([login('1'), login('2', { isSupposedClosed: true })])
    expect(await run(slower)).toEqual({ sessions: 1, gone: 0, refused: 0, unknown: 0 })
    expect(asked).toEqual([['coa', 's-1', { 'Mikrotik-Rate-Limit': '512k/0', 'Mikrotik-Address-List': 'grace' }]])
    await run({ ...slower, addressList: null, sessionTimeoutSeconds: 60 })
    expect(asked[1]?.[2]).toEqual({ 'Mikrotik-Rate-Limit': '512k/0', 'Session-Timeout': 60 })
  })
})
