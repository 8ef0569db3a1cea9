/** Which network addresses a provider calls from. */
import { BlockList, isIP } from 'node:net'

export type IsAllowed = (ip: string) => boolean

/**
 * Takes addresses and ranges (`196.201.214.0/24`). An empty list allows all: the secret path is then the only guard.
 * @throws Error that names the entry that is no address
 */
export function allowedIps(entries: readonly string[] | undefined): IsAllowed {
  if (entries === undefined || entries.length === 0) return () => true
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = familyOf(address)
    if (family === undefined || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) throw new Error(`'${entry}' is no network address or range`)
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (ip) => {
    // A socket that listens on IPv6 shows IPv4 callers as `::ffff:196.201.214.200`.
    const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '')
    const family = familyOf(plain)
    return family !== undefined && list.check(plain, family)
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  return version === 4 ? 'ipv4' : 'ipv6'
}
