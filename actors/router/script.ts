/**
 * The connectivity script: pasted once into a terminal of a RouterOS 7 router, it joins the router to us. It may be pasted again: what is
 * there (found by its comment or name) is set, what is missing is added. All secrets in it are this router's own, and the enrolment
 * token works once.
 *
 * Everything that changes something stands in one block, which RouterOS reads as a whole before it runs any of it: a version 6, which
 * does not know WireGuard, refuses the block and is left untouched.
 */
import type { Provisioning } from '../../machines/router/events.ts'
import type { Address } from '../../runtime/index.ts'
import { ENDS, ENDS_SOURCE } from './ends.ts'
import type { RouterSecrets } from './secrets.ts'
import { serverAddress, type TunnelNetwork } from './tunnel.ts'
import { MARK, PROFILE } from './wanted.ts'

/** How routers find us. */
export interface RouterSurroundings {
  /** Where they call, without a trailing slash. */
  callUrl: string
  /** Of FreeRADIUS, as they see it. */
  radiusAddress: string
  tunnel: { network: TunnelNetwork; endpointHost: string; endpointPort: number; publicKey: string }
  /** Hosts that are open before login. */
  walledGarden: readonly string[]
}

export interface ScriptOrder {
  router: Address
  name: string
  tunnelAddress: string
  secretVersion: number
  token: string
  /** Milliseconds since the epoch. */
  expiresAt: number
  provisioning: Provisioning
}

type Fields = Readonly<Record<string, string>>

const HEARTBEAT = 'standing-heartbeat'
/** Read and write the menus, by REST; nothing else: no terminal, no other users, no files, no secrets. */
const POLICIES = ['read', 'write', 'api', 'rest-api', '!local', '!telnet', '!ssh', '!ftp', '!reboot', '!policy', '!test', '!winbox', '!password', '!web', '!sniff', '!sensitive', '!romon']

