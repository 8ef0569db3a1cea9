/** Vouchers from the batch to the access, over the edge. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'
import { createVoucherCodes } from '../../../actors/voucher/codes.ts'
import { loginForm, readChallenge } from '../../../api/payments/hotspot-login.ts'
import { voucherDesk } from '../../../api/vouchers/redeem.ts'
import { memoryVouchers, START, VOUCHER_APP_KEY, voucherWorld, type VoucherWorld } from '../../support/voucher-world.ts'

const DAY_MS = 86_400_000
const PHONE = '0712 345 678'

let world: VoucherWorld
let now: number
beforeEach(async () => {
  now = START
  world = await voucherWorld(() => now)
})
afterEach(() => world.stop())

async function batch(count = 3): Promise<{ id: string; codes: string[] }> {
  const made = await world.call('POST', '/api/vouchers/batches', { name: 'Mama Njeri', package_id: 'hour', count, expires_at: new Date(START + 30 * DAY_MS).toISOString() })
  expect(made).toMatchObject({ status: 201, body: { state: 'open', count, unused: count, redeemed: 0 } })
  const id = String(made.body['id'])
  const codes = await world.call('GET', `/api/vouchers/batches/${id}/codes`)
  return { id, codes: (codes.body['data'] as { code: string }[]).map(({ code }) => code) }
}

let clients = 0
/** Each from an address of its own, unless it says. */
const redeem = (code: string | undefined, { phone = PHONE, key, ip = `10.0.${Math.floor(clients / 250)}.${(clients++ % 250) + 1}` }: { phone?: string; key?: string; ip?: string } = {}) =>
  world.app
    .inject({ method: 'POST', url: '/api/vouchers/redeem', remoteAddress: ip, headers: key === undefined ? {} : { 'idempotency-key': key }, payload: { code, phone_number: phone, mac_address: 'aa-bb-cc-dd-ee-ff' } })
    .then((answer) => ({ status: answer.statusCode, body: answer.json<Record<string, unknown>>(), headers: answer.headers }))

it('a batch that would be over before it is printed is not made', async () => {
  const made = await world.call('POST', '/api/vouchers/batches', { name: 'x', package_id: 'hour', count: 1, expires_at: new Date(START).toISOString() })
  expect(made).toMatchObject({ status: 422, body: { code: 'invalid-input', errors: [{ pointer: '/expires_at' }] } })
})

