/** How phones and devices are named in what machines are made from. */
import { z } from 'zod'

export const phone = z.string().regex(/^[1-9]\d{6,14}$/, 'digits with country code')

export const macAddress = z.string().regex(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/, 'a MAC address as AA:BB:CC:DD:EE:FF')
