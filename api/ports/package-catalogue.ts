/** Packages as those see them who make the price list: all of them, archived ones and subscriptions included. */
import type { Term } from '../../machines/term.ts'

export interface PackageFields {
  name: string
  description: string | null
  /** `hotspot`: bought once by whoever stands before the page. `subscription`: for accounts, renewed term by term. */
  kind: 'hotspot' | 'subscription'
  /** The price of one term in integer minor units. */
  amount: number
  /** ISO 4217. */
  currency: string
  /** Months only for subscriptions. */
  term: Term
  /** Null: unlimited. */
  dataBytes: number | null
  uploadKbps: number | null
  downloadKbps: number | null
  devices: number
  graceSeconds: number
  graceUploadKbps: number | null
  graceDownloadKbps: number | null
  /** Distances before the end of the paid time, the longest first. */
  reminderSeconds: number[]
  /** Order among packages of one price. */
  position: number
}

export interface PackageRecord extends PackageFields {
  id: string
  /** One more with each change. */
  revision: number
  /** Null while it is on sale. */
  archivedAt: number | null
}

export interface PackageCatalogue {
  /** By id. */
  listAll(tenant: string, filter: { kind?: PackageFields['kind'] | undefined; archived: boolean }): Promise<PackageRecord[]>
  get(tenant: string, id: string): Promise<PackageRecord | undefined>
  /** Undefined when the id is taken. */
  create(tenant: string, id: string, fields: PackageFields): Promise<PackageRecord | undefined>
  /** Undefined when it is not (any more) of the revision that the change was made for. */
  update(tenant: string, id: string, revision: number, fields: PackageFields): Promise<PackageRecord | undefined>
  /** As `update`; archiving one that is archived changes nothing. */
  archive(tenant: string, id: string, revision: number, at: number): Promise<PackageRecord | undefined>
}
