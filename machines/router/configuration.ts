/** What a router is wanted to be set to. Whole and in our words: how that is said to a RouterOS is the business of actors/router. */
import { z } from 'zod'
import { macAddress } from '../network.ts'
import { printable } from '../printable.ts'

/** `*.example.org` too, as RouterOS takes it. */
const host = z
  .string()
  .max(253)
  .regex(/^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a host name in small letters, perhaps with *. before it')

const LOGINS = ['http-chap', 'http-pap', 'https', 'cookie', 'mac-cookie', 'mac', 'trial'] as const

export const routerConfiguration = z.strictObject({
  /** The name that the router itself shows. Null: left as it is. */
  identity: printable(60).min(1).nullable().default(null),
  /** Hosts that a customer reaches before login: the portal, the payment pages. */
  walledGarden: z.array(host).max(50).default([]),
  /** Devices that need no login: access points, the till. */
  bypass: z.array(macAddress).max(100).default([]),
  hotspot: z
    .strictObject({
      loginBy: z.array(z.enum(LOGINS)).min(1).max(LOGINS.length).default(['http-chap', 'mac-cookie']),
      /** How often usage is reported. */
      interimUpdateSeconds: z.int().min(60).max(3_600).default(300),
    })
    .default({ loginBy: ['http-chap', 'mac-cookie'], interimUpdateSeconds: 300 }),
  /** Empty: left as they are. */
  dnsServers: z.array(z.union([z.ipv4(), z.ipv6()])).max(6).default([]),
})

export type RouterConfiguration = z.output<typeof routerConfiguration>

/** Never changed once made: a rollback makes a new one that is like an old one. */
export interface ConfigurationVersion {
  version: number
  configuration: RouterConfiguration
  reason: string
  at: number
  /** The version it was copied from. */
  rolledBackTo: number | null
}

/** R9: the oldest go. */
export const VERSIONS_KEPT = 10
