/**
 * A package as it was when somebody bought it. Payments and sessions carry this copy: a later change of
 * the price list changes nothing that was sold.
 */
import { z } from 'zod'
import { printable } from './printable.ts'

export const packageSnapshot = z.strictObject({
  id: printable(64).min(1),
  name: printable(100).min(1),
  /** How long the access lasts. */
  durationSeconds: z.int().positive().max(10 * 366 * 86_400),
  /** Null: unlimited. */
  dataBytes: z.int().positive().nullable().default(null),
  /** From the customer to the internet; null: unlimited. */
  uploadKbps: z.int().positive().nullable().default(null),
  downloadKbps: z.int().positive().nullable().default(null),
  /** How many devices at once. */
  devices: z.int().positive().max(100).default(1),
})

export type PackageSnapshot = z.output<typeof packageSnapshot>