describe('redeeming', () => {
  it('answers the challenge of the hotspot, too, so that nobody has to type', async () => {
    const { codes } = await batch(1)
    const chap = { chap_id: '\\357', chap_challenge: '\\001'.repeat(16) }
    const ask = (hotspot: object) => world.app.inject({ method: 'POST', url: '/api/vouchers/redeem', payload: { code: codes[0], phone_number: PHONE, ...hotspot } })
    expect((await ask({ chap_id: '\\357' })).json()).toMatchObject({ code: 'invalid-input', errors: [{ pointer: '/chap_challenge' }] })
    const { credentials, login } = (await ask(chap)).json<Record<'credentials' | 'login', { username: string; password: string }>>()
    expect(login).toEqual(loginForm(credentials, readChallenge(chap.chap_id, chap.chap_challenge)))
    expect((await ask(chap)).json()).not.toHaveProperty('login')
  })

  it('gives access and the login, by answer and SMS, as a payment does', async () => {
    const { id, codes } = await batch()
    const { status, body } = await redeem(codes[0]?.toLowerCase().replaceAll('-', ' '))
    const session = { tenant: 'main', type: 'hotspot-session', id: `${id}-00001` }
    const credentials = createCredentialIssuer(VOUCHER_APP_KEY).issue(session, 1)
    expect({ status, body }).toMatchObject({ status: 200, body: { success: true, voucher_id: `${id}-00001`, status: 'redeemed', credentials } })
    await world.runtime.settled()
    expect(await world.runtime.get(session)).toMatchObject({ states: ['ready'], context: { source: { kind: 'voucher', id: `${id}-00001` }, phone: '254712345678', macAddress: 'AA:BB:CC:DD:EE:FF' } })
    expect(world.sms).toEqual([expect.stringContaining(credentials.password)])
    expect((await world.call('GET', `/api/vouchers/batches/${id}`)).body).toMatchObject({ redeemed: 1, unused: 2 })
    await world.clock.advance(3_600_000)
    expect(await world.runtime.get(session)).toMatchObject({ states: ['expired'] })
  })

  it('of many at once one wins, and the others are told', async () => {
    const { codes } = await batch()
    const answers = await Promise.all(Array.from({ length: 20 }, (_one, n) => redeem(codes[1], { phone: `07123456${String(n).padStart(2, '0')}` })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ status, body }) => `${status} ${String(body['code'])}`))).toEqual(new Set(['409 voucher-used']))
    await world.runtime.settled()
    expect(world.sms).toHaveLength(1)
  })

  it('the same call again is the same call', async () => {
    const { codes } = await batch()
    const first = await redeem(codes[0], { key: 'one' })
    const again = await redeem(codes[0], { key: 'one' })
    expect([first.status, again.status, again.headers['idempotency-replayed']]).toEqual([200, 200, 'true'])
    // Shown once; the SMS has it too.
    expect([first.body['credentials'] === undefined, again.body['credentials'] === undefined]).toEqual([false, true])
    expect(await redeem(codes[0], { key: 'one', phone: '0712345679' })).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } })
    expect(await redeem(codes[0], { key: 'two' })).toMatchObject({ status: 409, body: { code: 'voucher-used' } })
  })

  it('says what is wrong with a code', async () => {
    const { codes } = await batch()
    const [code = ''] = codes
    const slip = `${code.slice(0, -1)}${code.endsWith('2') ? '3' : '2'}`
    expect(await redeem(slip)).toMatchObject({ status: 422, body: { code: 'voucher-mistyped', errors: [{ pointer: '/code' }] } })
    expect(await redeem(code, { phone: 'nobody' })).toMatchObject({ status: 422, body: { code: 'invalid-input' } })
    const other = await voucherWorld(() => START)
    const foreign = (await other.call('POST', '/api/vouchers/batches', { name: 'x', package_id: 'hour', count: 1, expires_at: new Date(START + DAY_MS).toISOString() })).body['id']
    const [theirs] = (await other.call('GET', `/api/vouchers/batches/${String(foreign)}/codes`)).body['data'] as { code: string }[]
    await other.stop()
    expect(await redeem(theirs?.code)).toMatchObject({ status: 404, body: { code: 'voucher-unknown' } })
  })

  it('ends with the batch, by one timer', async () => {
    const { id, codes } = await batch(500)
    expect((await redeem(codes[0])).status).toBe(200)
    await world.runtime.settled()
    const actors = await world.runtime.list({ type: 'voucher', limit: 200 })
    expect(actors.data).toHaveLength(1)
    await world.clock.advance(30 * DAY_MS)
    expect(await redeem(codes[1])).toMatchObject({ status: 409, body: { code: 'voucher-expired' } })
    expect((await world.call('GET', `/api/vouchers/batches/${id}`)).body).toMatchObject({ state: 'expired', redeemed: 1 })
    expect(await world.call('GET', `/api/vouchers/batches/${id}/codes`)).toMatchObject({ status: 409, body: { code: 'actor-done' } })
  })

  it('that had found its batch open, just before that was revoked, is taken back with its access', async () => {
    const { id, codes } = await batch()
    const desk = voucherDesk(world.runtime, { vouchers: memoryVouchers(world.store), codes: createVoucherCodes(VOUCHER_APP_KEY) })
    const ask = { phone: '254712345678', macAddress: null, idempotencyKey: undefined, correlationId: undefined }
    const [early, late] = await Promise.all([desk.find('main', codes[0] ?? ''), desk.find('main', codes[1] ?? '')])
    await desk.redeem(early, ask)
    await world.clock.advance(1_000)
    await world.runtime.send({ type: 'voucher-batch', id }, { type: 'batch.revoke', reason: 'printed twice' })
    // The batch hears of it when the voucher is redeemed, and takes it back: before the desk has looked at it again, or right after.
    const answer = await desk.redeem(late, { ...ask, phone: '254712345679' }).then(() => 'redeemed', (error: unknown) => (error as { code?: string }).code)
    expect(['voucher-revoked', 'redeemed']).toContain(answer)
    await world.runtime.settled()
    expect((await world.call('GET', `/api/vouchers/batches/${id}`)).body).toMatchObject({ redeemed: 1, revoked: 2, unused: 0 })
    expect(await Promise.all([1, 2].map(async (n) => [(await world.runtime.get({ type: 'voucher', id: `${id}-0000${n}` }))?.states[0], (await world.runtime.get({ type: 'hotspot-session', id: `${id}-0000${n}` }))?.tags.includes('usable')]))).toEqual([['redeemed', true], ['revoked', false]])
  })

  it('is revoked one by one, with the access, or as a whole', async () => {
    const { id, codes } = await batch()
    await redeem(codes[0])
    await world.runtime.settled()
    expect(await world.call('POST', '/api/vouchers/revoke', { code: codes[0], reason: 'stolen' })).toMatchObject({ status: 200, body: { state: 'revoked', number: 1 } })
    await world.runtime.settled()
    expect(await world.runtime.get({ type: 'hotspot-session', id: `${id}-00001` })).toMatchObject({ states: ['expired'], context: { endReason: 'admin' } })
    await world.call('POST', '/api/vouchers/revoke', { code: codes[1], reason: 'lost' })
    expect(await redeem(codes[1])).toMatchObject({ status: 409, body: { code: 'voucher-revoked' } })
    await world.call('POST', `/api/v1/actors/voucher-batch/${id}/events`, { type: 'batch.revoke', reason: 'printed twice' })
    expect(await redeem(codes[2])).toMatchObject({ status: 409, body: { code: 'voucher-revoked' } })
    expect((await world.call('GET', `/api/vouchers/batches/${id}`)).body).toMatchObject({ state: 'revoked', redeemed: 0, revoked: 3, unused: 0 })
    expect(await world.call('GET', `/api/vouchers/batches/${id}/codes`)).toMatchObject({ status: 409, body: { code: 'event-not-accepted' } })
    expect(await world.call('POST', '/api/vouchers/check', { code: codes[2] })).toMatchObject({ body: { state: 'revoked', number: 3 } })
  })
})

