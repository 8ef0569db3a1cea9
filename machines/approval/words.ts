import type { Words } from '../words.ts'

export const approvalWords = {
  states: {
    requested: { staff: 'Waits for a second key: another person must approve it.', customer: 'It waits for approval.' },
    approved: { staff: 'Approved by a second key, and done.', customer: 'It was approved.' },
    refused: { staff: 'Refused by a second key; nothing was done.', customer: 'It was not approved.' },
    withdrawn: { staff: 'Withdrawn by whoever asked for it.', customer: 'It was taken back.' },
    expired: { staff: 'Nobody decided within a week; nothing was done.', customer: 'It was not approved in time.' },
  },
  events: {
    'approval.approve': { staff: 'Approve it, as another person than the one who asked.', customer: 'It is approved.' },
    'approval.refuse': { staff: 'Refuse it, as another person than the one who asked.', customer: 'It is refused.' },
    'approval.withdraw': { staff: 'Take back what one has asked for.', customer: 'It is taken back.' },
  },
  guards: {
    isOtherKey: { staff: 'It needs another key than the one that asked for it.', customer: 'Another person must decide this.' },
    isOwnKey: { staff: 'Only the key that asked for it can withdraw it.', customer: 'Only who asked can take it back.' },
    isWorthNoMore: { staff: 'It is worth more by now than when it was asked for: ask anew.', customer: 'It must be asked for anew.' },
  },
  delays: { patience: { staff: 'a week for the second key', customer: 'a week' } },
  effects: {},
} satisfies Words
