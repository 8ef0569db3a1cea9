/** All changes of the schema, in order. A released one is never edited: the next change is the next file. */
import type { Migration } from '../migration.ts'
import { engineTables } from './0001-engine.ts'
import { radiusTables } from './0002-radius.ts'
import { businessTables } from './0003-business.ts'
import { nodeTable } from './0004-nodes.ts'
import { ledgerTables } from './0005-ledger.ts'
import { subscriptionTables } from './0006-subscriptions.ts'
import { radiusAccounting } from './0007-radius-accounting.ts'
import { routerTables } from './0008-routers.ts'
import { voucherTables } from './0009-vouchers.ts'
import { channelTables } from './0010-channels.ts'
import { subscriptionUsage } from './0011-subscription-usage.ts'
import { heldReceipts } from './0012-held-receipts.ts'
import { routerReach } from './0014-router-reach.ts'
import { optIns } from './0016-opt-ins.ts'
import { indexesWithoutTenant } from './0018-indexes-without-tenant.ts'
import { hookActors } from './0020-hook-actors.ts'
import { audit } from './0023-audit.ts'
import { rejectedLoginsAndRouterNames } from './0025-rejected-logins-and-router-names.ts'
import { dailyMatch } from './0026-daily-match.ts'
import { matchByReceipt } from './0027-match-by-receipt.ts'
import { whyRefused } from './0028-why-refused.ts'
import { importedStatements } from './0029-imported-statements.ts'
import { routerUsers } from './0031-router-users.ts'
import { routersBack } from './0032-routers-back.ts'
import { receiptsOfMoney } from './0033-receipts-of-money.ts'
import { whatCompletesAPayment } from './0034-what-completes-a-payment.ts'
import { routersBackTold } from './0035-routers-back-told.ts'

export const migrations: readonly Migration[] = [
  engineTables,
  radiusTables,
  businessTables,
  nodeTable,
  ledgerTables,
  subscriptionTables,
  radiusAccounting,
  routerTables,
  voucherTables,
  channelTables,
  subscriptionUsage,
  heldReceipts,
  routerReach,
  optIns,
  indexesWithoutTenant,
  hookActors,
  audit,
  rejectedLoginsAndRouterNames,
  dailyMatch,
  matchByReceipt,
  whyRefused,
  importedStatements,
  routerUsers,
  routersBack,
  receiptsOfMoney,
  whatCompletesAPayment,
  routersBackTold,
]