describe('guessing', () => {
  const guesses = ['2222-2222-2222', '3333-3333-3333', 'BBBB-BBBB-BBBB', 'CCCC-CCCC-CCCC', 'DDDD-DDDD-DDDD']

  it('waits after five failures, longer each time, at whatever address', async () => {
    const { codes } = await batch()
    for (const guess of guesses) expect([404, 422]).toContain((await redeem(guess)).status)
    const locked = await redeem(codes[0])
    expect(locked).toMatchObject({ status: 429, body: { code: 'rate-limited' } })
    expect(locked.headers['retry-after']).toBe('60')
    now += 60_000
    await redeem('2222-2222-2222')
    expect((await redeem(codes[0])).headers['retry-after']).toBe('120')
    now += 120_000
    expect((await redeem(codes[0])).status).toBe(200)
  })

  it('is not got around by asking all at once', async () => {
    await batch()
    const answers = await Promise.all(Array.from({ length: 30 }, () => redeem('2222-2222-2222')))
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(10)
  })

  it('by many phones and devices from one address is stopped, too', async () => {
    await batch()
    let last = 0
    for (let n = 0; n < 60; n++) {
      const answer = await world.app.inject({ method: 'POST', url: '/api/vouchers/redeem', remoteAddress: '10.9.9.9', payload: { code: '2222-2222-2222', phone_number: `0712345${String(n).padStart(3, '0')}` } })
      last = answer.statusCode
    }
    expect(last).toBe(429)
  })

  it.each([
    ['looked up', '/api/vouchers/check', {}],
    ['revoked', '/api/vouchers/revoke', { reason: 'x' }],
  ])('codes that are %s by staff are guarded, too, and the same guesser is stopped at redeeming', async (_how, url, more) => {
    const { codes } = await batch()
    const ask = (code: string | undefined, ip: string) => world.app.inject({ method: 'POST', url, headers: world.admin, remoteAddress: ip, payload: { code, ...more } })
    const answers = []
    for (let n = 0; n < 55; n++) answers.push(await ask('2222-2222-2222', '10.9.9.11'))
    expect(answers.map(({ statusCode }) => statusCode).lastIndexOf(answers[0]?.statusCode ?? 0)).toBe(49)
    expect(answers.at(-1)?.headers['retry-after']).toBe('60')
    // By another address it is the same key; at the same address it is the same guesser.
    expect((await ask(codes[0], '10.9.9.12')).statusCode).toBe(429)
    expect((await redeem(codes[0], { ip: '10.9.9.11' })).status).toBe(429)
    now += 60_000
    expect((await ask(codes[0], '10.9.9.11')).statusCode).toBe(200)
  })

  it('a customer who is right is never counted', async () => {
    const { codes } = await batch(20)
    for (const code of codes) expect((await redeem(code, { ip: '10.9.9.10' })).status).toBe(200)
  })
})

