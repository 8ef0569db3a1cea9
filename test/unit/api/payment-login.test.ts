/** The fields that a portal page posts to the hotspot. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClaims } from '../../../api/payments/claim.ts'
import { loginForm, readChallenge } from '../../../api/payments/hotspot-login.ts'
import { StandingError, type ActorView, type Runtime } from '../../../runtime/index.ts'
import { testApp, type TestApp } from '../../support/api-fakes.ts'
import { paymentView, sessionView } from '../../support/payment-views.ts'

const ID = 'pay_0123456789abcdefghjkmnpqrstvwxyz'
const CHAP = { chap_id: '\\357', chap_challenge: '\\001\\002\\003\\004\\005\\006\\007\\010\\101\\102\\103\\104\\105\\106\\107\\377' }

describe('a challenge', () => {
  it('is answered as the login page of MikroTik does it', () => {
    const chap = readChallenge(CHAP.chap_id, CHAP.chap_challenge)
    // printf '\357pass-word\001\002\003\004\005\006\007\010ABCDEFG\377' | md5sum
    expect(loginForm({ username: 'u', password: 'pass-word' }, chap)).toEqual({ username: 'u', password: 'a6d7213a46b216d550e0750f1ca0908d' })
    expect(loginForm({ username: 'u', password: 'pass-word' }, undefined)).toEqual({ username: 'u', password: 'pass-word' })
  })

  it('is the same whether the page has read the escapes or not', () => {
    const read = (text: string) => text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    expect(readChallenge(read(CHAP.chap_id), read(CHAP.chap_challenge))).toEqual(readChallenge(CHAP.chap_id, CHAP.chap_challenge))
    // One of sixteen challenges has a byte that is a backslash itself; the next may be a digit.
    for (const next of ['\\377', '\\071', '\\060']) {
      const backslash = `${CHAP.chap_challenge.slice(0, -8)}\\134${next}`
      expect(readChallenge('\\', read(backslash))).toEqual(readChallenge('\\134', backslash))
    }
  })

  it.each([
    ['', CHAP.chap_challenge],
    [CHAP.chap_id, ''],
    ['\\357\\001', CHAP.chap_challenge],
    ['\\400', CHAP.chap_challenge],
    ['\\35', CHAP.chap_challenge],
    ['ā', CHAP.chap_challenge],
    [CHAP.chap_id, '\\001\\002'],
    [CHAP.chap_id, '\\001'.repeat(65)],
  ])('%j, %j is none', (id, challenge) => {
    expect(readChallenge(id, challenge)).toBeUndefined()
  })
})

describe('POST /api/payments/{id}/login', () => {
  let test: TestApp
  afterEach(() => test.app.close())
  const send = vi.fn(async () => ({ outcome: 'applied' as const, seq: 2, facts: [], actor: sessionView() }))
  afterEach(() => send.mockClear())

  /** @returns the answer to the browser that has started the payment from 10.0.0.1 */
  async function login(body: object, { session = sessionView({ tags: ['usable'] }), state = 'completed', remoteAddress = '10.0.0.1', times = 1, id = ID }: { session?: ActorView; state?: string; remoteAddress?: string; times?: number; id?: string } = {}) {
    const clientHash = createClaims('application-key-of-tests', { secureCookies: false, now: Date.now }).clientHash('10.0.0.1')
    const get: Runtime['get'] = async ({ type }) => (type === 'payment' ? paymentView(state, { clientHash }, { id: ID }) : session)
    test = await testApp({ runtime: { get, send } })
    let response
    for (let asked = 0; asked < times; asked++) response = await test.app.inject({ method: 'POST', url: `/api/payments/${id}/login`, payload: body, remoteAddress })
    return response as NonNullable<typeof response>
  }

  it('answers the challenge, as often as is asked, and shows no password', async () => {
    const response = await login(CHAP, { times: 3 })
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual(loginForm({ username: `u-${ID.slice(-4)}`, password: 'secret-v3' }, readChallenge(CHAP.chap_id, CHAP.chap_challenge)))
    expect(response.headers['cache-control']).toBe('no-store')
    expect(send).not.toHaveBeenCalled()
    expect(test.logged()).not.toMatch(/secret-v3/)
  })

  it('without a challenge it is the password, shown once', async () => {
    expect((await login({ chap_id: '', chap_challenge: '' })).json()).toEqual({ username: `u-${ID.slice(-4)}`, password: 'secret-v3' })
    expect(send).toHaveBeenCalledTimes(1)
    await test.app.close()
    send.mockRejectedValueOnce(new StandingError('event-not-accepted'))
    expect((await login({})).json()).toMatchObject({ status: 409, code: 'login-not-given' })
  })

  it.each([
    ['another browser', { remoteAddress: '10.9.9.9' }, 403, 'forbidden'],
    ['a payment that is not completed', { state: 'awaiting' }, 409, 'login-not-given'],
    ['access that is over', { session: sessionView({ tags: ['settled'] }) }, 409, 'login-not-given'],
    ['a payment that nobody has made', { id: 'pay_x' }, 404, 'payment-not-found'],
    ['too many', { times: 11 }, 429, 'rate-limited'],
  ])('gives nothing to %s', async (_who, how, status, code) => {
    expect((await login(CHAP, how)).json()).toMatchObject({ status, code })
  })

  it('names what is no challenge', async () => {
    expect((await login({ chap_id: '\\357' })).json()).toMatchObject({ status: 422, code: 'invalid-input', errors: [{ pointer: '/chap_challenge' }] })
  })
})