export function scriptFor({ router, name, tunnelAddress, secretVersion, token, expiresAt, provisioning }: ScriptOrder, secrets: RouterSecrets, surroundings: RouterSurroundings): string {
  const { callUrl, radiusAddress, tunnel, walledGarden } = surroundings
  const server = serverAddress(tunnel.network)
  const api = secrets.api(router, secretVersion)
  const address = `${callUrl}/api/routers/${router.id}`
  const post = (path: string, bearer: string, data: string): string =>
    [
      `/tool fetch url=${quoted(`${address}/${path}`)} http-method=post output=none`,
      ...(callUrl.startsWith('https:') ? ['check-certificate=yes'] : []),
      `http-header-field=${quoted(`authorization: Bearer ${bearer},content-type: application/json`)} http-data=${data}`,
    ].join(' ')
  return `${[
    `# Standing: joins the router ${quoted(name)} (${router.id}).`,
    `# Paste all of it into a terminal of the router. It works once, until ${new Date(expiresAt).toISOString()}; its settings may be pasted again.`,
    ...(callUrl.startsWith('https:') ? ['# The router must know the certificate authority of the address it calls; RouterOS 7.19 and later do by themselves.'] : []),
    ':if ([:pick [/system resource get version] 0 2] = "6.") do={ :put "This router runs RouterOS 6. Upgrade it to 7, then paste the script again; nothing was changed." }',
    '{',
    ensure('/interface wireguard', 'tunnel', { name: 'standing', 'listen-port': '13231', mtu: '1420' }),
    ensure('/interface wireguard peers', 'tunnel', {
      interface: 'standing',
      'public-key': tunnel.publicKey,
      'endpoint-address': tunnel.endpointHost,
      'endpoint-port': String(tunnel.endpointPort),
      'allowed-address': `${server}/32`,
      'persistent-keepalive': '25s',
    }),
    ensure('/ip address', 'tunnel', { address: `${tunnelAddress}/${tunnel.network.prefix}`, interface: 'standing' }),
    ensureNamed('/user group', 'standing', { policy: POLICIES.join(',') }),
    ensureNamed('/user', api.username, { group: 'standing', password: api.password, address: `${server}/32` }),
    // Inside of the tunnel, which encrypts; from nowhere else.
    `/ip service set www disabled=no address=${quoted(`${server}/32`)}`,
    ensure('/ip firewall filter', 'manage', { chain: 'input', action: 'accept', 'in-interface': 'standing', 'src-address': server }),
    // Before whatever drops; a place in an empty list would be an error.
    `:do { /ip firewall filter move [/ip firewall filter find where comment=${quoted(`${MARK}manage`)}] 0 } on-error={}`,
    ensure('/ip firewall filter', 'no-coa-from-elsewhere', { chain: 'input', action: 'drop', protocol: 'udp', 'dst-port': '3799', 'in-interface': '!standing' }),
    ensure('/radius', 'radius', { service: 'hotspot', address: radiusAddress, secret: secrets.radius(router, secretVersion), timeout: '3s', 'src-address': tunnelAddress }),
    // Since RouterOS 7.15; without it answers could be forged (CVE-2024-3596).
    `:do { /radius set [/radius find where comment=${quoted(`${MARK}radius`)}] require-message-auth=yes-for-request-resp } on-error={}`,
    '/radius incoming set accept=yes port=3799',
    ensureNamed('/ip hotspot profile', PROFILE, { 'use-radius': 'yes', 'radius-interim-update': '5m', 'login-by': 'http-chap,mac-cookie' }),
    `/ip hotspot set [/ip hotspot find] profile=${PROFILE}`,
    ...walledGarden.map((host) => ensure('/ip hotspot walled-garden', `portal:${host}`, { 'dst-host': host, action: 'allow' })),
    ...everyMinute(HEARTBEAT, 'read,write,test,ftp', post('heartbeat', secrets.heartbeatToken(router, secretVersion), HEARTBEAT_DATA)),
    ...(provisioning === 'rest' ? everyMinute(ENDS, 'read,write,test', ENDS_SOURCE) : []),
    `:local key [/interface wireguard get [/interface wireguard find where comment=${quoted(`${MARK}tunnel`)}] public-key]`,
    `:do { ${post('enrol', token, ENROL_DATA)}; :put "Joined." } on-error={ :put "The settings are made, but joining failed: the token is used or expired (issue another), or the address cannot be reached." }`,
    '}',
  ].join('\n')}\n`
}

const jsonOf = (fields: Fields): string =>
  `("{${Object.entries(fields)
    .map(([name, expression]) => `\\"${name}\\":\\"" . ${expression} . "\\"`)
    .join(',')}}")`

const ENROL_DATA = jsonOf({ version: '[/system resource get version]', board: '[/system resource get board-name]', public_key: '$key' })
const HEARTBEAT_DATA = jsonOf({
  version: '[/system resource get version]',
  uptime: '[/system resource get uptime]',
  cpu_load: '[/system resource get cpu-load]',
  active_users: '[:len [/ip hotspot active find]]',
})

/** A script and its schedule. */
function everyMinute(name: string, policy: string, source: string): string[] {
  return [
    ensureNamed('/system script', name, { policy, source }),
    ensureNamed('/system scheduler', name, { interval: '1m', 'start-time': 'startup', policy, 'on-event': `/system script run ${name}` }),
  ]
}

/** Sets the record with our comment, or makes it. */
function ensure(menu: string, mark: string, fields: Fields): string {
  return upsert(menu, 'comment', `${MARK}${mark}`, fields)
}

/** In menus where a name is the key. */
function ensureNamed(menu: string, name: string, fields: Fields): string {
  return upsert(menu, 'name', name, fields)
}

function upsert(menu: string, key: 'comment' | 'name', value: string, fields: Fields): string {
  const list = Object.entries(fields).map(([name, text]) => `${name}=${quoted(text)}`).join(' ')
  const found = `[${menu} find where ${key}=${quoted(value)}]`
  return `:if ([:len ${found}] = 0) do={ ${menu} add ${key}=${quoted(value)} ${list} } else={ ${menu} set ${found} ${list} }`
}

/** In quotes RouterOS expands `$name`, `$[...]` and backslashes: none of that may come from a name that somebody typed. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"$?]/g, (character) => `\\${character}`)}"`
}
