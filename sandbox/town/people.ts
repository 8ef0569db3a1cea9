/** Who lives in the town, and how far each has come. Pure data: what is made of it is in the other files. */

/** Where a home connection shall stand when the town is there. */
export type Standing =
  | { kind: 'pending' }
  /** Paid, so many days before its paid time ends. */
  | { kind: 'active'; daysLeft: number; change?: string }
  | { kind: 'blocked'; block: string; reason: string }
  | { kind: 'grace' }
  | { kind: 'suspended' }
  | { kind: 'terminated'; reason: string }

export interface Household {
  id: string
  name: string
  phone: string
  package: string
  standing: Standing
}

export interface Guest {
  id: string
  phone: string
  package: string
  stage: 'online' | 'ready' | 'expired' | 'awaiting' | 'declined'
}

const FIRST = ['Wanjiru', 'Otieno', 'Achieng', 'Kamau', 'Njeri', 'Kiprop', 'Chebet', 'Mutua', 'Akinyi', 'Baraka', 'Zawadi', 'Juma', 'Amani', 'Neema']
const LAST = ['Mwangi', 'Odhiambo', 'Kariuki', 'Cheruiyot', 'Wafula', 'Nyambura', 'Hassan', 'Musyoka', 'Barasa', 'Kilonzo', 'Omondi']

/** Prices in minor units. The one without grace is for whoever wants it cheap; a taste is over within a minute. */
export const townPackages = [
  { id: 'home-10', kind: 'subscription', name: 'Home 10', description: 'For a family', amount_minor: 250_000, currency: 'KES', term: 'P30D', upload_kbps: 5_120, download_kbps: 10_240, devices: 5, grace: 'P3D', grace_upload_kbps: 256, grace_download_kbps: 512, reminders: ['P7D', 'P1D'] },
  { id: 'home-20', kind: 'subscription', name: 'Home 20', description: 'For a family that watches films', amount_minor: 400_000, currency: 'KES', term: 'P30D', upload_kbps: 10_240, download_kbps: 20_480, devices: 8, grace: 'P3D', grace_upload_kbps: 256, grace_download_kbps: 512, reminders: ['P7D', 'P1D'] },
  { id: 'lite-5', kind: 'subscription', name: 'Lite 5', description: 'Paid, or off', amount_minor: 120_000, currency: 'KES', term: 'P30D', upload_kbps: 2_048, download_kbps: 5_120, devices: 2, reminders: ['P1D'] },
  { id: 'office-50', kind: 'subscription', name: 'Office 50', description: 'By the calendar month', amount_minor: 900_000, currency: 'KES', term: 'P1M', upload_kbps: 25_600, download_kbps: 51_200, devices: 30, grace: 'P7D', grace_upload_kbps: 1_024, grace_download_kbps: 1_024, reminders: ['P7D', 'P3D', 'P1D'] },
  { id: 'taste-1', kind: 'hotspot', name: 'A taste', description: 'One minute, to see that it works', amount_minor: 100, currency: 'KES', term: 'PT1M', upload_kbps: 1_024, download_kbps: 2_048, devices: 1 },
] as const

const PLANS = ['home-10', 'home-20', 'office-50'] as const

const STANDINGS: readonly Standing[] = [
  ...[1, 2, 4, 6, 9, 12, 16, 19, 23, 26].map((daysLeft): Standing => ({ kind: 'active', daysLeft })),
  { kind: 'active', daysLeft: 5, change: 'home-20' },
  { kind: 'active', daysLeft: 8, change: 'lite-5' },
  ...Array.from({ length: 4 }, (): Standing => ({ kind: 'pending' })),
  ...Array.from({ length: 4 }, (): Standing => ({ kind: 'grace' })),
  ...Array.from({ length: 4 }, (): Standing => ({ kind: 'suspended' })),
  { kind: 'blocked', block: 'abuse', reason: 'Sends spam; asked to clean the computer' },
  { kind: 'blocked', block: 'moving', reason: 'Between two houses' },
  { kind: 'terminated', reason: 'Moved to the city' },
  { kind: 'terminated', reason: 'Works from the office now' },
]

/** What is not paid on goes off at once only with a package without grace. */
function packageOf({ kind }: Standing, n: number): string {
  return kind === 'suspended' ? 'lite-5' : (PLANS[n % PLANS.length] ?? 'home-10')
}

export const households: readonly Household[] = STANDINGS.map((standing, n) => ({
  id: `town_home_${String(n + 1).padStart(2, '0')}`,
  name: `${FIRST[n % FIRST.length]} ${LAST[(n * 3) % LAST.length]}`,
  phone: `2547120001${String(n + 1).padStart(2, '0')}`,
  package: standing.kind === 'active' && standing.change !== undefined ? 'home-10' : packageOf(standing, n),
  standing,
}))

/** These numbers choose how the M-Pesa stand-in goes on (sandbox/README.md). */
const NEVER_ANSWERED = '254700010014'
const CANCELLED = '254700001032'

export const guests: readonly Guest[] = [
  { id: 'town-awaiting-1', phone: NEVER_ANSWERED, package: 'hour-1', stage: 'awaiting' },
  { id: 'town-declined-1', phone: CANCELLED, package: 'hour-1', stage: 'declined' },
  ...['hour-3', 'day-1', 'week-1', 'month-1'].map((name, n): Guest => ({ id: `town-online-${n + 1}`, phone: `25471200020${n + 1}`, package: name, stage: 'online' })),
  ...['hour-1', 'data-500', 'week-1'].map((name, n): Guest => ({ id: `town-ready-${n + 1}`, phone: `25471200030${n + 1}`, package: name, stage: 'ready' })),
  ...['taste-1', 'taste-1'].map((name, n): Guest => ({ id: `town-expired-${n + 1}`, phone: `25471200040${n + 1}`, package: name, stage: 'expired' })),
]
