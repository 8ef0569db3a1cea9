/**
 * One customer's subscription to a package: paid term by term, in advance.
 *
 *   service    pending -> active <-> grace -> suspended -> active ... ; terminated from anywhere
 *   blocks     none <-> openEnded | limited     who else holds the access back; each lifts its own
 *   change     none <-> scheduled               another package, or another price
 *   reminders  idle <-> armed                   before the paid time ends
 *   access     settled <-> applying             what open sessions were told, against what they should be
 *   data       unlimited <-> within <-> usedUp  what was used of the data of the term (usage.ts, S14-S17)
 *
 * What must hold, besides the rules of money (money.ts, S1-S8):
 *   S9   Access is there in `active` and, throttled, in `grace`, and only while no block holds. RADIUS rows change in the commit of
 *        the step (R1); open sessions are told by a durable call that waits for routers which are away.
 *   S10  The paid time runs on while a block holds: staff may move its end.
 *   S11  Grace comes once after each paid term, whatever is moved, revoked or given.
 *   S12  Each reminder is told once for one end of the paid time; of those missed in an outage only the nearest. When the end moves, those are
 *        told anew whose moment lies ahead again; what was told and is past stays told. A payment ends them, and takes back what was not sent yet.
 *   S13  No money is lost: what comes in another currency or after the end is told to staff.
 *   S18  What waits for a silent router is asked again when accounting tells of the customer, not in an hour; of a router that tells of him and
 *        never answers not more often than every ten minutes, each time once. A login that was taken for closed meanwhile is told when it is back.
 */
import { and, not } from 'xstate'
import { accessChange, cutOff } from './access.ts'
import { firstContext, subscription } from './setup.ts'

/** Money that comes while it can buy something: what it buys, and if nothing. */
const PAY = [
  { guard: and(['isNewPayment', 'isOwnCurrency', 'doesExtend']), actions: ['takePayment', 'announcePaid', 'announceRenewed', 'voidNotices'] },
  { guard: and(['isNewPayment', 'isOwnCurrency']), actions: ['takePayment', 'announcePaid'] },
  { guard: 'isNewPayment', actions: ['noteUnusable', { type: 'announceUnusable', params: 'currency' }] },
] as const

const REVOKE = { guard: 'isRevocable', actions: 'revokePayment' } as const
const TERMINATE = { target: 'terminated', actions: ['recordEnd', 'voidNotices', 'announceTerminated'] } as const
const MOVE = ['moveExpiry', 'voidNotices', 'announceExpiryChanged'] as const
/** Time that begins after time without. */
const BEGIN = (announce: 'announceActivated' | 'announceRestored') =>
  [
    { guard: 'isPaidAhead', target: 'active', actions: announce },
    { guard: 'canRenew', target: 'active', actions: ['renew', 'announceRenewed', 'voidNotices', announce] },
  ] as const

