/** The business tables, as queries that the edge and the commands use. */
import type { Knex } from 'knex'
import { DBError } from 'objection'
import { toStoreError } from '../store/errors.ts'
import { apiKeyQueries } from './api-key.ts'
import { auditQueries } from './audit.ts'
import { contactQueries } from './contact.ts'
import { dashboardDayQueries } from './dashboard-day.ts'
import { hookInboxQueries } from './hook-inbox.ts'
import { ledgerQueries } from './ledger.ts'
import { liveLoginQueries } from './live-logins.ts'
import { openPromptQueries } from './open-prompt.ts'
import { packageCatalogueQueries } from './package-catalogue.ts'
import { packageQueries } from './package.ts'
import { paymentReceiptQueries } from './payment-receipt.ts'
import { routerQueries } from './router.ts'
import { routerUsageQueries } from './router-usage.ts'
import { radiusAccountingQueries } from './radius-accounting.ts'
import { radiusLoginQueries } from './radius-logins.ts'
import { radiusTraceQueries } from './radius-traces.ts'
import { sandboxRouterQueries } from './sandbox-router.ts'
import { setAsideQueries } from './set-aside.ts'
import { statementQueries } from './statement.ts'
import { subscriptionQueries } from './subscription.ts'
import { voucherQueries } from './voucher.ts'

export function openBusiness(knex: Knex) {
  const hookInbox = reporting(hookInboxQueries(knex))
  const contacts = reporting(contactQueries(knex))
  return {
    packages: reporting(packageQueries(knex)),
    packageCatalogue: reporting(packageCatalogueQueries(knex)),
    apiKeys: reporting(apiKeyQueries(knex)),
    audit: reporting(auditQueries(knex)),
    hookInbox,
    openPrompts: reporting(openPromptQueries(knex)),
    ledger: reporting(ledgerQueries(knex)),
    statements: reporting(statementQueries(knex)),
    dashboardDays: reporting(dashboardDayQueries(knex)),
    receipts: reporting(paymentReceiptQueries(knex)),
    routers: reporting({ ...routerQueries(knex), ...routerUsageQueries(knex) }),
    liveLogins: reporting(liveLoginQueries(knex)),
    radiusLogins: reporting(radiusLoginQueries(knex)),
    radiusAccounting: reporting(radiusAccountingQueries(knex)),
    sandboxRouter: reporting(sandboxRouterQueries(knex)),
    accounts: reporting(subscriptionQueries(knex)),
    setAside: reporting(setAsideQueries(knex)),
    contacts,
    vouchers: reporting(voucherQueries(knex)),
    traces: {
      ...reporting(radiusTraceQueries(knex)),
      hooks: (...asked: Parameters<typeof hookInbox.ofActors>) => hookInbox.ofActors(...asked),
      sends: (...asked: Parameters<typeof contacts.sends>) => contacts.sends(...asked),
    },
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
