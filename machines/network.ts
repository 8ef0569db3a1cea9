/** How phones and devices are named in what machines are made from, and the keys by which routers are known. */
import { z } from 'zod'

export const phone = z.string().regex(/^[1-9]\d{6,14}$/, 'digits with country code')

export const macAddress = z.string().regex(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/, 'a MAC address as AA:BB:CC:DD:EE:FF')

/** 32 bytes in base64, as WireGuard writes and takes them: what follows the last bit is zero. One that is none breaks the whole file of the tunnel. */
export const wireGuardKey = z.string().regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'must be the public key of a WireGuard interface: 32 bytes in base64')
