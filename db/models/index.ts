/** The business tables, as queries that the edge and the commands use. */
import type { Knex } from 'knex'
import { DBError } from 'objection'
import { toStoreError } from '../store/errors.ts'
import { apiKeyQueries } from './api-key.ts'
import { dashboardDayQueries } from './dashboard-day.ts'
import { hookInboxQueries } from './hook-inbox.ts'
import { openPromptQueries } from './open-prompt.ts'
import { packageQueries } from './package.ts'
import { paymentReceiptQueries } from './payment-receipt.ts'

export function openBusiness(knex: Knex) {
  return {
    packages: reporting(packageQueries(knex)),
    apiKeys: reporting(apiKeyQueries(knex)),
    hookInbox: reporting(hookInboxQueries(knex)),
    openPrompts: reporting(openPromptQueries(knex)),
    dashboardDays: reporting(dashboardDayQueries(knex)),
    receipts: reporting(paymentReceiptQueries(knex)),
  }
}

/** The same queries, whose errors say like the store's when the database is out of reach. */
function reporting<Queries extends object>(queries: Queries): Queries {
  const entries = Object.entries(queries) as [string, (...args: unknown[]) => Promise<unknown>][]
  const wrapped = entries.map(([name, query]) => [name, async (...args: unknown[]) => {
    try {
      return await query(...args)
    } catch (error) {
      const native: unknown = error instanceof DBError ? error.nativeError : error
      const told = toStoreError(native)
      throw told === native ? error : told
    }
  }])
  return Object.fromEntries(wrapped) as Queries
}

export type Business = ReturnType<typeof openBusiness>
