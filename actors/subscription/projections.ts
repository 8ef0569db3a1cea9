/**
 * Tables kept in step with subscriptions, in the commit of each step (R1).
 *
 *   business.subscriptions  one row each: who, which package, paid until when.
 *   business.customers      the newest name of each phone.
 *   business.ledger_entries what was earned and given back (money.ts, S8).
 */
import { balanceOf, type SubscriptionContext } from '../../machines/subscription/context.ts'
import type { Told } from '../../machines/subscription/facts.ts'
import type { Projection, RowSet } from '../../runtime/index.ts'
import { ledgerEntry, transfer } from '../ledger/posting.ts'

const SERVICE = 'service.'

export const subscriptionRows: Projection = ({ address, states, previousStates, context, previousContext }) => {
  const key = { tenant: address.tenant, id: address.id }
  const row = rowOf(states, context as SubscriptionContext)
  const before = previousStates.length === 0 ? undefined : rowOf(previousStates, previousContext as SubscriptionContext)
  if (JSON.stringify(row) === JSON.stringify(before)) return []
  return [{ table: 'business.subscriptions', key, rows: [{ ...key, ...row }] }]
}

function rowOf(states: readonly string[], context: SubscriptionContext) {
  return {
    account_number: context.accountNumber,
    phone: context.phone,
    name: context.name,
    state: states.find((state) => state.startsWith(SERVICE))?.slice(SERVICE.length) ?? '',
    blocked: Object.keys(context.blocks).length > 0,
    package_id: context.plan.id,
    price_minor: context.plan.amount,
    currency: context.plan.currency,
    balance_minor: balanceOf(context),
    expires_at: context.expiresAt === null ? null : new Date(context.expiresAt).toISOString(),
    created_at: new Date(context.createdAt).toISOString(),
  }
}

export const customerRows: Projection = ({ address, context, previousContext }) => {
  const { phone, name, createdAt } = context as SubscriptionContext
  const before = previousContext as SubscriptionContext | undefined
  if (before?.phone === phone && before.name === name) return []
  const key = { tenant: address.tenant, phone }
  return [{ table: 'business.customers', key, rows: [{ ...key, name, created_at: new Date(createdAt).toISOString() }] }]
}

const REVENUE = 'revenue:subscription'

/** The payment itself posts what came in and went back; here stands what it was spent on. */
export const subscriptionLedger: Projection = (change) => {
  const customer = `customer:${change.address.id}`
  const post = (index: number, description: string, currency: string, from: string, to: string, amount: number): RowSet[] =>
    amount === 0 ? [] : [ledgerEntry(change, { ref: index + 1, description, currency, lines: transfer(from, to, amount) })]
  return change.facts.flatMap(({ type, data }, index): RowSet[] => {
    switch (type) {
      case 'subscription.renewed': {
        const { packageName, price, currency } = data as unknown as Told<'subscription.renewed'>
        return post(index, `a term of ${packageName}`, currency, REVENUE, customer, price)
      }
      case 'subscription.charged': {
        const { amount, reason, currency } = data as unknown as Told<'subscription.charged'>
        return post(index, reason, currency, REVENUE, customer, amount)
      }
      case 'subscription.paymentRevoked': {
        const { returned, currency } = data as unknown as Told<'subscription.paymentRevoked'>
        return post(index, 'unused time, given back for a payment that went back', currency, customer, REVENUE, returned)
      }
      default:
        return []
    }
  })
}

