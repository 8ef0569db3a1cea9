import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../actors/gateways/routeros/duration.ts'
import { changesTo } from '../../../actors/router/changes.ts'
import { addressFor, parseNetwork, serverAddress, tunnelConfiguration, tunnelKeys, type TunnelNetwork } from '../../../actors/router/tunnel.ts'
import { wantedOf } from '../../../actors/router/wanted.ts'
import { wanted } from '../machines/router.fixture.ts'

const network = parseNetwork('10.77.0.0/16') as TunnelNetwork

describe('the tunnel', () => {
  it('has a key pair that belongs together, the same each time', () => {
    const { privateKey, publicKey } = tunnelKeys('an application key of good length')
    expect(tunnelKeys('an application key of good length')).toEqual({ privateKey, publicKey })
    const ours = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), Buffer.from(privateKey, 'base64')]), format: 'der', type: 'pkcs8' })
    const open = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), Buffer.from(publicKey, 'base64')]), format: 'der', type: 'spki' })
    const other = generateKeyPairSync('x25519')
    expect(diffieHellman({ privateKey: ours, publicKey: other.publicKey })).toEqual(diffieHellman({ privateKey: other.privateKey, publicKey: open }))
  })

  it('gives every router an address inside, never ours', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('10.77.0.0/16', '172.16.0.0/12', '192.168.8.0/21'), (id, text) => {
        const inside = parseNetwork(text) as TunnelNetwork
        const address = addressFor(id, inside)
        const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
        expect(number).toBeGreaterThan(inside.base + 1)
        expect(number).toBeLessThan(inside.base + 2 ** (32 - inside.prefix) - 1)
        expect(address).not.toBe(serverAddress(inside))
      }),
    )
  })

  it.each(['10.0.0.0', '10.0.0.0/22', '10.0.0.0/7', '10.0.0.256/16', 'x/16'])('%s is no network for it', (text) => expect(parseNetwork(text)).toBeUndefined())

  it('is written down for wg-quick', () => {
    expect(tunnelConfiguration(network, 51_820, 'secret', [{ id: 'rtr_1', publicKey: 'key', address: '10.77.0.9' }])).toBe(
      '[Interface]\nAddress = 10.77.0.1/16\nListenPort = 51820\nPrivateKey = secret\n\n# rtr_1\n[Peer]\nPublicKey = key\nAllowedIPs = 10.77.0.9/32\n',
    )
  })
})

describe('durations of RouterOS', () => {
  it.each([
    ['2d20h12m20s', 245_540],
    ['1w1d', 691_200],
    ['5m', 300],
    ['1m23s450ms', 83],
    ['00:05:00', 300],
    ['1d 02:03:04', 93_784],
    ['never', undefined],
    ['', undefined],
  ])('%s', (text, seconds) => expect(parseDuration(text)).toBe(seconds))

  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000_000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds)
      }),
    )
  })
})

describe('what is wanted', () => {
  const host = fc.constantFrom('a.example', 'b.example', 'c.example', '*.d.example')
  const menus = ['/ip/hotspot/profile', '/ip/hotspot/walled-garden', '/ip/hotspot/ip-binding']
  const foreign = { '.id': '*F', 'dst-host': 'of.the.owner', comment: 'mine' }

  it('is there once its changes are made, whatever was there of ours, and nothing else is touched', () => {
    fc.assert(
      fc.property(fc.array(host), fc.array(host), (hosts, earlier) => {
        const has = new Map<string, Record<string, string>[]>(menus.map((menu) => [menu, []]))
        has.set('/ip/hotspot/walled-garden', [foreign, ...earlier.map((one, n) => ({ '.id': `*${n}`, 'dst-host': one, action: 'allow', comment: `standing:garden:${one}` }))])
        const changes = changesTo(wantedOf(wanted(hosts)), has)
        for (const change of changes) {
          const records = has.get(change.menu) ?? []
          if (change.do === 'add') records.push({ '.id': `*A${records.length}`, ...change.fields })
          else if (change.do === 'remove') records.splice(records.findIndex((one) => one['.id'] === change.id), 1)
        }
        expect(changesTo(wantedOf(wanted(hosts)), has)).toEqual([])
        const garden = has.get('/ip/hotspot/walled-garden') ?? []
        expect(garden).toContainEqual(foreign)
        expect(garden.map((one) => one['dst-host']).sort()).toEqual([...new Set(hosts), 'of.the.owner'].sort())
      }),
    )
  })
})
