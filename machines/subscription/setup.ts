/** Guards, delays and actions of the subscription, by the names its regions use. All rules are in money.ts and schedule.ts. */
import { assign, emit, enqueueActions, setup } from 'xstate'
import { durable, timeOf } from '../../runtime/vocabulary.ts'
import type { AccessChange, AppliedAccess } from '../live-access.ts'
import { accessOf, isBackUntold, isSameAccess, isWorthAsking } from './access.ts'
import { newSubscription, type SubscriptionContext } from './context.ts'
import type { Said, SubscriptionEvent, SubscriptionInput } from './events.ts'
import { customerOf, type SubscriptionFact } from './facts.ts'
import { DEBTS_MAX, doesExtend, isCovered, planAt, withCharge, withExpiry, withMoney, withNewPlan, withPayment, withRenewal, withRevocation, withUnusable } from './money.ts'
import {
  BLOCKS_MAX, blocksOver, changeMoment, dueReminder, isChangeAhead, isChangeBought, isSameCurrency, missingAmount, nextLiftAt, nextReminderAt, noticeKey, withBlock, withBlocksLifted, withChange, withoutBlock, withReminder,
} from './schedule.ts'
import { bytesInTerm, isDataUsedUp, isOtherQuota, isSlowedWhenUsedUp, quotaTerm, withAccount, withQuota } from './usage.ts'

interface Now {
  context: SubscriptionContext
  event: SubscriptionEvent
}

const said = <Type extends SubscriptionEvent['type']>({ event }: { event: SubscriptionEvent }, _type: Type) => event as Said<Type>
const at = ({ event }: { event: SubscriptionEvent }): number => timeOf(event)
const customer = (now: Now) => customerOf(now.context, at(now))
const waitUntil = (moment: number | null, now: Now): number => Math.max(0, (moment ?? at(now)) - at(now))
const appliedOf = ({ event }: { event: SubscriptionEvent }): AppliedAccess => (event as unknown as { output: AppliedAccess }).output
const graceEnd = ({ context }: Now): number => (context.expiresAt ?? 0) + planAt(context, context.expiresAt ?? 0).graceSeconds * 1_000

