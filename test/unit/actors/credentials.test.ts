import { describe, expect, it } from 'vitest'
import { createCredentialIssuer } from '../../../actors/credentials.ts'

const issuer = createCredentialIssuer('an application key of good length')
const address = { tenant: 'main', type: 'hotspot-session', id: 'pay_1' }

describe('credentials', () => {
  it('are the same whenever and wherever they are derived', () => {
    expect(issuer.issue(address, 1)).toEqual(createCredentialIssuer(Buffer.from('an application key of good length')).issue({ ...address }, 1))
  })

  it('stay as they are: a changed derivation would lock out everybody who is online', () => {
    expect(issuer.issue(address, 1)).toEqual({ username: 'hwrmvqx36h', password: 'pncdx52fmp' })
  })

  it.each([
    ['tenant', { ...address, tenant: 'other' }, 1],
    ['type', { ...address, type: 'subscription' }, 1],
    ['id', { ...address, id: 'pay_2' }, 1],
    ['version', address, 2],
  ])('differ by %s', (_, other, version) => {
    const [one, two] = [issuer.issue(address, 1), issuer.issue(other, version)]
    expect(two.username).not.toBe(one.username)
    expect(two.password).not.toBe(one.password)
  })

  it('differ by key', () => {
    expect(createCredentialIssuer('another application key, as long').issue(address, 1)).not.toEqual(issuer.issue(address, 1))
  })

  it('are easy to type: ten characters, none of which looks like another', () => {
    for (let index = 0; index < 200; index++) {
      const { username, password } = issuer.issue({ ...address, id: `pay_${index}` }, 1)
      expect(username).toMatch(/^[2-9bcdfghjkmnpqrstvwxz]{10}$/)
      expect(password).toMatch(/^[2-9bcdfghjkmnpqrstvwxz]{10}$/)
      expect(password).not.toBe(username)
    }
  })

  it('do not meet among 20,000 sessions, and use the whole alphabet', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => issuer.issue({ ...address, id: `s${index}` }, 1).username)
    expect(new Set(names).size).toBe(names.length)
    for (let place = 0; place < 10; place++) expect(new Set(names.map((name) => name[place])).size).toBe(27)
  })

  it.each(['', 'short'])('are not derived from the key %j', (key) => {
    expect(() => createCredentialIssuer(key)).toThrow(RangeError)
  })
})