const service = subscription.createStateConfig({
  initial: 'pending',
  on: {
    'subscription.charge': { guard: 'hasRoomForDebt', actions: ['takeCharge', 'announceCharged'] },
    'subscription.changeContact': { guard: 'isRunning', actions: ['recordContact', 'announceContactChanged'] },
    'subscription.renewPassword': { guard: 'isRunning', actions: ['recordNewPassword', 'announceNewPassword'] },
  },
  states: {
    pending: {
      tags: 'unpaid',
      always: BEGIN('announceActivated'),
      on: {
        'subscription.pay': PAY,
        'subscription.revokePayment': REVOKE,
        'subscription.changeExpiry': { guard: 'isLaterExpiry', actions: MOVE },
        'subscription.terminate': TERMINATE,
      },
    },
    active: {
      tags: 'usable',
      entry: 'beginPaidTime',
      always: [
        { guard: and(['isOver', 'canRenew']), target: 'active', reenter: true, actions: ['renew', 'announceRenewed', 'voidNotices'] },
        { guard: and(['isOver', 'hasGrace']), target: 'grace' },
        { guard: 'isOver', target: 'suspended' },
        { guard: 'isExpiryMoved', target: 'active', reenter: true },
      ],
      // Whatever is next is decided above, where every other way to the end of the paid time leads, too.
      after: { paidTime: { target: 'active', reenter: true } },
      on: {
        'subscription.pay': PAY,
        'subscription.revokePayment': REVOKE,
        'subscription.changeExpiry': { guard: 'isOtherExpiry', actions: MOVE },
        'subscription.terminate': TERMINATE,
      },
    },
    grace: {
      tags: ['usable', 'unpaid'],
      entry: ['beginGrace', 'announceGrace'],
      always: BEGIN('announceRestored'),
      after: { graceTime: 'suspended' },
      on: {
        'subscription.pay': PAY,
        'subscription.revokePayment': REVOKE,
        'subscription.changeExpiry': { guard: 'isLaterExpiry', actions: MOVE },
        'subscription.terminate': TERMINATE,
      },
    },
    suspended: {
      tags: 'unpaid',
      entry: ['beginSuspension', 'announceSuspended'],
      always: BEGIN('announceRestored'),
      on: {
        'subscription.pay': PAY,
        'subscription.revokePayment': REVOKE,
        'subscription.changeExpiry': { guard: 'isLaterExpiry', actions: MOVE },
        'subscription.terminate': TERMINATE,
      },
    },
    terminated: {
      tags: 'settled',
      on: {
        'subscription.pay': [
          { guard: and(['isNewPayment', 'isOwnCurrency']), actions: ['takeMoney', 'announcePaid', { type: 'announceUnusable', params: 'terminated' }] },
          { guard: 'isNewPayment', actions: ['noteUnusable', { type: 'announceUnusable', params: 'currency' }] },
        ],
        'subscription.revokePayment': REVOKE,
      },
    },
  },
})


const blocks = subscription.createStateConfig({
  initial: 'none',
  on: {
    'subscription.suspend': { guard: 'canBlock', actions: ['addBlock', 'announceBlocked'] },
    'subscription.unsuspend': { guard: 'isHeldBy', actions: ['removeBlock', 'announceUnblocked'] },
  },
  states: {
    none: {
      always: [
        { guard: 'hasTimedBlock', target: 'limited' },
        { guard: 'hasBlocks', target: 'openEnded' },
      ],
    },
    openEnded: {
      tags: 'attention',
      always: [
        { guard: 'hasTimedBlock', target: 'limited' },
        { guard: not('hasBlocks'), target: 'none' },
      ],
    },
    limited: {
      entry: 'armLift',
      always: [
        { guard: not('hasTimedBlock'), target: 'none' },
        { guard: 'isLiftMoved', target: 'limited', reenter: true },
      ],
      after: { untilLift: { target: 'none', actions: 'liftBlocks' } },
    },
  },
})

