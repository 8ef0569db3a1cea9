/** Between packages as clients write them and packages as they are kept. */
import type { z } from 'zod'
import { isGatewayError } from '../../actors/gateways/errors.ts'
import { toWholeShillings } from '../../actors/gateways/mpesa/amount.ts'
import { parseSeconds, parseTerm, secondsText, termText, type Term } from '../../machines/term.ts'
import { reminderSeconds } from '../../machines/plan.ts'
import { Problem } from '../http/problem.ts'
import type { PackageFields, PackageRecord } from '../ports/package-catalogue.ts'
import type { newPackage, packageChange, packageRecord } from '../schemas/package.ts'

type Written = Omit<z.output<typeof newPackage>, 'id'>

/** @throws Problem `invalid-input` when the parts contradict each other */
export function fieldsOf(body: Written): PackageFields {
  const term = parseTerm(body.term) as Term
  if (body.kind === 'hotspot' && term.unit === 'months') {
    throw new Problem('invalid-input', undefined, { errors: [{ pointer: '/term', detail: 'must be a duration without months for a hotspot package' }] })
  }
  if (body.kind === 'hotspot') demandPayable(body)
  return {
    name: body.name,
    description: body.description,
    kind: body.kind,
    amount: body.amount_minor,
    currency: body.currency,
    term,
    dataBytes: body.data_bytes,
    uploadKbps: body.upload_kbps,
    downloadKbps: body.download_kbps,
    devices: body.devices,
    graceSeconds: parseSeconds(body.grace) ?? 0,
    graceUploadKbps: body.grace_upload_kbps,
    graceDownloadKbps: body.grace_download_kbps,
    reminderSeconds: reminderSeconds.parse(body.reminders.map(parseSeconds)),
    position: body.position,
  }
}

/** It stands on the public price list, where one prompt pays for it: what M-Pesa cannot take would fail for every customer. */
function demandPayable({ amount_minor: amount, currency }: Written): void {
  try {
    toWholeShillings({ amount, currency })
  } catch (error) {
    if (!isGatewayError(error)) throw error
    throw new Problem('invalid-input', undefined, { errors: [{ pointer: error.code === 'unsupported-currency' ? '/currency' : '/amount_minor', detail: error.message }] })
  }
}

/** @throws Problem `invalid-input` as {@link fieldsOf} */
export function changedFields(before: PackageRecord, change: z.output<typeof packageChange>): PackageFields {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  return fieldsOf({ ...recordView(before), ...given })
}

export function recordView(record: PackageRecord): z.output<typeof packageRecord> {
  const { term } = record
  return {
    id: record.id,
    kind: record.kind,
    name: record.name,
    description: record.description,
    amount_minor: record.amount,
    currency: record.currency,
    term: termText(term),
    duration_seconds: term.unit === 'seconds' ? term.count : null,
    data_bytes: record.dataBytes,
    upload_kbps: record.uploadKbps,
    download_kbps: record.downloadKbps,
    devices: record.devices,
    grace: secondsText(record.graceSeconds),
    grace_upload_kbps: record.graceUploadKbps,
    grace_download_kbps: record.graceDownloadKbps,
    reminders: record.reminderSeconds.map(secondsText),
    position: record.position,
    revision: record.revision,
    archived_at: record.archivedAt === null ? null : new Date(record.archivedAt).toISOString(),
  }
}
