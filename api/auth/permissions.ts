/** Who may do what: the one table. A role that a key carries and that is not here grants nothing. */

export const ROLES = ['viewer', 'agent', 'senior', 'billing', 'network', 'developer', 'auditor', 'admin', 'integration'] as const
export type Role = (typeof ROLES)[number]

/**
 * - `read`            actors, lists, timers, next, search, machines
 * - `history`         the journal of an actor, and the actor as it was
 * - `personal`        personal fields unmasked
 * - `create`, `send`  new actors, events (send-rules.ts says which events need more)
 * - `money`           events that decide about money: refunds, reversals, reviews
 * - `prices`          packages: make, change, archive
 * - `ledger`          the ledger, and the provider's statements against it
 * - `hardware`        events of routers and sessions that act on the network
 * - `provider`        events that only an outside system may send, such as a payment callback
 * - `steer`           move and fire timers, hold and release an actor
 * - `simulate`        dry runs
 * - `repair`          parked events and effects: retry, skip, discard, cancel
 * - `audit`           who did or read what
 * - `system`          what only the server itself does; no role has it
 * - `sandbox`         the clock and the outbox of the sandbox
 */
export type Permission = 'read' | 'history' | 'personal' | 'create' | 'send' | 'money' | 'prices' | 'ledger' | 'hardware' | 'provider' | 'steer' | 'simulate' | 'repair' | 'audit' | 'system' | 'sandbox'

export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  agent: ['read', 'history', 'create', 'send', 'simulate'],
  senior: ['read', 'history', 'personal', 'create', 'send', 'money', 'steer', 'simulate'],
  billing: ['read', 'history', 'personal', 'create', 'send', 'money', 'prices', 'ledger', 'simulate'],
  network: ['read', 'history', 'create', 'send', 'hardware', 'simulate'],
  developer: ['read', 'history', 'simulate', 'repair', 'sandbox'],
  auditor: ['read', 'history', 'personal', 'ledger', 'audit'],
  integration: ['read', 'history', 'personal', 'create', 'send'],
  admin: ['read', 'history', 'personal', 'create', 'send', 'money', 'prices', 'ledger', 'hardware', 'provider', 'steer', 'simulate', 'repair', 'audit', 'sandbox'],
}

/** Everything that these roles may do together. */
export function permissionsOf(roles: readonly string[]): ReadonlySet<Permission> {
  return new Set(roles.flatMap((role) => (isRole(role) ? ROLE_PERMISSIONS[role] : [])))
}

export function isRole(role: string): role is Role {
  return (ROLES as readonly string[]).includes(role)
}
