import type { Words } from '../words.ts'

export const reconciliationWords = {
  states: {
    beginning: { staff: 'It begins.', customer: 'We begin to look for payments.' },
    pulling: { staff: "We are reading M-Pesa's list of transactions.", customer: 'We are looking for your payment at M-Pesa.' },
    pulled: { staff: "M-Pesa's list was read.", customer: 'We have looked for your payment at M-Pesa.' },
    settling: { staff: "M-Pesa's list was read; what was found is being booked before days are matched.", customer: 'We have looked for your payment at M-Pesa.' },
    matching: { staff: "We are matching days with M-Pesa's list and statements, by receipt and amount.", customer: 'We are comparing our books with M-Pesa.' },
    waiting: { staff: "M-Pesa's list was read; the next look is due within the hour.", customer: 'We look for missing payments every hour.' },
    unread: { staff: "M-Pesa's list could not be read: see the error; we try again in ten minutes. Statements that are imported are matched all the same.", customer: 'We look for missing payments again soon.' },
    troubled: { staff: "Days could not be matched with the ledger: see the error; we try again in ten minutes.", customer: 'We look for missing payments again soon.' },
    idle: { staff: "M-Pesa refuses to show its list: see the error, mend what it names (is the shortcode registered for pull?), and ask to look again.", customer: 'We are mending the search for missing payments.' },
    resting: { staff: "M-Pesa's list is not looked at; the days of a statement are matched when it is imported, and again every hour while something is not explained.", customer: 'We look for missing payments when a statement comes.' },
  },
  events: {
    'reconciliation.pull': { staff: 'Look for missing payments now.', customer: 'Look for my payment now.' },
    'reconciliation.match': { staff: 'Match the days of this time with the ledger, again if they were: a statement was imported.', customer: 'We compare these days again.' },
  },
  guards: {
    isLooking: { staff: "M-Pesa's list is looked at every hour.", customer: 'We look for missing payments every hour.' },
    isUnread: { staff: "M-Pesa's list could not be read.", customer: 'M-Pesa could not be asked.' },
    isRefused: { staff: 'M-Pesa refuses to show its list.', customer: 'M-Pesa refuses.' },
    isAsked: { staff: 'Days of an imported statement wait to be matched.', customer: 'There is a day to compare.' },
    hasMoreAsked: { staff: 'More days of imported statements wait to be matched.', customer: 'There are more days to compare.' },
    hasUnexplained: { staff: 'Something of a matched day is not explained yet.', customer: 'There is a day to compare again.' },
    hasMoreToPull: { staff: 'The list goes on, or somebody asked to look meanwhile.', customer: 'There is more to look at.' },
    hasDaysToMatch: { staff: 'A day is over and on the list as a whole, or something of an earlier one is not explained yet, or a statement was imported.', customer: 'There is a day to compare.' },
    isForEver: { staff: 'Asking again would be refused again.', customer: 'M-Pesa refuses.' },
  },
  delays: {
    pullGap: { staff: 'an hour until the next look', customer: 'an hour until we look again' },
    settlingGap: { staff: 'a minute until days are matched', customer: 'a minute until we compare' },
    rematchGap: { staff: 'an hour until what is not explained is matched again', customer: 'an hour until we compare again' },
    errorGap: { staff: 'ten minutes until the next try', customer: 'ten minutes until we try again' },
  },
  effects: {
    pullMoney: { staff: "pull query: read M-Pesa's list of transactions, and find whose the money is", customer: 'looking for missing payments at M-Pesa' },
    matchDays: { staff: "daily match: compare M-Pesa's list with the ledger, both ways", customer: 'comparing our books with M-Pesa' },
  },
} satisfies Words