describe('codes', () => {
  it('are shown to those who may, and who asked is kept', async () => {
    const { id } = await batch()
    const agent = world.keys.add('key-of-agent', ['agent'])
    for (const form of ['codes', 'codes.csv', 'sheet']) expect((await world.call('GET', `/api/vouchers/batches/${id}/${form}`, undefined, agent)).status).toBe(403)
    expect((await world.call('POST', '/api/vouchers/batches', { name: 'x', package_id: 'hour', count: 1, expires_at: new Date(START + DAY_MS).toISOString() }, agent)).status).toBe(403)
    await world.call('GET', `/api/vouchers/batches/${id}/sheet`)
    const shown = (await world.runtime.history({ type: 'voucher-batch', id })).flatMap(({ facts }) => facts).filter(({ type }) => type === 'batch.shown')
    expect(shown).toMatchObject([{ form: 'list' }, { form: 'sheet', by: expect.stringContaining('key:') as unknown }])
  })

  it('are the same each time they are printed; used ones are not printed', async () => {
    const { id, codes } = await batch()
    await redeem(codes[0])
    const csv = await world.call('GET', `/api/vouchers/batches/${id}/codes.csv`)
    expect(csv.headers['content-type']).toContain('text/csv')
    expect(csv.text.trim().split('\r\n')).toEqual(['number,code,state,package,valid_until,batch', ...codes.map((code, n) => `${n + 1},${code},${n === 0 ? 'redeemed' : 'unused'},One hour,2026-01-31T00:00:00.000Z,Mama Njeri`)])
    const sheet = await world.call('GET', `/api/vouchers/batches/${id}/sheet`)
    expect(codes.map((code) => sheet.text.includes(code))).toEqual([false, true, true])
    expect(sheet.text).not.toContain('<script')
  })

  it('stand in no table, journal or context', async () => {
    const { codes } = await batch()
    await redeem(codes[0])
    const bare = codes.flatMap((code) => [code, code.replaceAll('-', '')])
    const stored = JSON.stringify([[...world.store.tables.rows], [...world.store.tables.actors.values()], [...world.store.tables.journal.values()]])
    expect(stored.length).toBeGreaterThan(1_000)
    for (const code of bare) expect(stored).not.toContain(code)
  })

  it('ten thousand are one actor and one commit', async () => {
    const began = performance.now()
    const { codes } = await batch(10_000)
    expect(new Set(codes).size).toBe(10_000)
    expect((await world.runtime.list({ type: 'voucher', limit: 1 })).data).toEqual([])
    expect((await redeem(codes[9_999])).status).toBe(200)
    expect(performance.now() - began).toBeLessThan(20_000)
  })
})