export const subscription = setup({
  types: {
    context: {} as SubscriptionContext,
    input: {} as SubscriptionInput,
    events: {} as SubscriptionEvent,
    emitted: {} as SubscriptionFact,
    tags: {} as 'usable' | 'unpaid' | 'attention' | 'settled',
  },
  actors: {
    applyAccess: durable<AppliedAccess, AccessChange>(),
  },
  delays: {
    paidTime: (now) => waitUntil(now.context.expiresAt, now),
    graceTime: (now) => waitUntil(now.context.graceEndsAt, now),
    untilLift: (now) => waitUntil(now.context.armed.lift, now),
    untilChange: (now) => waitUntil(now.context.armed.change, now),
    untilReminder: (now) => waitUntil(now.context.armed.reminder, now),
    untilTermEnd: (now) => waitUntil(now.context.armed.quota, now),
    accessRetryGap: 5 * 60_000,
  },
  guards: {
    isNewPayment: (now) => !now.context.payments.some(({ id }) => id === said(now, 'subscription.pay').paymentId),
    isOwnCurrency: (now) => said(now, 'subscription.pay').currency === now.context.plan.currency,
    doesExtend: (now) => doesExtend(now.context, said(now, 'subscription.pay'), at(now)),
    isRevocable: (now) => {
      const { paymentId, amount } = said(now, 'subscription.revokePayment')
      const payment = now.context.payments.find(({ id }) => id === paymentId)
      return payment === undefined || payment.revoked + amount <= payment.amount
    },
    hasRoomForDebt: ({ context }) => context.debts.length < DEBTS_MAX && context.end === null,
    isPaidAhead: (now) => (now.context.expiresAt ?? 0) > at(now),
    isOver: (now) => (now.context.expiresAt ?? 0) <= at(now),
    canRenew: (now) => isCovered(now.context, at(now)),
    hasGrace: (now) => !now.context.graceUsed && graceEnd(now) > at(now),
    isExpiryMoved: ({ context }) => context.expiresAt !== context.armed.expiry,
    isOtherExpiry: (now) => Date.parse(said(now, 'subscription.changeExpiry').expiresAt) !== now.context.expiresAt,
    isLaterExpiry: (now) => Date.parse(said(now, 'subscription.changeExpiry').expiresAt) > at(now),
    isRunning: ({ context }) => context.end === null,
    canBlock: (now) => {
      const { block, until } = said(now, 'subscription.suspend')
      const hasRoom = block in now.context.blocks || Object.keys(now.context.blocks).length < BLOCKS_MAX
      return now.context.end === null && hasRoom && (until === undefined || Date.parse(until) > at(now))
    },
    isHeldBy: (now) => said(now, 'subscription.unsuspend').block in now.context.blocks,
    hasBlocks: ({ context }) => Object.keys(context.blocks).length > 0,
    hasTimedBlock: ({ context }) => nextLiftAt(context) !== null,
    isLiftMoved: ({ context }) => nextLiftAt(context) !== context.armed.lift,
    canChangePackage: (now) => now.context.end === null && isSameCurrency(now.context, said(now, 'subscription.changePackage').package) && !isChangeBought(now.context),
    isChangeAhead: (now) => isChangeAhead(said(now, 'subscription.changePackage'), at(now)),
    isChangeNow: (now) => changeMoment(now.context, said(now, 'subscription.changePackage'), at(now)) <= at(now),
    canCancelChange: ({ context }) => !isChangeBought(context),
    isChangeGone: ({ context }) => context.change === null,
    isChangeMoved: ({ context }) => context.change !== null && context.change.at !== context.armed.change,
    hasReminderAhead: (now) => nextReminderAt(now.context, at(now)) !== null,
    isReminderDue: (now) => dueReminder(now.context, at(now)) !== undefined,
    isReminderMoved: (now) => nextReminderAt(now.context, at(now)) !== now.context.armed.reminder,
    isNews: (now) => said(now, 'subscription.account').revision > now.context.usage.revision,
    hasQuota: (now) => quotaTerm(now.context, at(now)) !== undefined,
    isOtherQuota: (now) => isOtherQuota(now.context, at(now)),
    isDataUsedUp: ({ context }) => isDataUsedUp(context),
    isOnlineUnwanted: (now) => {
      const { revision, online } = said(now, 'subscription.account')
      return revision > now.context.usage.revision && online.length > 0 && accessOf(now.context).level === 'none'
    },
    isWorthAsking: (now) => isWorthAsking(now.context, said(now, 'subscription.account'), at(now)),
    isBackUntold: (now) => isBackUntold(now.context, said(now, 'subscription.account')),
    isAccessStale: ({ context }) => !isSameAccess(context.access.applied, accessOf(context)),
    isRequestStale: ({ context }) => !isSameAccess(context.access.asked, accessOf(context)),
    wasRefused: (now) => appliedOf(now).refused > 0 && now.context.access.asked?.level !== 'none',
  },
  actions: {
    recordCreation: assign((now) => ({ createdAt: at(now) })),
    takePayment: assign((now) => withPayment(now.context, said(now, 'subscription.pay'), at(now))),
    takeMoney: assign((now) => withMoney(now.context, said(now, 'subscription.pay'), at(now))),
    noteUnusable: assign((now) => withUnusable(now.context, said(now, 'subscription.pay'), at(now))),
    renew: assign((now) => withRenewal(now.context, at(now))),
    takeCharge: assign((now) => withCharge(now.context, said(now, 'subscription.charge'), at(now))),
    beginPaidTime: assign(({ context }) => ({ coverage: 'paid' as const, graceEndsAt: null, armed: { ...context.armed, expiry: context.expiresAt } })),
    beginGrace: assign((now) => ({ coverage: 'grace' as const, graceUsed: true, graceEndsAt: graceEnd(now), notices: [...now.context.notices, noticeKey('grace', now.context, 0)] })),
    beginSuspension: assign(({ context }) => ({ coverage: 'none' as const, graceEndsAt: null, notices: [...context.notices, noticeKey('suspended', context, 0)] })),
    moveExpiry: assign((now) => withExpiry(now.context, Date.parse(said(now, 'subscription.changeExpiry').expiresAt), at(now))),
    recordContact: assign((now) => {
      const { name = now.context.name, phone = now.context.phone } = said(now, 'subscription.changeContact')
      return { name, phone }
    }),
    recordNewPassword: assign(({ context }) => ({ credentialVersion: context.credentialVersion + 1 })),
    recordEnd: assign((now) => ({ coverage: 'none' as const, graceEndsAt: null, change: null, end: { reason: said(now, 'subscription.terminate').reason, at: at(now) } })),
    addBlock: assign((now) => withBlock(now.context, said(now, 'subscription.suspend'), at(now))),
    removeBlock: assign((now) => withoutBlock(now.context, said(now, 'subscription.unsuspend').block)),
    armLift: assign(({ context }) => ({ armed: { ...context.armed, lift: nextLiftAt(context) } })),
    scheduleChange: assign((now) => withChange(now.context, said(now, 'subscription.changePackage'), at(now))),
    changeNow: assign((now) => withNewPlan(now.context, said(now, 'subscription.changePackage').package, at(now), at(now))),
    /** Before its time where staff fire the timer: what is left is then exchanged from now on. */
    applyChange: assign((now) => (now.context.change === null ? {} : withNewPlan(now.context, now.context.change.plan, Math.min(at(now), now.context.change.at), at(now)))),
    cancelChange: assign({ change: null }),
    armChange: assign(({ context }) => ({ armed: { ...context.armed, change: context.change?.at ?? null } })),
    recordReminder: assign((now) => ({ ...withReminder(now.context, at(now)), notices: [...now.context.notices, noticeKey('reminder', now.context, dueReminder(now.context, at(now)) ?? 0)] })),
    armReminder: assign((now) => ({ armed: { ...now.context.armed, reminder: nextReminderAt(now.context, at(now)) } })),
    recordAccount: assign((now) => withAccount(now.context, said(now, 'subscription.account'), at(now))),
    countTerm: assign((now) => withQuota(now.context, at(now))),
    noteDataNotice: assign(({ context }) => ({ notices: [...context.notices, noticeKey('data', context, 0)] })),
    releaseDevices: assign(({ context }) => ({ deviceGeneration: context.deviceGeneration + 1 })),
    askAccess: assign((now) => {
      const { access } = now.context
      const asked = accessOf(now.context)
      return { access: { ...access, asked, askedAt: at(now), isAgain: access.isAgain === true && isSameAccess(access.asked, asked) } }
    }),
    noteAskedAgain: assign((now) => ({ access: { ...now.context.access, askedAt: at(now), isAgain: true } })),
    recordAccess: assign(({ context }) => ({ access: { ...context.access, applied: context.access.asked ?? context.access.applied, isAgain: false } })),

    announceCreated: emit((now) => ({ type: 'subscription.created' as const, ...customer(now) })),
    announcePaid: emit((now) => {
      const { paymentId, amount, receipt } = said(now, 'subscription.pay')
      return { type: 'subscription.paid' as const, ...customer(now), paymentId, amount, receipt }
    }),
    announceRenewed: emit((now) => {
      const { price, from, to } = now.context.terms.at(-1) ?? { price: 0, from: 0, to: 0 }
      return { type: 'subscription.renewed' as const, ...customer(now), price, from, to }
    }),
    announceActivated: emit((now) => ({ type: 'subscription.activated' as const, ...customer(now), credentialVersion: now.context.credentialVersion })),
    announceRestored: emit((now) => ({ type: 'subscription.restored' as const, ...customer(now) })),
    /** What was said before it is not true any more; what still waits to be sent is not sent. */
    voidNotices: enqueueActions((now) => {
      const { notices } = now.context
      if (notices.length === 0) return
      now.enqueue.emit({ type: 'subscription.noticesVoid' as const, ...customer(now), notices })
      now.enqueue.assign({ notices: [] })
    }),
    announceReminder: emit((now) => {
      const distanceSeconds = dueReminder(now.context, at(now)) ?? 0
      return { type: 'subscription.reminderDue' as const, ...customer(now), key: noticeKey('reminder', now.context, distanceSeconds), distanceSeconds, amountDue: missingAmount(now.context, at(now)) }
    }),
    announceGrace: emit((now) => ({
      type: 'subscription.graceStarted' as const, ...customer(now), key: noticeKey('grace', now.context, 0), graceEndsAt: now.context.graceEndsAt ?? 0, amountDue: missingAmount(now.context, at(now)),
      isSlowed: isSlowedWhenUsedUp(now.context),
    })),
    announceSuspended: emit((now) => ({ type: 'subscription.suspended' as const, ...customer(now), key: noticeKey('suspended', now.context, 0), amountDue: missingAmount(now.context, at(now)) })),
    announceBlocked: emit((now) => {
      const { block, reason, until } = said(now, 'subscription.suspend')
      return { type: 'subscription.blocked' as const, ...customer(now), block, reason, until: until === undefined ? null : Date.parse(until) }
    }),
    announceUnblocked: emit((now) => {
      const { block, reason } = said(now, 'subscription.unsuspend')
      return { type: 'subscription.unblocked' as const, ...customer(now), block, reason }
    }),
    /** Those whose time is over, one fact each. */
    liftBlocks: enqueueActions((now) => {
      for (const block of blocksOver(now.context, at(now))) {
        now.enqueue.emit({ type: 'subscription.unblocked' as const, ...customer(now), block, reason: 'its time is over' })
      }
      now.enqueue.assign(withBlocksLifted(now.context, at(now)))
    }),
    announceChangeScheduled: emit((now) => {
      const { plan, at: changeAt } = now.context.change ?? { plan: now.context.plan, at: at(now) }
      return { type: 'subscription.changeScheduled' as const, ...customer(now), nextPackageId: plan.id, nextPrice: plan.amount, changeAt }
    }),
    announceChangeCancelled: emit((now) => ({ type: 'subscription.changeCancelled' as const, ...customer(now) })),
    announcePackageChanged: emit((now) => ({ type: 'subscription.packageChanged' as const, ...customer(now), price: now.context.plan.amount })),
    announceExpiryChanged: emit((now) => ({ type: 'subscription.expiryChanged' as const, ...customer(now), reason: said(now, 'subscription.changeExpiry').reason })),
    announceContactChanged: emit((now) => ({ type: 'subscription.contactChanged' as const, ...customer(now) })),
    announceCharged: emit((now) => {
      const { amount, reason } = said(now, 'subscription.charge')
      return { type: 'subscription.charged' as const, ...customer(now), amount, reason }
    }),
    /** The fact first: it tells what the record had to give. */
    revokePayment: enqueueActions((now) => {
      const event = said(now, 'subscription.revokePayment')
      const { paymentId, amount, reason } = event
      const { changes, returned } = withRevocation(now.context, event, at(now))
      now.enqueue.assign(changes)
      now.enqueue.emit({ type: 'subscription.paymentRevoked' as const, ...customerOf({ ...now.context, ...changes }, at(now)), paymentId, amount, returned, reason })
    }),
    announceUnusable: emit((now, reason: 'currency' | 'terminated') => {
      const { paymentId, amount, currency } = said(now, 'subscription.pay')
      return { type: 'subscription.paymentUnusable' as const, ...customer(now), paymentId, amount, paidCurrency: currency, reason }
    }),
    announceNewPassword: emit((now) => ({ type: 'subscription.passwordRenewed' as const, ...customer(now), credentialVersion: now.context.credentialVersion })),
    announceDataUsedUp: emit((now) => ({
      type: 'subscription.dataUsedUp' as const, ...customer(now), key: noticeKey('data', now.context, 0), amountDue: missingAmount(now.context, at(now)), usedBytes: bytesInTerm(now.context), dataBytes: now.context.plan.dataBytes ?? 0,
      consequence: isSlowedWhenUsedUp(now.context) ? 'slowed' as const : 'cut-off' as const, termEndsAt: now.context.armed.quota ?? at(now),
    })),
    announceDataRestored: emit((now) => ({ type: 'subscription.dataRestored' as const, ...customer(now) })),
    announceDeviceChange: emit((now) => ({ type: 'subscription.deviceChanged' as const, ...customer(now), reason: said(now, 'subscription.changeDevice').reason })),
    announceAccess: emit((now) => {
      const { sessions, refused } = appliedOf(now)
      return { type: 'subscription.accessApplied' as const, ...customer(now), level: now.context.access.asked?.level ?? 'none', sessions, refused }
    }),
    announceTerminated: emit((now) => ({ type: 'subscription.terminated' as const, ...customer(now), reason: said(now, 'subscription.terminate').reason })),
  },
})

export const firstContext = ({ input }: { input: SubscriptionInput }): SubscriptionContext => newSubscription(input)
