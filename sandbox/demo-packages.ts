/** A small price list to try things with. Money in minor units. */
export interface DemoPackage {
  id: string
  name: string
  description: string
  amount: number
  currency: string
  durationSeconds: number
  dataBytes: number | null
  uploadKbps: number
  downloadKbps: number
  devices: number
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MIB = 1_024 * 1_024

export const demoPackages: readonly DemoPackage[] = [
  { id: 'hour-1', name: '1 hour', description: 'One hour of browsing', amount: 1_000, currency: 'KES', durationSeconds: HOUR, dataBytes: null, uploadKbps: 2_048, downloadKbps: 5_120, devices: 1 },
  { id: 'hour-3', name: '3 hours', description: 'An afternoon online', amount: 2_000, currency: 'KES', durationSeconds: 3 * HOUR, dataBytes: null, uploadKbps: 2_048, downloadKbps: 5_120, devices: 1 },
  { id: 'day-1', name: '1 day', description: 'A whole day, two devices', amount: 5_000, currency: 'KES', durationSeconds: DAY, dataBytes: null, uploadKbps: 2_048, downloadKbps: 5_120, devices: 2 },
  { id: 'data-500', name: '500 MB', description: '500 MB within a week', amount: 10_000, currency: 'KES', durationSeconds: 7 * DAY, dataBytes: 500 * MIB, uploadKbps: 4_096, downloadKbps: 10_240, devices: 1 },
  { id: 'week-1', name: '1 week', description: 'Seven days, two devices', amount: 25_000, currency: 'KES', durationSeconds: 7 * DAY, dataBytes: null, uploadKbps: 4_096, downloadKbps: 10_240, devices: 2 },
  { id: 'month-1', name: '1 month', description: 'Thirty days, three devices', amount: 80_000, currency: 'KES', durationSeconds: 30 * DAY, dataBytes: null, uploadKbps: 4_096, downloadKbps: 10_240, devices: 3 },
]
