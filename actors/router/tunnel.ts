/** Addresses in the tunnel that joins all routers with us. */
import { createHash, createHmac, createPrivateKey, createPublicKey } from 'node:crypto'

export interface TunnelNetwork {
  /** As a number. */
  base: number
  prefix: number
}

/** Undefined for what is no network of IPv4 with room for two thousand routers at least. */
export function parseNetwork(text: string): TunnelNetwork | undefined {
  const [, address = '', prefix = ''] = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text) ?? []
  const bytes = address.split('.').map(Number)
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255) || Number(prefix) < 8 || Number(prefix) > 21) return undefined
  const size = 2 ** (32 - Number(prefix))
  const whole = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { base: whole - (whole % size), prefix: Number(prefix) }
}

/** Ours: the first. */
export function serverAddress({ base }: TunnelNetwork): string {
  return textOf(base + 1)
}

/** Found by chance and not by counting, so that two registrations at once need not wait for each other; the table keeps them apart. */
export function addressFor(routerId: string, { base, prefix }: TunnelNetwork): string {
  const size = 2 ** (32 - prefix)
  const chance = createHash('sha256').update(routerId).digest().readUIntBE(0, 6)
  // Neither the network itself, nor ours, nor broadcast.
  return textOf(base + 2 + (chance % (size - 3)))
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.')
}

/** What precedes the 32 bytes of an X25519 private key in PKCS #8 (RFC 8410). */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const KEY_BYTES = 32

/** Our end's WireGuard key where none is configured: derived from the application key, so that scripts and server agree without a file. */
export function tunnelKeys(appKey: string): { privateKey: string; publicKey: string } {
  const secret = createHmac('sha256', appKey).update('router-tunnel').digest()
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, secret]), format: 'der', type: 'pkcs8' })
  const open = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
  return { privateKey: secret.toString('base64'), publicKey: open.toString('base64') }
}

export interface TunnelPeer {
  id: string
  publicKey: string
  address: string
}

/** Our end, in the form of wg-quick. Names of routers stay out of it: a line break in one would be a line of the file. */
export function tunnelConfiguration(network: TunnelNetwork, port: number, privateKey: string, peers: readonly TunnelPeer[]): string {
  const ours = ['[Interface]', `Address = ${serverAddress(network)}/${network.prefix}`, `ListenPort = ${port}`, `PrivateKey = ${privateKey}`]
  const theirs = peers.flatMap(({ id, publicKey, address }) => ['', `# ${id}`, '[Peer]', `PublicKey = ${publicKey}`, `AllowedIPs = ${address}/32`])
  return `${[...ours, ...theirs].join('\n')}\n`
}