export const subscriptionMachine = subscription.createMachine({
  id: 'subscription',
  context: firstContext,
  entry: ['recordCreation', 'announceCreated'],
  type: 'parallel',
  states: {
    service,
    blocks,
    change: {
      initial: 'none',
      states: {
        none: {
          on: {
            'subscription.changePackage': [
              { guard: and(['isChangeAhead', 'canChangePackage', 'isChangeNow']), actions: ['changeNow', 'announcePackageChanged'] },
              { guard: and(['isChangeAhead', 'canChangePackage']), target: 'scheduled', actions: ['scheduleChange', 'announceChangeScheduled'] },
            ],
          },
        },
        scheduled: {
          entry: 'armChange',
          always: [
            { guard: 'isChangeGone', target: 'none' },
            { guard: 'isChangeMoved', target: 'scheduled', reenter: true },
          ],
          after: { untilChange: { target: 'none', actions: ['applyChange', 'announcePackageChanged'] } },
          on: {
            'subscription.changePackage': [
              { guard: and(['isChangeAhead', 'canChangePackage', 'isChangeNow']), target: 'none', actions: ['changeNow', 'announcePackageChanged'] },
              { guard: and(['isChangeAhead', 'canChangePackage']), actions: ['scheduleChange', 'announceChangeScheduled'] },
            ],
            'subscription.cancelChange': { guard: 'canCancelChange', target: 'none', actions: ['cancelChange', 'announceChangeCancelled'] },
          },
        },
      },
    },
    reminders: {
      initial: 'idle',
      states: {
        idle: {
          always: [
            { guard: 'isReminderDue', actions: ['announceReminder', 'recordReminder'], target: 'armed' },
            { guard: 'hasReminderAhead', target: 'armed' },
          ],
        },
        armed: {
          entry: 'armReminder',
          always: [
            { guard: 'isReminderDue', actions: ['announceReminder', 'recordReminder'], target: 'armed', reenter: true },
            { guard: not('hasReminderAhead'), target: 'idle' },
            { guard: 'isReminderMoved', target: 'armed', reenter: true },
          ],
          after: { untilReminder: { target: 'armed', reenter: true } },
        },
      },
    },
    access: {
      initial: 'settled',
      on: {
        // A logout makes every state right: whoever logs in again gets what the rows say.
        'subscription.changeDevice': { guard: 'isRunning', target: '.cutting', actions: ['releaseDevices', 'announceDeviceChange'] },
      },
      states: {
        settled: {
          always: { guard: 'isAccessStale', target: 'applying' },
          on: {
            'subscription.account': [
              // Its router let them in, or did not say so, before it heard of the end.
              { guard: 'isOnlineUnwanted', target: 'applying' },
              { guard: 'isBackUntold', target: 'applying' },
            ],
          },
        },
        applying: {
          entry: 'askAccess',
          // What was asked for is wanted no more: the call ends, another begins (R5).
          always: { guard: 'isRequestStale', target: 'applying', reenter: true },
          on: {
            'subscription.account': { guard: 'isWorthAsking', target: 'applying', reenter: true, actions: 'noteAskedAgain' },
          },
          invoke: {
            id: 'applyAccess',
            src: 'applyAccess',
            input: ({ context }) => accessChange(context),
            onDone: [
              { guard: 'wasRefused', target: 'cutting', actions: 'announceAccess' },
              { target: 'settled', actions: ['recordAccess', 'announceAccess'] },
            ],
            onError: 'failed',
          },
        },
        /** A router that takes no change of a session can still end it: the next login gets what the rows say. */
        cutting: {
          always: { guard: 'isRequestStale', target: 'applying' },
          on: {
            'subscription.account': { guard: 'isWorthAsking', target: 'cutting', reenter: true, actions: 'noteAskedAgain' },
          },
          invoke: {
            id: 'cutOff',
            src: 'applyAccess',
            input: ({ context }) => cutOff(context),
            onDone: { target: 'settled', actions: 'recordAccess' },
            onError: 'failed',
          },
        },
        failed: {
          tags: 'attention',
          always: { guard: 'isRequestStale', target: 'applying' },
          after: { accessRetryGap: 'applying' },
        },
      },
    },
    data: {
      initial: 'unlimited',
      on: {
        'subscription.account': { guard: 'isNews', actions: 'recordAccount' },
      },
      states: {
        unlimited: {
          always: { guard: 'hasQuota', target: 'within' },
        },
        within: {
          entry: 'countTerm',
          always: [
            { guard: not('hasQuota'), target: 'unlimited' },
            { guard: 'isOtherQuota', target: 'within', reenter: true },
            { guard: 'isDataUsedUp', target: 'usedUp', actions: ['announceDataUsedUp', 'noteDataNotice'] },
          ],
          after: { untilTermEnd: { target: 'within', reenter: true } },
        },
        usedUp: {
          always: [
            { guard: not('hasQuota'), target: 'unlimited' },
            { guard: 'isOtherQuota', target: 'within', actions: 'announceDataRestored' },
            { guard: not('isDataUsedUp'), target: 'within', actions: 'announceDataRestored' },
          ],
          after: { untilTermEnd: 'within' },
        },
      },
    },
  },
})
