/** The price list. The server's price is the only one that counts; a client names a package, never an amount. */
import type { PackageSnapshot } from '../../machines/package.ts'

export interface Package extends PackageSnapshot {
  description: string | null
  /** The price in integer minor units. */
  amount: number
  /** ISO 4217. */
  currency: string
}

export interface Packages {
  /** On sale, cheapest first. */
  list(tenant: string): Promise<Package[]>
  /** Undefined when there is none on sale by that id. */
  find(tenant: string, id: string): Promise<Package | undefined>
}
