/** Whose username it is and what it may do: `radius.access`, which the rules of the database go by, and accounting finds the actor by. */
import type { Address, RowSet } from '../../runtime/index.ts'

export interface AccessRules {
  username: string
  /** Different devices, and so many at once. */
  devices: number
  /** In all, up and down; null: unlimited. */
  dataBytes: number | null
  /** Raised to let other devices in. */
  deviceGeneration: number
}

/** To be there as long as accounting may come, which is longer than anybody may log in. */
export function accessRows({ tenant, type, id }: Address, { username, devices, dataBytes, deviceGeneration }: AccessRules): RowSet {
  const row = { username, tenant, actor_type: type, actor_id: id, devices, data_bytes: dataBytes, device_generation: deviceGeneration }
  return { table: 'radius.access', key: { username }, rows: [row] }
}

/** When no more accounting can come, with all that logins have left. */
export function noAccessRows(username: string): RowSet[] {
  return ['radius.access', 'radius.devices', 'radius.admissions', 'radius.accounting_changes'].map((table) => ({ table, key: { username }, rows: [] }))
}
